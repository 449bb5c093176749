//! Records that are a JSON object on one line, whoever has written them.

use serde_json::{Map, Value};

use super::{Head, Rest, level};
use crate::Level;
use crate::escapes::closing_quote;
use crate::fields::Field;

const LEVELS: [&str; 9] = ["level", "levelname", "severity", "log.level", "lvl", "loglevel", "@level", "@l", "Level"];
const MESSAGES: [&str; 8] = ["message", "msg", "event", "short_message", "@message", "MESSAGE", "@m", "Message"];
const TARGETS: [&str; 8] =
    ["target", "name", "logger", "logger_name", "loggerName", "log.logger", "category", "Category"];
const THREADS: [&str; 5] = ["thread", "thread_name", "threadName", "thread.name", "process.thread.name"];
const TIMES: [&str; 8] = ["timestamp", "time", "ts", "@timestamp", "asctime", "@t", "datetime", "date"];

/// An object with a level, or with a time and a message, at its top.
pub(super) fn parse(line: &str) -> Option<Head<'_>> {
    let text = line.trim_end();
    if !text.starts_with('{') || !text.ends_with('}') {
        return None;
    }
    let mut found = None;
    let (mut timed, mut said) = (false, false);
    top(text, |key, value| {
        if found.is_none() && LEVELS.contains(&key) {
            found = level_of(value);
        }
        timed |= TIMES.contains(&key);
        said |= MESSAGES.contains(&key);
        // Nothing else is looked for.
        found.is_none()
    });
    (found.is_some() || timed && said).then_some(Head {
        level: found,
        target: None,
        thread: None,
        rest: Rest::Json(text),
    })
}

/// Goes over the keys at the top with the text of their values, while `each` says so. What is no JSON ends it.
fn top(text: &str, mut each: impl FnMut(&str, &str) -> bool) {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
        if bytes.get(at) != Some(&b'"') {
            return;
        }
        let Some(end) = closing_quote(&bytes[at + 1..]) else { return };
        let key = &text[at + 1..at + 1 + end];
        at += end + 2;
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b':').count();
        let Some(length) = value(&bytes[at..]) else { return };
        if !each(key, &text[at..at + length]) {
            return;
        }
        at += length;
    }
}

/// How long the value is that begins here.
fn value(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at += closing_quote(&bytes[at + 1..])? + 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(bytes[at - 1], b'"' | b'}' | b']') {
            return Some(at);
        }
    }
}

/// A level by its name; by its number as pino and bunyan have it, or as syslog has.
fn level_of(value: &str) -> Option<Level> {
    let value = value.trim();
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(name) => level(name),
        None => Some(match value.parse::<u32>().ok()? {
            0..=3 => Level::Error,
            4 => Level::Warn,
            5 | 6 => Level::Info,
            7 => Level::Debug,
            8..=19 => Level::Trace,
            20..=29 => Level::Debug,
            30..=39 => Level::Info,
            40..=49 => Level::Warn,
            _ => Level::Error,
        }),
    }
}

/// What is in the object beside its level.
#[derive(Default)]
pub(super) struct Object {
    pub(super) target: Option<String>,
    pub(super) thread: Option<String>,
    pub(super) message: String,
    pub(super) fields: Vec<Field>,
    pub(super) own: usize,
}

/// Reads the object as a whole. Text that only looks like one is the message.
pub(super) fn finish(text: &str) -> Object {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else {
        return Object { message: text.to_owned(), ..Object::default() };
    };
    let mut read = Object::default();
    let mut spans = Vec::new();
    take(object, &mut read, &mut spans, true);
    read.own = read.fields.len();
    read.fields.extend(spans);
    read
}

fn take(object: Map<String, Value>, read: &mut Object, spans: &mut Vec<Field>, top: bool) {
    for (key, value) in object {
        match (key.as_str(), value) {
            (known, value) if MESSAGES.contains(&known) && read.message.is_empty() => read.message = text(value),
            (known, value) if top && TARGETS.contains(&known) && read.target.is_none() => {
                read.target = Some(text(value))
            }
            (known, value) if top && THREADS.contains(&known) && read.thread.is_none() => {
                read.thread = Some(text(value))
            }
            (known, _) if top && (LEVELS.contains(&known) || TIMES.contains(&known)) => {}
            // As `tracing` writes it: the fields apart, and the spans, the innermost last.
            ("fields", Value::Object(fields)) if top => take(fields, read, spans, false),
            ("span", Value::Object(_)) if top => {}
            ("spans", Value::Array(all)) if top => {
                for span in all.into_iter().rev() {
                    if let Value::Object(span) = span {
                        spans.extend(
                            span.into_iter().filter(|(key, _)| key != "name").map(|(key, value)| (key, text(value))),
                        );
                    }
                }
            }
            (_, value) => read.fields.push((key, text(value))),
        }
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The fields of an object that stands behind a message.
pub(super) fn fields(text: &str) -> Option<Vec<Field>> {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return None };
    Some(object.into_iter().map(|(key, value)| (key, self::text(value))).collect())
}
