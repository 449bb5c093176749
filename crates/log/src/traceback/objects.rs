//! Stack traces in the values of a JSON record: as a text, as an array of texts, as objects.

use serde_json::{Map, Value};

use super::super::bounds::TRACEBACKS;
use super::super::text::cleaned;
use super::super::{Language, Traceback};
use super::embedded::{Found, keep, scan_lines};
use super::markers::with_marker;
use super::{application, begun, said};

const TYPES: [&str; 11] = [
    "exc_type",
    "type",
    "class",
    "className",
    "name",
    "exceptionType",
    "exception_class",
    "kind",
    "ClassName",
    "Type",
    "error_class",
];
const MESSAGES: [&str; 9] =
    ["exc_value", "value", "message", "localizedMessage", "msg", "Message", "reason", "description", "error"];
const FRAMES: [&str; 15] = [
    "frames",
    "stack",
    "stacktrace",
    "stackTrace",
    "stack_trace",
    "trace",
    "backtrace",
    "extendedStackTrace",
    "stepArray",
    "stackFrames",
    "StackTrace",
    "StackTraceString",
    "traceback",
    "exception_backtrace",
    "call_stack",
];
const FILES: [&str; 8] = ["filename", "file", "fileName", "source", "path", "abs_path", "File", "absPath"];
const LINES: [&str; 6] = ["lineno", "line", "lineNumber", "line_number", "Line", "lineNo"];
const FUNCTIONS: [&str; 7] = ["function", "func", "method", "methodName", "name", "Method", "symbol"];
const CLASSES: [&str; 4] = ["class", "className", "declaringClass", "module"];

/// How deep values may be.
const DEPTH: usize = 24;

/// The tracebacks of a line that is a JSON object; nothing if it is none.
pub(super) fn scan(line: &str, depth: usize) -> Option<Found> {
    let value: Value = serde_json::from_str(line).ok()?;
    let mut found = Found::default();
    walk("", &value, depth, &mut found);
    found.open = None;
    Some(found)
}

/// The tracebacks of an object that was read.
pub(super) fn found_in(value: &Value) -> Found {
    let mut found = Found::default();
    walk("", value, 0, &mut found);
    found.open = None;
    found
}

fn walk(key: &str, value: &Value, depth: usize, found: &mut Found) {
    if depth > DEPTH || found.tracebacks.len() >= TRACEBACKS {
        return;
    }
    match value {
        Value::String(text) => text_of(text, depth, found),
        Value::Array(all) => {
            if let Some(lines) = texts(all).filter(|_| is_stack(key)) {
                let before = found.tracebacks.len();
                text_of(&lines, depth, found);
                if found.tracebacks.len() > before {
                    return;
                }
            }
            for value in all {
                walk(key, value, depth + 1, found);
            }
        }
        Value::Object(object) => {
            let before = found.tracebacks.len();
            if let Some(traceback) = panic(object).or_else(|| exception(object)) {
                push(traceback, found);
                for (key, value) in object.iter().filter(|(key, _)| !FRAMES.contains(&key.as_str())) {
                    if !MESSAGES.contains(&key.as_str()) && value.is_object() && !is_cause(key) {
                        walk(key, value, depth + 1, found);
                    }
                }
                return;
            }
            for (key, value) in object {
                walk(key, value, depth + 1, found);
            }
            // A stack without its heading: type and message stand beside it.
            if found.tracebacks.len() == before
                && let Some(text) = headed(object)
            {
                text_of(&text, depth, found);
            }
            complete(object, before, found);
        }
        _ => {}
    }
}

fn is_stack(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["stack", "trace", "exc", "error", "err", "frames", "throw"].iter().any(|part| key.contains(part))
}

fn is_cause(key: &str) -> bool {
    matches!(key, "cause" | "inner" | "innerException" | "previous" | "InnerException")
}

