//! Strings as Rust's `Debug`, JSON and Python's `repr` write them.

use super::search::position_of_two;

/// Reads the inside of a quoted string up to its closing `quote`, or up to the end when there is none.
///
/// Gives what it says, where the closing quote is (or the length), and whether there is one.
pub(super) fn unquote(text: &str, quote: u8) -> (String, usize, bool) {
    let bytes = text.as_bytes();
    let mut said = String::new();
    let (mut from, mut at) = (0, 0);
    while let Some(skip) = position_of_two(&bytes[at..], quote, b'\\') {
        at += skip;
        said.push_str(&text[from..at]);
        if bytes[at] == quote {
            return (said, at, true);
        }
        let (character, length) = escape(&text[at..]);
        match character {
            Some(character) => said.push(character),
            None => said.push_str(&text[at..at + length]),
        }
        at += length;
        from = at;
    }
    said.push_str(&text[from..]);
    (said, text.len(), false)
}

/// Where the closing `"` of the string is whose inside `bytes` begins.
pub(super) fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += position_of_two(bytes.get(at..)?, b'"', b'\\')?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// What the escape at the beginning of `text` stands for, and how long it is; nothing for what is no escape.
fn escape(text: &str) -> (Option<char>, usize) {
    let rest = &text[1..];
    let Some(kind) = rest.chars().next() else { return (None, 1) };
    let simple = match kind {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '\\' | '"' | '\'' | '/' => kind,
        'x' => return hexadecimal(rest, 1..3, 3),
        'u' if rest[1..].starts_with('{') => {
            let digits = rest[2..].bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
            let closed = rest[2 + digits..].starts_with('}');
            return if closed { hexadecimal(rest, 2..2 + digits, digits + 3) } else { (None, 1) };
        }
        'u' => return hexadecimal(rest, 1..5, 5),
        _ => return (None, 1),
    };
    (Some(simple), 1 + kind.len_utf8())
}

fn hexadecimal(rest: &str, digits: std::ops::Range<usize>, length: usize) -> (Option<char>, usize) {
    let code = rest.get(digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    match code.and_then(|code| u32::from_str_radix(code, 16).ok()) {
        // Half of a surrogate pair is no character of its own.
        Some(code) => (Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)), 1 + length),
        None => (None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_debug_writes_is_read_back() {
        for text in ["", "plain", "a\"b\\c\n\r\t\0'ä\u{1b}[0m", "\u{200b}zero width", "\\n", "emoji 🦀 \u{7f}"] {
            let debug = format!("{text:?} after");
            let (said, end, closed) = unquote(&debug[1..], b'"');
            assert_eq!((said.as_str(), closed), (text, true));
            assert_eq!(&debug[end + 2..], " after");
            assert_eq!(closing_quote(&debug.as_bytes()[1..]), Some(end));
        }
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        for text in [r"\", r"\q", r"\u{12", r"\u12", r"\xg0", r"\u{zz}", r"\ä", r"\uäää", r"\u{1234567}"] {
            assert_eq!(unquote(text, b'"'), (text.to_owned(), text.len(), false));
        }
        assert_eq!(unquote(r"\ud83d\/x\u0041", b'"').0, "\u{fffd}/xA");
    }
}
