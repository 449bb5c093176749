//! What Python's `logging` writes: `TIME LEVEL logger: message`, or `LEVEL:logger:message` as `basicConfig` has it.

use super::head::{Head, level};

pub(super) fn head(line: &str) -> Option<Head> {
    let rest = after_time(line).unwrap_or(line);
    let end = rest.find(|c: char| !c.is_ascii_uppercase())?;
    let level = Some(level(&rest[..end])?);
    let rest = rest[end..].trim_start_matches([' ', ':', '-', ']']);
    let (target, message) = match rest.split_once(':') {
        Some((target, message)) if !target.is_empty() && !target.contains(' ') => {
            (Some(target.to_owned()), message.strip_prefix(' ').unwrap_or(message))
        }
        _ => (None, rest),
    };
    Some(Head { level, target, message: message.to_owned(), ..Head::default() })
}

/// What follows `2026-11-25 03:11:22,123 `.
fn after_time(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('[');
    let bytes = line.as_bytes();
    let dated = bytes.len() > 19 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[13] == b':';
    let end =
        line.char_indices().skip(19).find(|(_, c)| !(c.is_ascii_digit() || ",.+:Z".contains(*c))).map(|(at, _)| at)?;
    dated.then(|| line[end..].trim_start_matches([' ', ']', '-', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Level;

    #[test]
    fn both_usual_forms() {
        let seen = |line: &str| head(line).map(|head| (head.level, head.target, head.message));
        let record =
            |level, target: &str, message: &str| Some((Some(level), Some(target.to_owned()), message.to_owned()));
        assert_eq!(
            seen("2026-11-25 03:11:22,123 ERROR agl.client: failed: x"),
            record(Level::Error, "agl.client", "failed: x")
        );
        assert_eq!(seen("WARNING:root:careful"), record(Level::Warn, "root", "careful"));
        assert_eq!(seen("Traceback (most recent call last):"), None);
        assert_eq!(seen("ERRORS were made"), None);
    }
}
