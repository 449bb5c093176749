//! `key=value` fields as `tracing-subscriber` writes them.

use super::bounds::FIELDS;
use super::escapes::{closing_quote, unquote};
use super::search::{position, position_of_two};

/// The name and the value of a field.
pub(super) type Field = (String, String);

/// Splits text into what comes before the first field, and the fields.
///
/// A value is a quoted string, or everything up to the next ` key=` that is in no quoted string.
pub(super) fn split(text: &str) -> (&str, Vec<Field>) {
    let mut fields = Vec::new();
    let Some(mut key) = next_key(text, 0) else { return (text, fields) };
    let before = text[..key.0].trim_end_matches(' ');
    loop {
        let name = text[key.0..key.1].to_owned();
        let (value, next) = value(text, key.1 + 1, fields.len() + 1 < FIELDS);
        fields.push((name, value));
        match next {
            Some(next) => key = next,
            None => return (before, fields),
        }
    }
}

/// The fields at the end of a line that may say anything else before, and where they begin: only quoted values, or
/// values without a space, up to the very end.
pub(super) fn trailing(text: &str) -> Option<(usize, Vec<Field>)> {
    let mut fields = Vec::new();
    let mut begin = 0;
    let mut key = next_key(text, 1.min(text.len()))?;
    loop {
        let (value, end) = plain_value(text, key.1 + 1);
        if fields.is_empty() {
            begin = key.0;
        }
        fields.push((text[key.0..key.1].to_owned(), value));
        if end == text.len() {
            return (fields.len() < FIELDS).then_some((begin - 1, fields));
        }
        let next = next_key(text, end)?;
        if next.0 != end + 1 {
            fields.clear();
        }
        key = next;
    }
}

/// A quoted value, or one up to the next space; and where it ends.
fn plain_value(text: &str, from: usize) -> (String, usize) {
    if text[from..].starts_with('"') {
        let (said, end, closed) = unquote(&text[from + 1..], b'"');
        let after = from + 1 + end + usize::from(closed);
        if closed && matches!(text.as_bytes().get(after), None | Some(b' ')) {
            return (said, after);
        }
        // No clean quotation, so no field: nothing up to there can be one.
        return (said, after.saturating_sub(1).max(from));
    }
    let length = text[from..].bytes().position(|byte| byte == b' ').unwrap_or(text.len() - from);
    (text[from..from + length].to_owned(), from + length)
}

/// Where a key begins and where its `=` is; `==` is none.
type Key = (usize, usize);

/// The first key at or after `from`, which is the beginning of the text or of a value.
fn next_key(text: &str, from: usize) -> Option<Key> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let equals = at + position(&bytes[at..], b'=')?;
        if let Some(begin) = key_before(bytes, at, equals) {
            return Some((begin, equals));
        }
        at = equals + 1;
    }
}

