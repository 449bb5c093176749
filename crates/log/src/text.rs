//! Bytes to text: what terminals and broken writers add is taken off.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::search::position_of_two;
use super::traceback::pattern;

/// The text of a line: invalid UTF-8 and NUL become U+FFFD; a carriage return at the end and terminal sequences go.
pub(super) fn clean(mut bytes: &[u8]) -> Cow<'_, str> {
    while let [rest @ .., b'\r'] = bytes {
        bytes = rest;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    };
    if position_of_two(text.as_bytes(), ESC, 0).is_none() {
        return text;
    }
    Cow::Owned(without_sequences(&text))
}

/// The line without terminal sequences whose ESC is shown, or was lost, as in `←[33m`, `^[[0m` and `[31mERROR[0m`, and without
/// what a web page puts at its ends; nothing when there is none of it.
pub(super) fn without_shown(line: &str) -> Option<String> {
    static SHOWN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:←|␛|\u{fffd}|\^\[|#033|\\x1[bB]|\\u001[bB]|\\033|\\e|\\u\{1b\})\[[\d;]*[mK]|\[(?:0|[01];\d\d|[34]\d|9\d|38;5;\d+)m",
        )
    });
    let ended = ["<br>", "<br/>", "<br />"].iter().find_map(|end| line.strip_suffix(end));
    let line = ended.unwrap_or(line);
    let indented = line.trim_start_matches("&nbsp;");
    let spaces = (line.len() - indented.len()) / "&nbsp;".len();
    if position_of_two(line.as_bytes(), b'[', b'[').is_none() || !SHOWN.is_match(line) {
        return (ended.is_some() || spaces > 0).then(|| [&" ".repeat(spaces), indented].concat());
    }
    // The minutes of a query are followed by a bracket.
    let kept = SHOWN.replace_all(indented, |found: &regex::Captures<'_>| {
        let whole = found.get(0).map_or(0..0, |whole| whole.range());
        let single = found[0].starts_with('[') && !found[0].contains(';') && &found[0] != "[0m";
        let closed = single && indented[whole.end..].starts_with([']', ':']);
        if closed { found[0].to_owned() } else { String::new() }
    });
    Some([&" ".repeat(spaces), &*kept].concat())
}

/// A text whose escapes were undone, cleaned of what came out of them.
pub(super) fn cleaned(text: String) -> String {
    match position_of_two(text.as_bytes(), ESC, 0) {
        None => text,
        Some(_) => without_sequences(&text),
    }
}

/// The text with everything written out that a terminal would obey or not show; line ends and tabulators stay.
///
/// ```
/// assert_eq!(quietdown_log::printable("a\u{1b}[2J\u{9b}b\n"), "a\\u{1b}[2J\\u{9b}b\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    // Controls, and what is not seen: marks of direction, joiners, line separators, the byte order mark.
    let unseen = |c: char| matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let obeyed = |c: char| (c.is_control() && c != '\n' && c != '\t') || unseen(c);
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut said = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match obeyed(c) {
            true => said.extend(c.escape_default()),
            false => said.push(c),
        }
    }
    Cow::Owned(said)
}

const ESC: u8 = 0x1b;

fn without_sequences(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = position_of_two(rest.as_bytes(), ESC, 0) {
        kept.push_str(&rest[..at]);
        if rest.as_bytes()[at] == 0 {
            kept.push(char::REPLACEMENT_CHARACTER);
            rest = &rest[at + 1..];
        } else {
            rest = &rest[at + 1..];
            rest = &rest[sequence(rest.as_bytes())..];
        }
    }
    kept.push_str(rest);
    kept
}

/// How long the terminal sequence is whose ESC comes before `bytes`. Ends on a character boundary.
fn sequence(bytes: &[u8]) -> usize {
    match bytes.first() {
        // CSI: parameters, then one final byte. One that is broken ends where it breaks.
        Some(b'[') => {
            let parameters = bytes[1..].iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
            let end = 1 + parameters;
            end + usize::from(bytes.get(end).is_some_and(|byte| (0x40..0x7f).contains(byte)))
        }
        // OSC: up to BEL or ESC \. One that never ends loses its introducer only, for the text may be real, and for
        // looking for the end of each of many would take quadratic time.
        Some(b']') => {
            let window = &bytes[..bytes.len().min(OSC)];
            match window.iter().position(|&byte| byte == 0x07 || byte == ESC) {
                Some(end) if window[end] == 0x07 => end + 1,
                Some(end) if bytes.get(end + 1) == Some(&b'\\') => end + 2,
                _ => 1,
            }
        }
        // Two-byte sequences, such as ESC c, and those with intermediate bytes, such as ESC ( B.
        Some(byte) if (0x20..0x30).contains(byte) => {
            1 + usize::from(bytes.get(1).is_some_and(|byte| (0x30..0x7f).contains(byte)))
        }
        Some(byte) if (0x30..0x7f).contains(byte) => 1,
        _ => 0,
    }
}

/// How long an OSC sequence may be: a title or a link.
const OSC: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_carriage_returns_and_nul_are_taken_off() {
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            (b"\x1b[2m2026\x1b[0m \x1b[32m INFO\x1b[0m", "2026  INFO"),
            (b"\x1b[38;5;12mblue\x1b[0m\r", "blue"),
            (b"\x1b]0;title\x07text", "text"),
            (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
            (b"\x1b(Btext\x1bc", "text"),
            (b"cut \x1b[3", "cut "),
            (b"cut \x1b", "cut "),
            (b"broken \x1b[\xc3\xa4 \x1b\xc3\xa4", "broken ä ä"),
            (b"never \x1b]ends", "never ends"),
            (b"a\0b", "a\u{fffd}b"),
            (b"a\xffb", "a\u{fffd}b"),
            (b"progress 1%\rprogress 2%\r\r", "progress 1%\rprogress 2%"),
            (b"", ""),
        ] {
            assert_eq!(clean(bytes), text, "{bytes:?}");
        }
    }
}
