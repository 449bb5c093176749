//! The target of a request: its path and its query, percent-decoded.

use percent_encoding::percent_decode_str;

/// The segments of a path below the prefix of the routes.
pub fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(|segment| decode(segment, false)).collect()
}

/// The pairs of a query.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key, true), decode(value, true))
        })
        .collect()
}

/// Decodes `%41`, and `+` in a query. What is no valid escape stays as it is; what is no UTF-8 is replaced.
fn decode(text: &str, plus_is_space: bool) -> String {
    let spaced = if plus_is_space { text.replace('+', " ") } else { text.to_owned() };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_decoded_apart() {
        assert_eq!(segments("/rollouts/a%2Fb+c/"), ["rollouts", "a/b+c"]);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(pairs("a=1&b=x+y%20z&&c"), [pair("a", "1"), pair("b", "x y z"), pair("c", "")]);
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(segments("/100%/%zz/%C3%A9/%ff/%4"), ["100%", "%zz", "é", "\u{fffd}", "%4"]);
    }
}
