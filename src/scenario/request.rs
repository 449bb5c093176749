//! Requests as they are written: `POST /items?sure=1`.

use crate::proxy::check_matcher;

/// Method and target of a request that is written as an operation; nothing if it is the name of one.
pub fn request(op: &str) -> Option<(&str, &str)> {
    op.split_once(' ')
}

/// Method and path of a request that is written as an operation, as a pattern: without the query, and with `*` for each `${…}`.
pub fn request_pattern(op: &str) -> Option<(String, String)> {
    let (method, target) = request(op)?;
    let path = target.split('?').next().unwrap_or_default();
    // What is asked for is written by hand: only a call's answer can have a name in it.
    let mut pattern = String::new();
    for (index, part) in path.split("${").enumerate() {
        match (index, part.split_once('}')) {
            (0, _) => pattern.push_str(part),
            (_, Some((_, rest))) => pattern.extend(["*", rest]),
            (_, None) => pattern.push_str(part),
        }
    }
    Some((method.to_owned(), pattern))
}

/// What is wrong with a request that is written as an operation.
pub(super) fn mistake(op: &str) -> Option<String> {
    let (method, target) = request(op)?;
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("after the method stands a path that begins with `/` and has no spaces".to_owned());
    }
    // A query belongs to what is sent, not to the path.
    let path = target.split('?').next();
    check_matcher(Some(method), path).err().map(|wrong| wrong.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_method_and_a_path() {
        let pattern = |op| request_pattern(op).map(|(method, path)| format!("{method} {path}"));
        assert_eq!(pattern("GET /a/${x.id}/b?c=${y}").as_deref(), Some("GET /a/*/b"));
        assert_eq!(pattern("put_item"), None);
        assert!(mistake("GET /a?b=${c.d}").is_none() && mistake("name").is_none());
        assert!(mistake("get /a").is_some() && mistake("GET a").is_some() && mistake("GET /a b").is_some());
    }
}