/// The texts of an array as lines; frames of Java stand without their indentation.
fn texts(all: &[Value]) -> Option<String> {
    let lines: Option<Vec<&str>> = all.iter().map(Value::as_str).collect();
    let lines = lines.filter(|lines| !lines.is_empty())?;
    let indented = lines.iter().map(|line| match line.starts_with("at ") || line.starts_with("... ") {
        true => ["\t", line].concat(),
        false => (*line).to_owned(),
    });
    Some(indented.collect::<Vec<_>>().join("\n"))
}

fn text_of(text: &str, depth: usize, found: &mut Found) {
    if text.contains('\n') || with_marker(text) {
        let mut inner = Found::default();
        scan_lines(&cleaned(text.to_owned()), depth.min(super::embedded::DEPTH - 1) + 1, &mut inner);
        inner.tracebacks.into_iter().for_each(|traceback| push(traceback, found));
    }
}

/// The same may be said more than once in one record: in its message, and in a field for programs.
fn push(traceback: Traceback, found: &mut Found) {
    let last = |name: &Option<String>| {
        name.as_deref().map(|name| name.rsplit(['.', ':', '\\']).next().unwrap_or(name).to_owned())
    };
    let known = found.tracebacks.iter().any(|known| {
        (known.language, last(&known.exception), &known.frame)
            == (traceback.language, last(&traceback.exception), &traceback.frame)
    });
    if !known && found.tracebacks.len() < TRACEBACKS {
        found.tracebacks.push(traceback);
    }
}

fn first<'v>(object: &'v Map<String, Value>, names: &[&str]) -> Option<&'v Value> {
    names.iter().find_map(|name| object.get(*name))
}

