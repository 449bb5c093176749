//! What Java, Kotlin and others on their machine write: an exception, its frames, its causes.

use crate::search::Cut;
use std::sync::LazyLock;

use regex::Regex;

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, application, begun, heading_above, pattern, said};

const UNCAUGHT: &str = "Exception in thread \"";
/// How long a line is at least that a terminal has wrapped.
const WRAPPED: usize = 60;

/// `Exception in thread "main" java.lang.X: message`
pub(super) fn begin(line: &str) -> Option<Begun> {
    let (_, exception) = line.strip_prefix(UNCAUGHT)?.cut("\" ")?;
    let (name, message) = heading(exception)?;
    let mut begun = begun(super::Machine::Java(JavaTraceback::new(JavaPhase::Message)), Language::Java, true);
    said(&mut begun.traceback, name, message);
    Some(begun)
}

/// The first frame: the exception is in a line before it.
pub(super) fn begin_after(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let place = frame(line)?;
    // A class may have a name in small letters: then it stands alone in the line above.
    let small = before(0).and_then(small_heading).map(|found| (0, found));
    let (at, (name, message)) = heading_above(before, |line| frame(line).is_some(), in_line).or(small)?;
    let spaced = before(0).is_some_and(str::is_empty);
    let machine = JavaTraceback { spaced, ..JavaTraceback::new(JavaPhase::Frames) };
    let mut begun = begun(super::Machine::Java(machine), Language::Java, false);
    said(&mut begun.traceback, name, message);
    for between in (0..at).rev().filter_map(before).filter(|line| !line.is_empty()) {
        super::say(&mut begun.traceback, between);
    }
    application::note(&mut begun.traceback, &place, method(line));
    begun.traceback.frame = Some(place);
    begun.before = at + 1;
    Some(begun)
}

/// The end of a frame that a terminal has wrapped: the rest of it stands above.
pub(super) fn begin_wrapped(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let above = before(0).filter(|above| line.ends_with(')') && is_begun(above))?;
    begin_after(&|lines| before(lines + 1), &[above, line].concat())
        .map(|begun| Begun { before: begun.before + 1, ..begun })
}

/// Whether the line is a frame without its end.
fn is_begun(line: &str) -> bool {
    let call = line.trim_start().strip_prefix("at ");
    call.is_some_and(|call| {
        line.starts_with(['\t', ' ']) && line.len() >= WRAPPED && call.contains('.') && !call.contains([')', ' '])
    })
}

/// The banner with which the machine itself ends: everything in it begins with `#`.
pub(super) fn begin_banner(line: &str) -> Option<Begun> {
    let what = match line.trim_end() {
        "# A fatal error has been detected by the Java Runtime Environment:" => "fatal error",
        "# There is insufficient memory for the Java Runtime Environment to continue." => "insufficient memory",
        _ => return None,
    };
    let mut begun = begun(super::Machine::Java(JavaTraceback::new(JavaPhase::Banner)), Language::Java, true);
    said(&mut begun.traceback, what, "");
    Some(begun)
}

/// The trace again, where empty lines stand between its parts.
pub(super) fn resume(line: &str, traceback: &Traceback) -> Option<super::Open> {
    let chained = ["Caused by: ", "Caused: "].iter().any(|begin| line.starts_with(begin));
    let banner = traceback.lines.last().is_some_and(|last| last.starts_with('#'));
    (chained && !banner).then(|| super::Open(super::Machine::Java(JavaTraceback::new(JavaPhase::Message))))
}

/// `a.b.C.m` of `\tat module/a.b.C.m(File.java:12)`
fn method(line: &str) -> &str {
    let call = line.trim_start().strip_prefix("at ").unwrap_or_default();
    let name = call.split('(').next().unwrap_or_default();
    name.rsplit('/').next().unwrap_or(name)
}

/// The exception with which a line ends, whatever is before.
fn in_line(text: &str) -> Option<(&str, &str)> {
    static EXCEPTION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?:^|[\s:(\[>"',|])((?:[\w$]+\.)*[\w$]*(?:Exception|Error|Throwable|Failure|Interrupt|Death)[\w$]*)(?:: ?(.*))?$"#,
        )
    });
    // As Android's reports say it.
    let text = text.strip_prefix("Fatal Exception: ").unwrap_or(text);
    let (name, message) = heading(text).or_else(|| {
        let found = EXCEPTION.captures(text)?;
        Some((found.get(1)?.as_str(), found.get(2).map_or("", |message| message.as_str())))
    })?;
    // `Exception: java.io.IOException: tea` only announces what was thrown.
    let announced = matches!(name, "Exception" | "Error" | "Throwable" | "exception" | "error");
    heading(message).filter(|(name, _)| announced && name.contains('.')).or(Some((name, message)))
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

/// `a.b.c: message`, where the class is named in small letters.
fn small_heading(text: &str) -> Option<(&str, &str)> {
    let (name, message) = text.cut(": ").unwrap_or((text, ""));
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(&byte));
    (name.split('.').count() >= 3 && name.split('.').all(part)).then_some((name, message))
}

