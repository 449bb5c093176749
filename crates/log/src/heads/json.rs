//! Records that are a JSON object on one line, whoever has written them.

use serde_json::{Map, Value};

use super::{Head, Rest, level};
use crate::Level;
use crate::escapes::closing_quote;
use crate::fields::Field;

const LEVELS: [&str; 16] = [
    "level",
    "levelname",
    "severity",
    "log.level",
    "lvl",
    "loglevel",
    "logLevel",
    "LogLevel",
    "@level",
    "@l",
    "Level",
    "levelName",
    "level_name",
    "severityText",
    "severity_text",
    "PRIORITY",
];
const MESSAGES: [&str; 14] = [
    "message",
    "msg",
    "event",
    "short_message",
    "@message",
    "MESSAGE",
    "@m",
    "@mt",
    "Message",
    "MessageTemplate",
    "RenderedMessage",
    "textPayload",
    "body",
    "Body",
];
const TARGETS: [&str; 11] = [
    "target",
    "name",
    "logger",
    "logger_name",
    "loggerName",
    "log.logger",
    "category",
    "Category",
    "SourceContext",
    "component",
    "c",
];
const THREADS: [&str; 6] = ["thread", "thread_name", "threadName", "thread.name", "process.thread.name", "ctx"];
const TIMES: [&str; 14] = [
    "timestamp",
    "time",
    "ts",
    "@timestamp",
    "asctime",
    "@t",
    "datetime",
    "date",
    "Timestamp",
    "timeUnixNano",
    "t",
    "instant",
    "eventTime",
    "timeMillis",
];
/// Objects that hold what others have at the top: the record of loguru, and whatever ECS nests.
const NESTED: [&str; 6] = ["log", "record", "jsonPayload", "resourceLogs", "scopeLogs", "logRecords"];

/// An object with a level, or with a time and a message, at its top. Of one that is cut off both are asked for.
pub(in super::super) fn parse(line: &str) -> Option<Head<'_>> {
    let text = line.trim_end();
    let cut = !text.ends_with('}');
    if !text.starts_with('{') || cut && !text[1..].trim_start().starts_with('"') {
        return None;
    }
    let mut seen = Seen { cut, ..Seen::default() };
    seen.object(text, 0);
    if cut && !(seen.timed || seen.said) {
        return None;
    }
    // Serilog leaves out the level when it is the usual one.
    let found = seen.level.or((seen.compact && seen.said).then_some(Level::Info));
    (found.is_some() || seen.timed && seen.said).then_some(Head {
        level: found,
        target: None,
        thread: None,
        rest: Rest::Json(text),
    })
}

/// What was seen of an object on the way to its level.
#[derive(Default)]
struct Seen {
    /// Whether the end is missing: then all that is there is looked at.
    cut: bool,
    level: Option<Level>,
    timed: bool,
    said: bool,
    compact: bool,
    /// The severity of MongoDB is called `s`, which alone means nothing.
    letter: Option<Level>,
    /// What one of the tags says, where a record of Kibana has its level.
    tag: Option<Level>,
}

impl Seen {
    /// How deep the level may be: OTLP has it in objects in arrays.
    const DEPTH: usize = 7;

    fn object(&mut self, text: &str, depth: usize) {
        top(text, |key, value| {
            if LEVELS.contains(&key) {
                self.level = self.level.or_else(|| level_of(value));
            } else if key == "severityNumber" || key == "severity_number" {
                self.level = self.level.or_else(|| of_telemetry(value));
            } else if key == "s" {
                self.letter = level_of(value).filter(|_| value.len() <= 4);
            } else if key == "tags" {
                self.tag = of_tags(value);
            } else if depth < Self::DEPTH && NESTED.contains(&key) {
                self.nested(value, depth);
            }
            self.timed |= TIMES.contains(&key);
            self.said |= MESSAGES.contains(&key);
            self.compact |= key == "@t";
            // Nothing else is looked for.
            self.level.is_none() || self.cut
        });
        if depth == 0 && self.level.is_none() && self.said && self.timed {
            self.level = self.letter.or(self.tag);
        }
    }