fn first_text(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    match first(object, names)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A stack as a text or as texts, under the type and the message that stand beside it.
fn headed(object: &Map<String, Value>) -> Option<String> {
    let stack = match first(object, &FRAMES)? {
        Value::String(text) => text.clone(),
        Value::Array(all) => texts(all)?,
        _ => return None,
    };
    let name = first_text(object, &TYPES).or_else(|| first_text(object, &["errorType", "error.type", "exception"]))?;
    let message = first_text(object, &MESSAGES).unwrap_or_default();
    let stack = if stack.trim_start().starts_with("at ") { ["    ", stack.trim_start()].concat() } else { stack };
    Some(format!("{name}: {message}\n{stack}"))
}

/// A frame as an object: its place and its function.
fn frame(value: &Value) -> Option<(String, String)> {
    let object = value.as_object()?;
    let function = first_text(object, &FUNCTIONS).unwrap_or_default();
    let class = first_text(object, &CLASSES).unwrap_or_default();
    let function = if class.is_empty() || class == function { function } else { [&class, ".", &function].concat() };
    let line = first_text(object, &LINES);
    let place = match (first_text(object, &FILES), line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file,
        (None, Some(line)) if line.contains(':') => line,
        (None, _) => function.clone(),
    };
    (!place.is_empty()).then_some((place, function))
}

/// The language of frames that are objects, by the endings of their files, or by how the exception is called.
fn language(frames: &[(String, String)], object: &Map<String, Value>, name: &str) -> Language {
    const ENDINGS: [(&str, Language); 16] = [
        (".py", Language::Python),
        (".java", Language::Java),
        (".kt", Language::Java),
        (".scala", Language::Java),
        (".groovy", Language::Java),
        (".js", Language::Node),
        (".mjs", Language::Node),
        (".ts", Language::Node),
        (".go", Language::Go),
        (".rb", Language::Ruby),
        (".php", Language::Php),
        (".rs", Language::Rust),
        (".cs", Language::DotNet),
        (".ex", Language::Elixir),
        (".dart", Language::Dart),
        (".swift", Language::Swift),
    ];
    let file = |place: &str| place.rsplit_once(':').map_or(place.to_owned(), |(file, _)| file.to_owned());
    let by_file = frames.iter().find_map(|(place, _)| {
        let file = file(place);
        ENDINGS.iter().find(|(ending, _)| file.ends_with(ending)).map(|(_, language)| *language)
    });
    by_file.unwrap_or(match object.contains_key("exc_type") {
        true => Language::Python,
        false if name.contains("::") => Language::Ruby,
        false if name.contains('\\') => Language::Php,
        false if name.starts_with("System.") => Language::DotNet,
        false => Language::Java,
    })
}

/// An exception with frames that are objects.
fn exception(object: &Map<String, Value>) -> Option<Traceback> {
    let name = first_text(object, &TYPES)?;
    let stack = first(object, &FRAMES)?;
    // Sentry has the frames in an object of their own.
    let stack = stack.as_object().and_then(|inner| inner.get("frames")).unwrap_or(stack);
    let mut frames: Vec<(String, String)> = stack.as_array()?.iter().filter_map(frame).collect();
    if frames.is_empty() {
        return None;
    }
    let language = language(&frames, object, &name);
    if language == Language::Python {
        frames.reverse();
    }
    let mut traceback = begun(super::Machine::Ended, language, false).traceback;
    let module =
        object.get("exc_module").and_then(Value::as_str).filter(|module| !matches!(*module, "builtins" | "__main__"));
    let name = module.map_or(name.clone(), |module| [module, ".", &name].concat());
    said(&mut traceback, &name, &first_text(object, &MESSAGES).unwrap_or_default());
    let (place, _) = frames.first()?;
    traceback.frame = Some(place.clone());
    for (place, function) in &frames {
        application::note(&mut traceback, place, function);
        let line = if function.is_empty() { place.clone() } else { format!("{function} ({place})") };
        keep(&line, &mut traceback);
    }
    traceback.cause = ["cause", "innerException", "previous"].iter().find_map(|key| cause(object.get(*key)?));
    Some(traceback)
}

/// The root of nested causes.
fn cause(value: &Value) -> Option<String> {
    let object = value.as_object()?;
    let name = first_text(object, &TYPES)?;
    let message = first_text(object, &MESSAGES).unwrap_or_default();
    let deeper = ["cause", "innerException", "previous"].iter().find_map(|key| cause(object.get(*key)?));
    Some(deeper.unwrap_or_else(|| if message.is_empty() { name } else { format!("{name}: {message}") }))
}

/// What a hook logs of a panic: its place and what it says in fields, the backtrace if there is one.
fn panic(object: &Map<String, Value>) -> Option<Traceback> {
    const PLACES: [&str; 4] = ["panic.location", "panic.file", "location", "panic_location"];
    let place = first_text(object, &PLACES).filter(|place| place.contains(".rs"))?;
    let message = first_text(object, &["panic.payload", "panic.message", "payload", "panic", "message", "msg"])?;
    let tells =
        object.keys().any(|key| key.contains("panic") || key.contains("backtrace")) || message.contains("panic");
    if !tells {
        return None;
    }
    let mut traceback = begun(super::Machine::Ended, Language::Rust, false).traceback;
    said(&mut traceback, "panic", message.trim_start_matches("panicked at ").trim());
    let place = super::rust::file_and_line(&place).unwrap_or(place);
    application::note(&mut traceback, &place, "");
    if let Some(text) = first_text(object, &["panic.backtrace", "backtrace"]) {
        let mut inner = Found::default();
        scan_lines(&cleaned(text), 1, &mut inner);
        if let Some(frames) = inner.tracebacks.into_iter().next() {
            traceback.application = traceback.application.or(frames.application);
            traceback.lines = frames.lines;
        }
    }
    traceback.frame = Some(place);
    Some(traceback)
}

/// A backtrace of Rust that stands alone is that of what the record says.
fn complete(object: &Map<String, Value>, before: usize, found: &mut Found) {
    let [traceback] = &mut found.tracebacks[before..] else { return };
    if traceback.language == Language::Rust && traceback.exception.is_none() && traceback.message.is_empty() {
        let message = first_text(object, &["panic.payload", "payload", "message", "msg", "error"]).unwrap_or_default();
        let panicked = message.contains("panic") || object.keys().any(|key| key.contains("panic"));
        said(traceback, if panicked { "panic" } else { "" }, &message);
    }
}