/// Where the key begins that ends at `equals`, if one does, and not before `from`: it follows a space, or begins the text.
fn key_before(bytes: &[u8], from: usize, equals: usize) -> Option<usize> {
    let begin = equals - bytes[from..equals].iter().rev().take_while(|byte| is_key(**byte)).count();
    let follows_space = begin == 0 || bytes[begin - 1] == b' ';
    let begins_well = bytes[begin].is_ascii_alphabetic() || bytes[begin] == b'_';
    (follows_space && begins_well && bytes.get(equals + 1) != Some(&b'=')).then_some(begin)
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// The value that begins at `from`, and the key that follows it.
fn value(text: &str, from: usize, more: bool) -> (String, Option<Key>) {
    if !more {
        return (text[from..].to_owned(), None);
    }
    if text[from..].starts_with('"') {
        let (said, end, closed) = unquote(&text[from + 1..], b'"');
        let after = from + 1 + end + usize::from(closed);
        match (closed, text.as_bytes().get(after)) {
            (_, None) => return (said, None),
            (true, Some(b' ')) => match next_key(text, after) {
                Some(next) if text[after..next.0].bytes().all(|byte| byte == b' ') => return (said, Some(next)),
                // A value that begins with a quotation, such as `"x" is no number`.
                Some(next) => return (text[from..next.0 - 1].trim_end_matches(' ').to_owned(), Some(next)),
                None => return (text[from..].to_owned(), None),
            },
            // A quote in the middle of a bare value.
            _ => {}
        }
    }
    let next = next_key_after_bare(text, from);
    let end = next.map_or(text.len(), |next| next.0 - 1);
    (text[from..end].trim_end_matches(' ').to_owned(), next)
}

/// The first key after a bare value: quoted strings inside the value, as in `Some("a b=c")` or JSON, are skipped.
fn next_key_after_bare(text: &str, from: usize) -> Option<Key> {
    let bytes = text.as_bytes();
    let mut quotes = true;
    let (mut at, mut begin) = (from, from);
    loop {
        at += position_of_two(&bytes[at..], b'=', b'"')?;
        if bytes[at] == b'=' {
            if let Some(key) = key_before(bytes, begin, at) {
                return Some((key, at));
            }
            begin = at + 1;
        } else if quotes && at > from && matches!(bytes[at - 1], b'(' | b'[' | b'{' | b',' | b':' | b' ') {
            match closing_quote(&bytes[at + 1..]) {
                Some(end)
                    if matches!(bytes.get(at + end + 2), None | Some(b')' | b']' | b'}' | b',' | b':' | b' ')) =>
                {
                    at += end + 1;
                    begin = at;
                }
                Some(_) => {}
                // No later quote can be closed either: looking again each time would take quadratic time.
                None => quotes = false,
            }
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, before: &str, fields: &[(&str, &str)]) {
        let (said, found) = split(text);
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!((said, found.as_slice()), (before, fields), "{text}");
    }

    #[test]
    fn message_and_fields_are_told_apart() {
        check("", "", &[]);
        check("only a message", "only a message", &[]);
        check(
            "listening addr=127.0.0.1:4444 call=\"x y\"",
            "listening",
            &[("addr", "127.0.0.1:4444"), ("call", "x y")],
        );
        check("addr=1 b=", "", &[("addr", "1"), ("b", "")]);
        check("a b=c d e=f", "a", &[("b", "c d"), ("e", "f")]);
        check("said: x==y z =w", "said: x==y z =w", &[]);
        check("http.status=200 r-x=1", "", &[("http.status", "200"), ("r-x", "1")]);
        check("url /a?b=c&d=e op=get", "url /a?b=c&d=e", &[("op", "get")]);
        check("error=Some(\"a b=c\") n=1", "", &[("error", "Some(\"a b=c\")"), ("n", "1")]);
        check("x body={\"a\":\"b c=d\",\"e\":1} n=1", "x", &[("body", "{\"a\":\"b c=d\",\"e\":1}"), ("n", "1")]);
        check("x=5\" disk call=\"a b\"", "", &[("x", "5\" disk"), ("call", "a b")]);
        check("x=\"a\"b y=1", "", &[("x", "\"a\"b"), ("y", "1")]);
        check("x=\"a\" is no number y=1", "", &[("x", "\"a\" is no number"), ("y", "1")]);
        check("x=\"a\" is no number", "", &[("x", "\"a\" is no number")]);
        check("x=\"never closed y=1", "", &[("x", "never closed y=1")]);
        check("x=\"line\\none\" y=\"\\\"\"", "", &[("x", "line\none"), ("y", "\"")]);
        check("ä=1 ö x=ü", "ä=1 ö", &[("x", "ü")]);
    }

    #[test]
    fn fields_at_the_end_of_other_text_must_be_clean() {
        assert_eq!(trailing("boom call=\"a b\" n=1").map(|(at, fields)| (at, fields.len())), Some((4, 2)));
        assert_eq!(trailing("the a=b c call=\"a b\"").map(|(at, fields)| (at, fields.len())), Some((9, 1)));
        assert_eq!(trailing(" n=1").map(|(at, fields)| (at, fields.len())), Some((0, 1)));
        assert!(trailing("").is_none());
        assert!(trailing("ä").is_none());
        assert!(trailing("boom").is_none());
        assert!(trailing("x=1").is_none());
        assert!(trailing("boom x=\"1").is_none());
        assert!(trailing("boom x=\"1\"2").is_none());
        assert!(trailing("the a=b c").is_none());
        assert!(trailing("f(a, b=1) or so").is_none());
    }

    #[test]
    fn hostile_values_take_linear_time() {
        for part in ["a=\"\\", " a=", "(\"", " \"", "a=\" ", "=", " a=(\"\\"] {
            let text = part.repeat((1 << 18) / part.len());
            let (_, fields) = split(&text);
            assert!(fields.len() <= FIELDS);
        }
    }
}
