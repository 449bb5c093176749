//! The line with which a panic begins.

use super::super::clip;

/// What the heading of a panic says.
#[derive(Debug)]
pub(in super::super) struct Heading {
    /// `file:line`
    pub(super) frame: Option<String>,
    /// What was said on the same line.
    pub(super) message: Option<String>,
    /// How long it is, without the message of the next line.
    pub(in super::super) length: usize,
    /// Whether the message goes on in the next line.
    pub(super) open: bool,
}

/// The words that a panic's heading has.
pub(in super::super) const PANICKED: &str = "panicked at ";

/// How the name of the thread is introduced.
const THREAD: &[u8] = b"thread '";

/// How long the heading of a panic may be.
const HEADING: usize = 1024;

/// Whether `before` ends like `thread 'x' ` or `thread 'x' (123) `.
pub(in super::super) fn follows_thread(before: &str) -> bool {
    let before = before.strip_suffix(' ').unwrap_or_default();
    let name = match before.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        Some((name, id)) if id.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => before,
    };
    // A name may have quotes itself. Bytes, for the window may begin within a character.
    let window = &name.as_bytes()[name.len().saturating_sub(256)..];
    let begin = window.windows(THREAD.len()).position(|found| found == THREAD);
    begin.is_some_and(|begin| window.len() > begin + THREAD.len()) && window.ends_with(b"'")
}

/// Reads a heading that begins with `panicked at `. After a position alone, text on the same line is taken for the
/// message only if it is known that this is no sentence.
pub(in super::super) fn heading(text: &str, no_sentence: bool) -> Option<Heading> {
    let place = text.strip_prefix(PANICKED)?;
    let window = clip(place, HEADING);
    if let Some(quoted) = place.strip_prefix('\'') {
        return old_heading(quoted, no_sentence);
    }
    let mut from = 0;
    while let Some(colon) = window[from..].find(':') {
        let at = from + colon;
        from = at + 1;
        let Some(length) = position(&window[at..]) else { continue };
        let end = at + length;
        let after = window[end..].strip_prefix(':')?;
        let frame = file_and_line(&window[..end]);
        let length = PANICKED.len() + end + 1;
        return match after.chars().next() {
            None | Some('\\') => Some(Heading { frame, message: None, length, open: false }),
            Some(' ') if no_sentence => {
                Some(Heading { frame, message: Some(after.trim().to_owned()), length, open: false })
            }
            _ => None,
        };
    }
    None
}

/// `'message', src/a.rs:1:2`, as panics were written before Rust 1.73; `'message': src/a.rs:1`, as `log-panics` does.
fn old_heading(quoted: &str, no_sentence: bool) -> Option<Heading> {
    let window = clip(quoted, HEADING);
    let separated = window.find("', ").or_else(|| window.find("': ").filter(|_| no_sentence));
    let Some(close) = separated else {
        // A message of several lines.
        let open = no_sentence && !window.contains('\'');
        let length = PANICKED.len() + 1 + quoted.len();
        return open.then(|| Heading { frame: None, message: Some(window.to_owned()), length, open: true });
    };
    let place = &window[close + 3..];
    let whole = place.find(|c: char| c == '"' || c.is_whitespace()).unwrap_or(place.len());
    // A backslash is one of Windows, or begins an escape.
    let windows = ends_with_position(&place[..whole]) && place[..whole].matches(".rs:").count() == 1;
    let end = if windows { whole } else { place[..whole].find('\\').unwrap_or(whole) };
    let sentence = place[end..].starts_with(char::is_whitespace) && !no_sentence;
    let place = &place[..end];
    (ends_with_position(place) && !sentence).then(|| Heading {
        frame: file_and_line(place),
        message: Some(window[..close].to_owned()),
        length: PANICKED.len() + 1 + close + 3 + end,
        open: false,
    })
}

/// The length of `:12:34` at the beginning.
fn position(text: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let line = digits(text.strip_prefix(':')?);
    let column = digits(text[1 + line..].strip_prefix(':')?);
    (line > 0 && column > 0).then_some(2 + line + column)
}

/// Whether this is `file:12` or `file:12:34`.
pub(super) fn ends_with_position(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.rsplit_once(':').is_some_and(|(file, line)| !file.is_empty() && digits(line))
}

/// `file:12` of `file:12:34`.
pub(in super::super) fn file_and_line(place: &str) -> Option<String> {
    let place = place.trim();
    match place.rsplit_once(':') {
        Some((file, _)) if ends_with_position(file) => Some(file.to_owned()),
        _ if ends_with_position(place) => Some(place.to_owned()),
        _ => None,
    }
}
