//! Heads as `tracing-subscriber` writes them in its default format.

use super::{Head, Rest};
use crate::Level;
use crate::fields::{Field, split};
use crate::search::Cut;

/// `2026-11-25T03:11:22.123456Z  INFO thread ThreadId(01) span{key=value}: target: message key=value`, where everything
/// but level and message may be missing.
///
/// A span without fields before a target without `::` cannot be told from a target; it is taken for one.
///
/// With `any` nobody has said that it is this format: a time must be as this format writes it.
pub(in super::super) fn parse(line: &str, any: bool) -> Option<Head<'_>> {
    let bare = padded_level(line).is_some();
    let (level, rest) = level(line, any)?;
    let level = Some(level);
    let context = context(rest);
    // Any sentence may begin with a level of five letters: a target must follow it, or nobody would know.
    let sentence = any && bare && !line.starts_with(' ');
    if sentence
        && !context.as_ref().is_some_and(|context| context.target.is_some_and(is_path) && context.before.is_empty())
    {
        return None;
    }
    let (text, spans, target, thread) = match context {
        Some(context) => (context.rest, context.spans, context.target, thread(context.before)),
        None => (rest, "", None, None),
    };
    let pretty = line.as_bytes().get(2).is_some_and(u8::is_ascii_digit) && line.starts_with("  ");
    let rest = if pretty { Rest::Pretty(text) } else { Rest::Tracing { text, spans } };
    Some(Head { level, target, thread, rest })
}

fn is_path(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-' | b'.'))
}

/// The place in the source that stands between target and message, as a file and a line, and what follows it.
pub(super) fn place(text: &str) -> Option<(&str, &str, &str)> {
    let (place, rest) = text.cut(": ").or_else(|| Some((text.strip_suffix(':')?, "")))?;
    let (file, line) = place.rsplit_once(':')?;
    let whole = file.ends_with(".rs") && !file.contains(' ') && !line.is_empty();
    (whole && line.bytes().all(|byte| byte.is_ascii_digit())).then_some((file, line, rest))
}

/// The fields in a later line of the `pretty` format: `    in a::span with name: value`, `    at src/a.rs:5 on thread`.
pub(super) fn later_fields(line: &str) -> Option<Vec<Field>> {
    let text = line.strip_prefix("    ")?;
    if let Some(place) = text.strip_prefix("at ") {
        let place = place.split(" on ").next()?;
        let (file, number) = place.rsplit_once(':')?;
        let whole = file.ends_with(".rs") && number.bytes().all(|byte| byte.is_ascii_digit());
        return whole.then(|| vec![("file".to_owned(), file.to_owned()), ("line".to_owned(), number.to_owned())]);
    }
    let (span, fields) = text.strip_prefix("in ")?.cut(" with ")?;
    (!span.contains(' ')).then(|| pretty(&[", ", fields].concat()).1)
}

/// The message and the fields of `message, name: value, other: value`.
pub(in super::super) fn pretty(text: &str) -> (String, Vec<Field>) {
    let mut parts: Vec<(usize, usize, usize)> = Vec::new();
    for (at, _) in text.match_indices(", ") {
        let name =
            text[at + 2..].bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(byte)).count();
        if name > 0 && text[at + 2 + name..].starts_with(": ") {
            parts.push((at, at + 2, at + 2 + name));
        }
    }
    let end = |next: usize| parts.get(next).map_or(text.len(), |part| part.0);
    let fields = parts.iter().enumerate().map(|(index, (_, name, colon))| {
        let value = &text[colon + 2..end(index + 1)];
        let quoted = value.strip_prefix('"').filter(|inside| inside.ends_with('"'));
        let value = quoted.map_or_else(|| value.to_owned(), |inside| crate::escapes::unquote(inside, b'"').0);
        (text[*name..*colon].to_owned(), value)
    });
    (text[..end(0)].to_owned(), fields.collect())
}

/// The level, and what follows it and one space.
fn level(line: &str, any: bool) -> Option<(Level, &str)> {
    // Without a time in front the level must be padded as tracing pads it, for any sentence may begin with INFO.
    if let Some(found) = padded_level(line) {
        return Some(found);
    }
    let mut rest = line.trim_start_matches(' ');
    // A date and a time, or an uptime, are at most two words.
    for _ in 0..2 {
        if !rest.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let end = rest.bytes().take(64).position(|byte| byte == b' ')?;
        if any && !(rest[..end].contains('T') && rest[..end].ends_with('Z')) {
            return None;
        }
        rest = &rest[end + 1..];
        if let Some(found) = padded_level(rest) {
            return Some(found);
        }
    }
    None
}

