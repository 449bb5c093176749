//! Heads as Python's `logging` writes them.

use super::time::time;
use super::{Head, Rest, level};
use crate::Level;
use crate::search::Cut;

/// `2026-11-25 03:11:22,123 ERROR name: message`, `ERROR:name:message`, and near relatives: the level in brackets, the
/// parts joined by ` - `, uvicorn's `INFO:     message`, `(Process-12 name)` for process and name.
pub(in super::super) fn parse(line: &str) -> Option<Head<'_>> {
    let rest = line.trim_start_matches(' ');
    let (timed, rest) = match time(rest) {
        Some(length) => (true, rest[length..].trim_start_matches(' ')),
        None => (false, line),
    };
    if timed && let Some(rest) = rest.strip_prefix("- ") {
        return dashed(rest);
    }
    let (level, after) = leading_level(rest)?;
    if let Some(after) = after.strip_prefix(':') {
        // What race detectors write looks the same.
        if after == " DATA RACE" || after.contains("Sanitizer: ") {
            return None;
        }
        return Some(basic(level, after));
    }
    let after = after.strip_prefix(' ')?.trim_start_matches(' ');
    if let Some((process, name, message)) = in_parentheses(after).filter(|_| timed) {
        return Some(Head { thread: Some(process), ..head(level, Some(name), message) });
    }
    match after.split_once(':') {
        Some((name, message)) if is_name(name) && (message.is_empty() || message.starts_with(' ')) => {
            Some(head(level, Some(name), message))
        }
        // A time and a level in front are enough; a level alone may begin any sentence.
        _ => timed.then(|| head(level, None, after)),
    }
}

fn head<'a>(level: Level, target: Option<&'a str>, message: &'a str) -> Head<'a> {
    Head { level: Some(level), target, thread: None, rest: Rest::Message(message.trim_start_matches(' ')) }
}

/// `(Process-12 name) message`, as agent-lightning writes it.
fn in_parentheses(text: &str) -> Option<(&str, &str, &str)> {
    let (inside, message) = text.strip_prefix("(Process-")?.split_once(')')?;
    let (_, name) = inside.split_once(' ')?;
    let process = &text[1.."(Process-".len() + inside.len() - name.len() - 1];
    is_name(name).then_some((process, name, message))
}

/// `name:message` after `LEVEL:`, or uvicorn's padding and a message.
fn basic(level: Level, after: &str) -> Head<'_> {
    match after.split_once(':') {
        Some((name, message)) if is_name(name) => head(level, Some(name), message),
        _ => head(level, None, after),
    }
}

/// `name - LEVEL - message`, or `LEVEL - message`, as ` - ` joins them.
fn dashed(rest: &str) -> Option<Head<'_>> {
    if let Some((level, after)) = leading_level(rest) {
        return Some(head(level, None, after.strip_prefix(" - ")?));
    }
    let (name, rest) = rest.cut(" - ")?;
    let (level, after) = leading_level(rest)?;
    is_name(name).then_some(())?;
    Some(head(level, Some(name), after.strip_prefix(" - ").or(after.is_empty().then_some(""))?))
}

/// The level at the beginning, bare or in brackets, and what follows.
fn leading_level(text: &str) -> Option<(Level, &str)> {
    let (open, text) = text.strip_prefix('[').map_or((false, text), |text| (true, text));
    let end = text.bytes().position(|byte| !byte.is_ascii_uppercase()).unwrap_or(text.len());
    // One letter is a level for a declared expression only.
    let found = level(&text[..end]).filter(|_| end > 1)?;
    let rest = text[end..].trim_start_matches(|c| open && c == ' ');
    Some((found, if open { rest.strip_prefix(']')? } else { rest }))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 200 && !name.bytes().any(|byte| byte.is_ascii_whitespace() || byte == b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_known() {
        for (line, level, target, message) in [
            ("2026-11-25 03:11:22,123 ERROR agl.store: it: broke", Level::Error, Some("agl.store"), "it: broke"),
            ("2026-11-25 03:11:22,123 WARNING agl: ", Level::Warn, Some("agl"), ""),
            ("2026-11-25 03:11:22,123 CRITICAL agl:", Level::Error, Some("agl"), ""),
            ("2026-11-25T03:11:22.123+01:00 [INFO] agl: hello", Level::Info, Some("agl"), "hello"),
            ("[2026-11-25 03:11:22,123] [INFO   ] agl: hello", Level::Info, Some("agl"), "hello"),
            ("2026-11-25 03:11:22,123 - agl.x - INFO - hello - you", Level::Info, Some("agl.x"), "hello - you"),
            ("2026-11-25 03:11:22,123 - DEBUG - hello", Level::Debug, None, "hello"),
            ("2026-11-25 03:11:22,123 [INFO] (Process-12 agl.x)   hi: y", Level::Info, Some("agl.x"), "hi: y"),
            ("2026-11-25 03:11:22,123 [INFO] (Process-12)   hello", Level::Info, None, "(Process-12)   hello"),
            ("03:11:22 INFO hello there", Level::Info, None, "hello there"),
            ("ERROR:root:boom", Level::Error, Some("root"), "boom"),
            ("WARNING:a.b:x:y", Level::Warn, Some("a.b"), "x:y"),
            ("DEBUG:root:", Level::Debug, Some("root"), ""),
            ("INFO:     Started server process [12]", Level::Info, None, "Started server process [12]"),
            ("ERROR:    Exception in ASGI application", Level::Error, None, "Exception in ASGI application"),
            ("INFO agl: hello", Level::Info, Some("agl"), "hello"),
        ] {
            let head = parse(line).unwrap_or_else(|| panic!("no head: {line}")).finish();
            assert_eq!((head.level, head.target.as_deref(), head.message.as_str()), (Some(level), target, message));
        }
    }

    #[test]
    fn other_lines_are_no_heads() {
        for line in [
            "",
            "ERROR",
            "ERROR happened here",
            "  ERROR:root:boom",
            "error:root:boom",
            "E:root:boom",
            "ValueError: boom",
            "Traceback (most recent call last):",
            "2026-11-25 03:11:22,123 hello",
            "2026-11-25 ERROR x: hello",
            "2026-11-25 03:11:22,123 - hello - you",
            "[ERROR",
        ] {
            assert!(parse(line).is_none(), "{line}");
        }
    }
}
