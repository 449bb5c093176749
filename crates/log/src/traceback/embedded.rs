//! Tracebacks inside of a line: after other text, or with their line ends escaped, however often.

use super::super::Traceback;
use super::super::bounds::{TRACEBACK_LINES, TRACEBACKS};
use super::super::escapes::unquote;
use super::super::heads::completed;
use super::super::text::cleaned;
use super::markers::MARKERS;
use super::{Begun, Open, begin, debugger, elixir, flat, native, objects, php, python, rust};

/// The tracebacks of a line.
#[derive(Debug, Default)]
pub(in super::super) struct Found {
    pub(in super::super) tracebacks: Vec<Traceback>,
    /// The last one, when the next line of the stream may belong to it.
    pub(in super::super) open: Option<Open>,
}

/// How far before a frame the text is looked for that it belongs to.
const WINDOW: usize = 8 << 10;

/// How often line ends may be escaped: JSON in JSON in a quoted field.
pub(super) const DEPTH: usize = 6;

/// The tracebacks in a line that is the head of a record, or stands in one.
pub(in super::super) fn scan(line: &str) -> Found {
    if line.starts_with('{')
        && let Some(found) = objects::scan(line.trim_end(), 0)
    {
        return found;
    }
    if line.starts_with("{\"") || line.starts_with("{ \"") {
        let cut = completed(line.trim_end()).map(|value| objects::found_in(&value)).unwrap_or_default();
        if !cut.tracebacks.is_empty() {
            return cut;
        }
    }
    let mut found = Found::default();
    scan_line(line, 0, &mut found);
    found
}

/// Looks for all of them in one line.
fn scan_line(line: &str, depth: usize, found: &mut Found) {
    let mut from = 0;
    let mut flattened = false;
    while let Some(marker) = MARKERS.find_at(line, from) {
        if found.tracebacks.len() >= TRACEBACKS {
            return;
        }
        if flat::is_marker(marker.as_str()) {
            from = marker.end();
            if !std::mem::replace(&mut flattened, true) && depth < DEPTH {
                let before = found.tracebacks.len();
                let lines = flat::lines(line).filter(|lines| lines.contains('\n'));
                lines.into_iter().for_each(|lines| scan_lines(&lines, depth + 1, found));
                if found.tracebacks.len() > before {
                    found.open = None;
                    return;
                }
            }
            continue;
        }
        if marker.as_str().starts_with('"') {
            // An object at the end of other text.
            let object = line[from..marker.start()].find('{').map(|begin| line[from + begin..].trim_end());
            if let Some(more) = object.filter(|_| depth < DEPTH).and_then(|object| objects::scan(object, depth + 1)) {
                found.tracebacks.extend(more.tracebacks);
                found.open = None;
                return;
            }
            from = marker.end();
            continue;
        }
        if marker.as_str().starts_with('\\') {
            if depth >= DEPTH {
                return;
            }
            let begin = quoted_from(line, from, marker.start());
            let (said, end, _) = unquote(&line[begin..], b'"');
            scan_lines(&cleaned(said), depth + 1, found);
            found.open = None;
            from = marker.end().max(begin + end);
            continue;
        }
        // The number of the task stands before it.
        let begin = match marker.as_str() {
            " panicked with message " => line[..marker.start()].rfind("task ").unwrap_or(marker.start()),
            _ => marker.start(),
        };
        let text = &line[begin..];
        if let Some((begun, length)) = told(&line[..begin], text) {
            push(begun, [&text[..length]], found);
            from = begin + length;
            if length < text.len() && !text.starts_with("PHP ") {
                found.open = None;
            }
            continue;
        }
        from = match heading(&line[..marker.start()], text) {
            None => marker.end(),
            Some((begun, length)) if escaped_line_end(&text[length..]) && depth < DEPTH => {
                drop(begun);
                let (said, end, _) = unquote(text, enclosing_quote(&text[length..]));
                scan_lines(&cleaned(said), depth + 1, found);
                found.open = None;
                marker.start() + end.max(length)
            }
            Some((begun, length)) => {
                let whole = text.len() == length;
                push(begun, [text], found);
                if !whole {
                    found.open = None;
                }
                marker.start() + length
            }
        };
    }
}

/// Where the quoted text begins that the backslash at `at` is in: behind a quote that is escaped less often.
fn quoted_from(line: &str, from: usize, at: usize) -> usize {
    let bytes = line.as_bytes();
    let slashes = |end: usize| bytes[from..end].iter().rev().take_while(|byte| **byte == b'\\').count();
    let escaped = 1 + slashes(at);
    let mut end = at;
    let floor = from.max(at.saturating_sub(WINDOW));
    while let Some(quote) = bytes[floor..end].iter().rposition(|byte| *byte == b'"') {
        end = floor + quote;
        if slashes(end) < escaped {
            return end + 1;
        }
    }
    // Nothing quotes it; or it is too long for its beginning to matter.
    (floor..at).find(|begin| line.is_char_boundary(*begin)).unwrap_or(at)
}