/// `File.java:12` of `\tat a.b.C.m(File.java:12)`, or the method when the file is not known.
pub(super) fn frame(line: &str) -> Option<String> {
    let text = line.trim_start();
    let call = text.strip_prefix("at ").filter(|_| text.len() < line.len())?;
    let (method, rest) = call.split_once('(')?;
    let (file, _) = rest.split_once(')')?;
    let method = method.rsplit('/').next()?;
    if method.is_empty() || method.contains(char::is_whitespace) || !method.contains('.') {
        return None;
    }
    let (name, number) = file.rsplit_once(':').unwrap_or((file, "0"));
    let placed = (name.contains('.') || name == "SourceFile")
        && !name.contains(['/', ' ', ','])
        && number.bytes().all(|byte| byte.is_ascii_digit());
    match file {
        "Native Method" | "Unknown Source" | "<generated>" => Some(method.to_owned()),
        _ if placed && number != "0" => Some(file.to_owned()),
        _ if placed => Some(method.to_owned()),
        _ => None,
    }
}

/// Walks along a stack trace.
#[derive(Debug)]
pub(super) struct JavaTraceback {
    phase: JavaPhase,
    /// Whether what comes belongs to the exception that was thrown, not to a suppressed one or a cause.
    own: bool,
    /// How many lines of a message were taken.
    message: usize,
    /// Whether an empty line stands behind each.
    spaced: bool,
    /// A frame that a terminal has wrapped: its end comes.
    begun: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JavaPhase {
    /// More of what the exception says, up to its first frame.
    Message,
    Frames,
    /// The banner of the machine; whether the next line is the frame in which it happened.
    Banner,
    BannerFrame,
}

impl JavaTraceback {
    fn new(phase: JavaPhase) -> Self {
        Self { phase, own: true, message: 0, spaced: false, begun: None }
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim_start();
        if matches!(self.phase, JavaPhase::Banner | JavaPhase::BannerFrame) {
            return self.banner(line, traceback);
        }
        if text.is_empty() && self.spaced {
            return true;
        }
        let begun = self.begun.take().filter(|_| text.len() == line.len());
        let whole = begun.map(|begun| [begun.as_str(), line].concat());
        let line = whole.as_deref().filter(|whole| frame(whole).is_some()).unwrap_or(line);
        let text = line.trim_start();
        if let Some(place) = frame(line) {
            application::note(traceback, &place, method(line));
            if self.own && traceback.frame.is_none() {
                traceback.frame = Some(place);
            }
            self.phase = JavaPhase::Frames;
            return true;
        }
        let indented = text.len() < line.len();
        if indented && (text.starts_with("... ") || text.starts_with("at ")) {
            self.phase = JavaPhase::Frames;
            self.begun = is_begun(line).then(|| super::clip(line, 512).to_owned());
            return true;
        }
        // Jenkins writes the root first, and what followed from it under it.
        if let Some((name, message)) = line.strip_prefix("Caused: ").and_then(in_line) {
            let colon = if traceback.message.is_empty() { "" } else { ": " };
            let root = [traceback.exception.as_deref().unwrap_or_default(), colon, &traceback.message].concat();
            traceback.cause.get_or_insert(root);
            said(traceback, name, message);
            (traceback.frame, traceback.application) = (None, None);
            (self.phase, self.own, self.message) = (JavaPhase::Message, true, 0);
            return true;
        }
        if let Some(cause) = text.strip_prefix("Caused by: ").or_else(|| text.strip_prefix("Wrapped by: ")) {
            // The cause of a suppressed exception is not that of the whole.
            if !indented {
                traceback.cause = Some(super::clip(cause.trim_end(), 512).to_owned());
            }
            (self.phase, self.own, self.message) = (JavaPhase::Message, false, 0);
            return true;
        }
        if text.starts_with("Suppressed: ") || text.starts_with("[CIRCULAR REFERENCE") {
            (self.phase, self.own, self.message) = (JavaPhase::Message, false, 0);
            return true;
        }
        self.message += 1;
        let belongs = self.phase == JavaPhase::Message && self.message < LOOK_BACK && !text.is_empty();
        if belongs && self.own {
            super::say(traceback, line.trim_end());
        }
        belongs
    }

    /// `#  SIGSEGV (0xb) at pc=…`, `# Problematic frame:` and the frame under it.
    fn banner(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let Some(text) = line.strip_prefix('#').map(str::trim) else { return false };
        if self.phase == JavaPhase::BannerFrame {
            traceback.frame = Some(super::clip(text, 256).to_owned());
            self.phase = JavaPhase::Banner;
        } else if text.starts_with("Problematic frame:") {
            self.phase = JavaPhase::BannerFrame;
        } else if traceback.message.is_empty() && !text.is_empty() {
            let signal =
                text.split(' ').next().filter(|name| name.starts_with("SIG") || name.starts_with("EXCEPTION_"));
            let what = signal.map_or_else(|| traceback.exception.clone().unwrap_or_default(), str::to_owned);
            said(traceback, &what, text);
        }
        true
    }
}
