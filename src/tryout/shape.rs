//! Kinds of requests: those with one method and one path, but for its identifiers.

use crate::evidence::Evidence;

/// A kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The method, upper case.
    pub method: String,
    /// The path without its query, with `*` where an identifier stands.
    pub path: String,
    /// How many there were in the clean run.
    pub count: usize,
    /// The number of the first among all requests of the client, from 0.
    pub first: usize,
}

impl Shape {
    /// Those of a run, in the order in which they came.
    pub(super) fn of(evidence: &Evidence) -> Vec<Self> {
        let mut shapes: Vec<Self> = Vec::new();
        for (first, request) in evidence.requests.iter().enumerate() {
            let (method, path) = (request.seen.method.clone(), pattern(&request.seen.path));
            match shapes.iter_mut().find(|known| (&known.method, &known.path) == (&method, &path)) {
                Some(known) => known.count += 1,
                None => shapes.push(Self { method, path, count: 1, first }),
            }
        }
        shapes
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A path without its query, and without what is another at every run.
fn pattern(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments = path.split('/').map(|segment| if is_identifier(segment) { "*" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// Whether a segment is one: a number, or a long word with digits among few other letters than those of hexadecimal numbers.
fn is_identifier(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let plain = segment.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'_' | b':'));
    digits > 0 && (digits == segment.len() || plain && segment.len() >= 8 || digits >= 6 || segment.len() >= 20)
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn an_identifier_in_a_path_makes_no_kind_of_its_own() {
        let cases = [
            ("/items/17/parts", "/items/*/parts"),
            ("/items/0f8fad5b-d9cb-469f-a165-70867728950e?x=1", "/items/*"),
            ("/v1/items", "/v1/items"),
            ("/users/ro-1a2b3c4d5e6f7a8b9c0d", "/users/*"),
            ("/oauth2/token", "/oauth2/token"),
            ("/", "/"),
        ];
        for (path, wanted) in cases {
            assert_eq!(pattern(path), wanted, "{path}");
        }
    }
}