fn padded_level(text: &str) -> Option<(Level, &str)> {
    let level = match text.as_bytes().get(..6)? {
        b" INFO " => Level::Info,
        b"DEBUG " => Level::Debug,
        b"TRACE " => Level::Trace,
        b" WARN " => Level::Warn,
        b"ERROR " => Level::Error,
        _ => return None,
    };
    Some((level, &text[6..]))
}

/// What stands between the level and the message.
struct Context<'a> {
    /// The thread's name and id, padded.
    before: &'a str,
    /// `span{key=value}:span:`
    spans: &'a str,
    target: Option<&'a str>,
    rest: &'a str,
}

/// How many words a thread's name may have.
const THREAD_WORDS: usize = 4;
/// How long the spans may be, with their fields.
const SPANS: usize = 8 << 10;

fn context(text: &str) -> Option<Context<'_>> {
    let mut begin = 0;
    for _ in 0..=THREAD_WORDS {
        begin += text[begin..].bytes().take_while(|byte| *byte == b' ').count();
        let end = begin + word(&text[begin..])?;
        let found = &text[begin..end];
        if let Some(name) = found.strip_suffix(':').filter(|name| !name.is_empty()) {
            let rest = text[end..].strip_prefix(' ').unwrap_or(&text[end..]);
            return Some(with_target(&text[..begin], found, name, rest));
        }
        begin = end;
    }
    None
}

/// Tells spans from the target, given the first word that ends with a colon.
fn with_target<'a>(before: &'a str, found: &'a str, name: &'a str, rest: &'a str) -> Context<'a> {
    let next = rest.split(' ').next().unwrap_or_default();
    let next_name = next.strip_suffix(':').filter(|name| is_target(name));
    let certainly_spans = name.contains('{') || has_single_colon(name);
    let probably_span = !name.contains("::") && next_name.is_some_and(|name| name.contains("::"));
    match next_name {
        Some(target) if certainly_spans || probably_span => {
            let rest = &rest[next.len()..];
            Context { before, spans: found, target: Some(target), rest: rest.strip_prefix(' ').unwrap_or(rest) }
        }
        _ if certainly_spans => Context { before, spans: found, target: None, rest },
        _ => Context { before, spans: "", target: Some(name), rest },
    }
}

fn is_target(name: &str) -> bool {
    !name.is_empty() && !name.contains('{') && !has_single_colon(name)
}

fn has_single_colon(name: &str) -> bool {
    name.split("::").any(|part| part.contains(':'))
}

/// The length of the first word; a space in the braces of a span's fields does not end it.
fn word(text: &str) -> Option<usize> {
    // Only spans have braces.
    let end = text.bytes().position(|byte| byte == b' ' || byte == b'{').unwrap_or(text.len());
    if text.as_bytes().get(end) != Some(&b'{') {
        return Some(end);
    }
    let mut scan = Scan::default();
    for (at, byte) in text.bytes().enumerate().take(SPANS) {
        match byte {
            b' ' if scan.depth == 0 => return Some(at),
            _ => scan.step(byte),
        }
    }
    (scan.depth == 0 && text.len() < SPANS).then_some(text.len())
}

/// Knows while walking over spans whether it is in their braces, and there in a quoted string.
#[derive(Default)]
struct Scan {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Scan {
    fn step(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
            return;
        }
        match byte {
            b'\\' if self.quoted => self.escaped = true,
            b'"' if self.depth > 0 => self.quoted = !self.quoted,
            b'{' if !self.quoted => self.depth += 1,
            b'}' if !self.quoted => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

/// The name of the thread, or its id when it has none.
fn thread(text: &str) -> Option<&str> {
    let text = text.trim();
    let name = match text.rfind("ThreadId(") {
        Some(at) if at > 0 && text.ends_with(')') => text[..at].trim_end(),
        _ => text,
    };
    Some(name).filter(|name| !name.is_empty())
}

/// Adds the fields of the spans, innermost span first, so that it wins.
pub(in super::super) fn span_fields(spans: &str, fields: &mut Vec<Field>) {
    let mut scan = Scan::default();
    let (mut groups, mut begin) = (Vec::new(), 0);
    for (at, byte) in spans.bytes().enumerate() {
        let before = scan.depth;
        scan.step(byte);
        match (before, scan.depth) {
            (0, 1) => begin = at + 1,
            (1, 0) => groups.push(&spans[begin..at]),
            _ => {}
        }
    }
    for group in groups.into_iter().rev() {
        fields.extend(split(group).1);
    }
}

#[cfg(test)]
mod tests;