    /// An object, or the records of an array: the worst of them counts.
    fn nested(&mut self, value: &str, depth: usize) {
        if value.starts_with('{') {
            self.object(value, depth + 1);
        }
        let Some(mut rest) = value.strip_prefix('[') else { return };
        let mut worst = None;
        while let Some(begin) = rest.find('{') {
            let Some(length) = self::value(&rest.as_bytes()[begin..]) else { break };
            self.level = None;
            self.object(&rest[begin..begin + length], depth + 1);
            worst = worst.max(self.level);
            rest = &rest[begin + length..];
        }
        self.level = worst;
    }
}

/// The first of several tags that is a level, by its whole name.
fn of_tags(value: &str) -> Option<Level> {
    let tags = value.strip_prefix('[')?.strip_suffix(']')?.split(',');
    let names = tags.filter_map(|tag| tag.trim().strip_prefix('"')?.strip_suffix('"'));
    names.filter(|name| name.len() > 3).find_map(level)
}

/// The numbers of OpenTelemetry.
fn of_telemetry(value: &str) -> Option<Level> {
    Some(match value.trim().trim_matches('"').parse::<u32>().ok()? {
        1..=4 => Level::Trace,
        5..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warn,
        17..=24 => Level::Error,
        _ => return None,
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
        let Some(length) = value(&bytes[at..]) else {
            // The value is cut off; its key is there.
            each(key, "");
            return;
        };
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
    if value.starts_with('{') {
        // loguru has its name and its number.
        let mut found = None;
        top(value, |key, value| {
            found = found.or(if key == "name" { level_of(value) } else { None });
            found.is_none()
        });
        return found;
    }
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(name) => level(name.trim()).or_else(|| name.parse::<u32>().ok().and_then(|_| level_of(name))),
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

/// An object that is cut off, as far as it is there.
pub(in super::super) fn completed(text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    // Behind the last whole member: where, and what was open there.
    let mut whole = (0, Vec::new());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => match closing_quote(&bytes[at + 1..]) {
                Some(length) => at += length + 1,
                None => break,
            },
            b'{' => open.push('}'),
            b'[' => open.push(']'),
            b'}' | b']' => {
                open.pop().filter(|end| *end as u32 == u32::from(*byte))?;
            }
            b',' => whole = (at, open.clone()),
            _ => {}
        }
        if open.len() > NESTED_MOST {
            return None;
        }
        at += 1;
    }
    let ends = |open: &[char]| open.iter().rev().collect::<String>();
    if open.is_empty() {
        return None;
    }
    // A string ends here, but not in the middle of an escape.
    let quote = if at < bytes.len() { "\"" } else { "" };
    let escape = text[at..].rfind('\\').map(|escape| at + escape).filter(|escape| bytes.len() - escape < 6);
    let candidates = [Some(text.len()), escape, escape.and_then(|escape| escape.checked_sub(1))];
    let tried = candidates.into_iter().flatten().filter_map(|end| text.get(..end));
    tried
        .map(|text| [text, quote, &ends(&open)].concat())
        .chain([[&text[..whole.0], &ends(&whole.1)].concat()])
        .find_map(|text| serde_json::from_str(&text).ok())
}

/// How deep objects and arrays may be in one that is cut off.
const NESTED_MOST: usize = 64;

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
    let Some(Value::Object(object)) = serde_json::from_str(text).ok().or_else(|| completed(text)) else {
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
            ("severityNumber" | "severity_number", _) => {}
            ("log", Value::Object(inner)) if inner.contains_key("level") => take(inner, read, spans, true),
            ("record" | "jsonPayload", Value::Object(inner)) if top => take(inner, read, spans, true),
            ("resourceLogs" | "scopeLogs" | "logRecords", Value::Array(all)) => {
                for inner in all {
                    if let Value::Object(inner) = inner {
                        take(inner, read, spans, true);
                    }
                }
            }
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
        // OpenTelemetry says of each value what it is.
        Value::Object(mut object) if object.len() == 1 && object.contains_key("stringValue") => {
            object.remove("stringValue").map(text).unwrap_or_default()
        }
        other => other.to_string(),
    }
}

/// The fields of an object that stands behind a message.
pub(super) fn fields(text: &str) -> Option<Vec<Field>> {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return None };
    Some(object.into_iter().map(|(key, value)| (key, self::text(value))).collect())
}
