//! What Java, Kotlin and others on their machine write: an exception, its frames, its causes.

use std::sync::LazyLock;

use regex::Regex;

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, begun, heading_above, pattern, said};

const UNCAUGHT: &str = "Exception in thread \"";

/// `Exception in thread "main" java.lang.X: message`
pub(super) fn begin(line: &str) -> Option<Begun> {
    let (_, exception) = line.strip_prefix(UNCAUGHT)?.split_once("\" ")?;
    let (name, message) = heading(exception)?;
    let mut begun = begun(super::Machine::Java(Machine::new(Phase::Message)), Language::Java, true);
    said(&mut begun.traceback, name, message);
    Some(begun)
}

/// The first frame: the exception is in a line before it.
pub(super) fn begin_after(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let place = frame(line)?;
    let (at, (name, message)) = heading_above(before, |line| frame(line).is_some(), in_line)?;
    let mut begun = begun(super::Machine::Java(Machine::new(Phase::Frames)), Language::Java, false);
    said(&mut begun.traceback, name, message);
    for between in (0..at).rev().filter_map(before) {
        super::say(&mut begun.traceback, between);
    }
    begun.traceback.frame = Some(place);
    begun.before = at + 1;
    Some(begun)
}

/// The exception with which a line ends, whatever is before.
fn in_line(text: &str) -> Option<(&str, &str)> {
    static EXCEPTION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[\s:(\[>])((?:[\w$]+\.)*[\w$]*(?:Exception|Error|Throwable|Failure|Interrupt|Death)[\w$]*)(?:: ?(.*))?$",
        )
    });
    heading(text).or_else(|| {
        let found = EXCEPTION.captures(text)?;
        Some((found.get(1)?.as_str(), found.get(2).map_or("", |message| message.as_str())))
    })
}

/// The class and the message of `a.b.Exception: message`. A class is known by its package, or by what it is called.
fn heading(text: &str) -> Option<(&str, &str)> {
    let (name, message) = match text.split_once(':') {
        Some((name, message)) => (name, message.strip_prefix(' ').unwrap_or(message)),
        None => (text, ""),
    };
    let class = name.rsplit(['.', '$']).next()?;
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let called = ["Exception", "Error", "Throwable"].iter().any(|ending| class.ends_with(ending));
    let packaged = name.contains('.') && class.starts_with(char::is_uppercase) && !name.ends_with("Thread.State");
    (name.split('.').all(word) && (called || packaged)).then_some((name, message))
}

/// `File.java:12` of `\tat a.b.C.m(File.java:12)`, or the method when the file is not known.
fn frame(line: &str) -> Option<String> {
    let text = line.trim_start();
    let call = text.strip_prefix("at ").filter(|_| text.len() < line.len())?;
    let (method, rest) = call.split_once('(')?;
    let (file, _) = rest.split_once(')')?;
    let method = method.rsplit('/').next()?;
    if method.is_empty() || method.contains(char::is_whitespace) || !method.contains('.') {
        return None;
    }
    let (name, number) = file.rsplit_once(':').unwrap_or((file, "0"));
    let placed =
        name.contains('.') && !name.contains(['/', ' ', ',']) && number.bytes().all(|byte| byte.is_ascii_digit());
    match file {
        "Native Method" | "Unknown Source" | "<generated>" => Some(method.to_owned()),
        _ if placed && number != "0" => Some(file.to_owned()),
        _ if placed => Some(method.to_owned()),
        _ => None,
    }
}

/// Walks along a stack trace.
#[derive(Debug)]
pub(super) struct Machine {
    phase: Phase,
    /// Whether what comes belongs to the exception that was thrown, not to a suppressed one or a cause.
    own: bool,
    /// How many lines of a message were taken.
    message: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// More of what the exception says, up to its first frame.
    Message,
    Frames,
}

impl Machine {
    fn new(phase: Phase) -> Self {
        Self { phase, own: true, message: 0 }
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim_start();
        if let Some(place) = frame(line) {
            if self.own && traceback.frame.is_none() {
                traceback.frame = Some(place);
            }
            self.phase = Phase::Frames;
            return true;
        }
        let indented = text.len() < line.len();
        if indented && (text.starts_with("... ") || text.starts_with("at ")) {
            self.phase = Phase::Frames;
            return true;
        }
        if let Some(cause) = text.strip_prefix("Caused by: ").or_else(|| text.strip_prefix("Wrapped by: ")) {
            // The cause of a suppressed exception is not that of the whole.
            if !indented {
                traceback.cause = Some(super::clip(cause.trim_end(), 512).to_owned());
            }
            (self.phase, self.own, self.message) = (Phase::Message, false, 0);
            return true;
        }
        if text.starts_with("Suppressed: ") || text.starts_with("[CIRCULAR REFERENCE") {
            (self.phase, self.own, self.message) = (Phase::Message, false, 0);
            return true;
        }
        self.message += 1;
        let belongs = self.phase == Phase::Message && self.message < LOOK_BACK && !text.is_empty();
        if belongs && self.own {
            super::say(traceback, line.trim_end());
        }
        belongs
    }
}