/// Looks for all of them in text whose line ends were escaped.
pub(super) fn scan_lines(text: &str, depth: usize, found: &mut Found) {
    // What is in no traceback.
    let mut before: Vec<&str> = Vec::new();
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        if let (Some(open), Some(last)) = (&mut found.open, found.tracebacks.last_mut())
            && open.take(line, last)
        {
            keep(line, last);
            continue;
        }
        found.open = None;
        if found.tracebacks.len() >= TRACEBACKS {
            return;
        }
        let begun = begin(line, &|lines| before.len().checked_sub(lines + 1).and_then(|at| before.get(at)).copied());
        if let Some(begun) = begun {
            let taken = before.split_off(before.len().saturating_sub(begun.before));
            push(begun, taken.into_iter().chain([line]), found);
        } else {
            before.push(line);
            scan_line(line, depth, found);
        }
    }
}

fn push<'l>(mut begun: Begun, lines: impl IntoIterator<Item = &'l str>, found: &mut Found) {
    lines.into_iter().for_each(|line| keep(line, &mut begun.traceback));
    found.tracebacks.push(begun.traceback);
    found.open = Some(begun.open);
}

pub(super) fn keep(line: &str, traceback: &mut Traceback) {
    if traceback.lines.len() < TRACEBACK_LINES {
        traceback.lines.push(super::clip(line, super::super::bounds::LINE).to_owned());
    }
}

/// What is told in the words of the line itself, and how long it is: a panic that somebody else has caught, what PHP has
/// told its server, how redis ended.
fn told(before: &str, text: &str) -> Option<(Begun, usize)> {
    if text.starts_with("PHP ") {
        let begun = php::begin(text)?;
        return Some((begun, text.len()));
    }
    if text.starts_with("crashed by signal: ") {
        return Some((native::crashed(text), text.len()));
    }
    if text.starts_with("CRASH REPORT Process ") {
        return Some((elixir::crashed(text)?, text.len()));
    }
    if text.starts_with("=== ASSERTION FAILED") {
        return Some((native::asserted(), text.len()));
    }
    if text.starts_with("Received signal ") {
        return Some((debugger::logged(before, text.trim_end())?, text.len()));
    }
    let begins = before.is_empty() || before.ends_with([' ', ':', '"', '=', '(', '\t']);
    rust::told(text).filter(|_| begins && !(text.starts_with("Service ") && before.ends_with("the ")))
}

/// The heading that `text` begins with, and its length. It must be followed as only a traceback is, for sentences
/// mention tracebacks too.
fn heading(before: &str, text: &str) -> Option<(Begun, usize)> {
    if text.starts_with(rust::PANICKED) {
        let heading = rust::heading(text, rust::follows_thread(before))?;
        let length = heading.length;
        return Some((rust::panic(heading), length));
    }
    if text.starts_with(python::HEADING) {
        let length = python::HEADING.len();
        let after = &text[length..];
        let flattened = after.trim_start().trim_start_matches("| ").starts_with("File \"");
        let follows = after.is_empty() || escaped_line_end(after) || flattened;
        return follows.then(|| (python::in_line(), length));
    }
    let length = "stack backtrace:".len();
    let after = &text[length..];
    let frames = after.trim_start_matches('\\').strip_prefix('n').and_then(rust::numbered);
    // At the end of a sentence only that of `anyhow` or `eyre` is certain enough: nothing else writes it so.
    (frames.is_some() && escaped_line_end(after)).then(|| Some((rust::begin(&text[..length])?, length)))?
}

/// Whether `\n` or `\r\n` comes next, escaped once or more often.
fn escaped_line_end(text: &str) -> bool {
    let escape = |text: &'_ str, letter: char| -> Option<usize> {
        let slashes = text.bytes().take_while(|byte| *byte == b'\\').count();
        (slashes > 0 && text[slashes..].starts_with(letter)).then_some(slashes + 1)
    };
    let return_length = escape(text, 'r').unwrap_or(0);
    escape(&text[return_length..], 'n').is_some()
}

/// Which quotes the escaped text stands in. Every Python traceback quotes file names: those quotes are escaped once more
/// if the same ones are around all.
fn enclosing_quote(text: &str) -> u8 {
    let window = super::clip(text, 512);
    let Some(at) = window.find("File ") else { return b'"' };
    let rest = &window.as_bytes()[at + "File ".len()..];
    let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    if rest.get(slashes) == Some(&b'"') && slashes % 2 == 0 { b'\'' } else { b'"' }
}
