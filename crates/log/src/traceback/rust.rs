//! Rust panics and backtraces.

mod heading;

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, application, begun, indent, say};
use crate::search::Cut;
use heading::ends_with_position;
pub(super) use heading::file_and_line;
pub(super) use heading::{Heading, PANICKED, follows_thread, heading};

/// `thread 'x' panicked at src/a.rs:1:2:`, `panicked at src/a.rs:1:2:` or `Stack backtrace:`.
pub(super) fn begin(line: &str) -> Option<Begun> {
    let text = line.trim();
    if let Some(alone) = backtrace_heading(text) {
        return Some(begun(super::Machine::Rust(RustTraceback::new(RustPhase::Frames)), Language::Rust, alone));
    }
    let at = text.find(PANICKED)?;
    let by_thread = follows_thread(&text[..at]);
    if at > 0 && !(by_thread && text.starts_with("thread '")) {
        return None;
    }
    let heading = heading(&text[at..], true)?;
    let said_all = heading.message.is_some() || at + heading.length == text.len();
    said_all.then(|| panic(heading))
}

/// A panic with this heading.
pub(super) fn panic(heading: Heading) -> Begun {
    let phase = match &heading.message {
        Some(_) if heading.open => RustPhase::Quoted(0),
        Some(_) => RustPhase::More,
        None => RustPhase::Message,
    };
    let mut begun = begun(super::Machine::Rust(RustTraceback::new(phase)), Language::Rust, true);
    begun.traceback.exception = Some("panic".into());
    if let Some(place) = &heading.frame {
        application::note(&mut begun.traceback, place, "");
    }
    begun.traceback.frame = heading.frame;
    if let Some(message) = heading.message {
        say(&mut begun.traceback, &message);
    }
    begun
}

/// `The application panicked (crashed).`, as `color-eyre` reports a panic.
pub(super) fn begin_report(line: &str) -> Option<Begun> {
    if line.trim() != "The application panicked (crashed)." {
        return None;
    }
    let mut begun = begun(super::Machine::Rust(RustTraceback::new(RustPhase::Report)), Language::Rust, true);
    begun.traceback.exception = Some("panic".into());
    Some(begun)
}

/// A panic that somebody else tells of in one line: `task 5 panicked with message "boom"`, `JoinError::Panic(Id(5), "boom", …)`,
/// `Service panicked: boom`; and how long it is.
pub(super) fn told(text: &str) -> Option<(Begun, usize)> {
    let quoted = |rest: &str| {
        let (message, end, closed) = super::super::escapes::unquote(rest.strip_prefix('"')?, b'"');
        closed.then_some((message, end + 2))
    };
    let (message, length) = if let Some(rest) = text.strip_prefix("task ") {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let rest = rest[digits..].strip_prefix(" panicked with message ").filter(|_| digits > 0)?;
        let (message, end) = quoted(rest)?;
        (message, text.len() - rest.len() + end)
    } else if let Some(rest) = text.strip_prefix("JoinError::Panic(Id(") {
        let (id, rest) = rest.cut("), ")?;
        let (message, end) = quoted(rest).filter(|_| id.bytes().all(|byte| byte.is_ascii_digit()))?;
        (message, text.len() - rest.len() + end)
    } else {
        let message = text.strip_prefix("Service panicked: ")?;
        (message.to_owned(), text.len())
    };
    let mut begun = begun(super::Machine::Ended, Language::Rust, false);
    begun.traceback.exception = Some("panic".into());
    say(&mut begun.traceback, &message);
    Some((begun, length))
}

/// The panic again, for its backtrace or note after lines that could not be told to be its message.
pub(super) fn resume(line: &str, traceback: &Traceback) -> Option<super::Open> {
    let note = line.starts_with("note: run with `RUST_BACKTRACE");
    let new = !traceback.lines.iter().any(|line| line == "stack backtrace:" || line.starts_with("note: "));
    let phase = if note { RustPhase::Notes } else { RustPhase::Frames };
    let panic = traceback.exception.as_deref() == Some("panic") && new;
    (panic && (note || line == "stack backtrace:"))
        .then(|| super::Open(super::Machine::Rust(RustTraceback::new(phase))))
}

/// The frames of a `Backtrace` that somebody has written without a heading: the second line of the first.
pub(super) fn begin_without_heading(before: Before<'_, '_>, second: &str) -> Option<Begun> {
    let first = before(0)?;
    let function = numbered(first)?;
    let location = second.trim_start().strip_prefix("at ")?;
    if indent(second) <= indent(first) || !ends_with_position(location) {
        return None;
    }
    let mut machine = RustTraceback::new(RustPhase::Frames);
    let mut frames = begun(super::Machine::Ended, Language::Rust, false);
    machine.function(function, &mut frames.traceback);
    machine.location(location, &mut frames.traceback);
    frames.open = super::Open(super::Machine::Rust(machine));
    frames.before = 1;
    Some(frames)
}

/// The first cause under `Caused by:`, as `anyhow` and `eyre` write a chain, or the first line of a report by `color-eyre`.
pub(super) fn begin_chain(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let (text, heading) = (line.trim(), before(0)?.trim());
    let coloured = heading == "Error:" && numbered(line).is_some();
    let chained = heading == "Caused by:" && before(1).is_some_and(str::is_empty) && indent(line) >= 3;
    let head = before(2).filter(|head| chained && !head.is_empty());
    if text.is_empty() || !(coloured || head.is_some()) {
        return None;
    }
    let alone = coloured || head.is_some_and(|head| head.starts_with("Error: "));
    let mut chain = begun(super::Machine::Ended, Language::Rust, alone);
    let mut machine = RustTraceback::new(RustPhase::Chain);
    chain.traceback.exception = Some("Error".into());
    match head {
        Some(head) => {
            say(&mut chain.traceback, head.strip_prefix("Error: ").unwrap_or(head));
            machine.cause(line, &mut chain.traceback);
        }
        None => say(&mut chain.traceback, numbered(line).unwrap_or(text)),
    }
    chain.open = super::Open(super::Machine::Rust(machine));
    chain.before = if coloured { 1 } else { 3 };
    Some(chain)
}

/// Whether the text is the heading of a backtrace, and whether one that a panic has written.
fn backtrace_heading(text: &str) -> Option<bool> {
    match text {
        "stack backtrace:" => Some(true),
        "Stack backtrace:" => Some(false),
        _ => None,
    }
}

/// Whether a place is in the source of the standard library or of a package.
fn in_library(place: &str) -> bool {
    ["/rustc/", "/registry/src/", "/cargo/"].iter().any(|folder| place.contains(folder))
}

/// The function of `   0: function`.
pub(super) fn numbered(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let (number, function) = text.cut(": ")?;
    let is_number = !number.is_empty() && number.len() < 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !function.trim().is_empty()).then(|| function.trim())
}

/// Walks along a panic or a backtrace.
#[derive(Debug)]
pub(super) struct RustTraceback {
    phase: RustPhase,
    /// The function whose place would be the frame.
    function: Option<String>,
    /// The last function, whatever it is.
    named: Option<String>,
    /// Whether causes were announced.
    causes: bool,
}

#[derive(Debug, Clone, Copy)]
enum RustPhase {
    /// The next line is the message, whatever it is.
    Message,
    /// More of the message, notes, or a backtrace.
    More,
    /// The causes of an error that `anyhow` or `eyre` has written, where it was made, a backtrace.
    Chain,
    /// Frames of the backtrace.
    Frames,
    /// What `color-eyre` says of a panic, in words.
    Report,
    /// The message of an old panic goes on, up to its quote; how many lines it has.
    Quoted(usize),
    /// Notes after the end.
    Notes,
}

impl RustTraceback {
    fn new(phase: RustPhase) -> Self {
        Self { phase, function: None, named: None, causes: false }
    }

    /// Whether the last line was a cause, at the end of which fields may stand.
    pub(super) fn at_cause(&self) -> bool {
        matches!(self.phase, RustPhase::Chain)
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim();
        match self.phase {
            RustPhase::Message => {
                say(traceback, text);
                self.phase = RustPhase::More;
                true
            }
            _ if text.starts_with("note: ") => {
                self.phase = RustPhase::Notes;
                true
            }
            RustPhase::Report => self.report(text, traceback),
            RustPhase::Quoted(lines) => self.quoted(lines, text, traceback),
            RustPhase::More => self.more(line, text, traceback),
            RustPhase::Chain => self.chain(line, text, traceback),
            RustPhase::Frames => self.frames(line, text, traceback),
            RustPhase::Notes => false,
        }
    }

    fn report(&mut self, text: &str, traceback: &mut Traceback) -> bool {
        if let Some(message) = text.strip_prefix("Message:") {
            say(traceback, message.trim());
        } else if let Some(place) = text.strip_prefix("Location:") {
            traceback.frame = file_and_line(place);
            if let Some(place) = traceback.frame.clone() {
                application::note(traceback, &place, "");
            }
            self.phase = RustPhase::Chain;
        } else {
            // More of the message.
            if !text.is_empty() && !traceback.message.is_empty() {
                say(traceback, text);
            }
        }
        true
    }

    fn quoted(&mut self, lines: usize, text: &str, traceback: &mut Traceback) -> bool {
        self.phase = RustPhase::Quoted(lines + 1);
        let closed = text.rsplit_once("', ").filter(|(_, place)| ends_with_position(place));
        match closed {
            Some((message, place)) => {
                say(traceback, message);
                traceback.frame = file_and_line(place);
                if let Some(place) = traceback.frame.clone() {
                    application::note(traceback, &place, "");
                }
                self.phase = RustPhase::More;
            }
            None => say(traceback, text),
        }
        lines < LOOK_BACK
    }

    fn more(&mut self, line: &str, text: &str, traceback: &mut Traceback) -> bool {
        if backtrace_heading(text).is_some() {
            self.phase = RustPhase::Frames;
            return true;
        }
        // What anyhow's errors say when they are unwrapped.
        let belongs = text.is_empty() || indent(line) > 0 || text == "Caused by:";
        if belongs && !text.is_empty() {
            say(traceback, line.trim_end());
            match self.causes {
                true => self.cause(line, traceback),
                false => self.causes = text == "Caused by:",
            }
        }
        belongs
    }

    fn chain(&mut self, line: &str, text: &str, traceback: &mut Traceback) -> bool {
        if backtrace_heading(text).is_some() || text.starts_with("━━") {
            self.phase = RustPhase::Frames;
            return true;
        }
        let said = ["Location:", "Backtrace omitted.", "Run with RUST_BACKTRACE", "Caused by:"];
        if said.iter().any(|begin| text.starts_with(begin)) {
            self.causes = false;
            return true;
        }
        if indent(line) > 0 && !text.is_empty() {
            match file_and_line(text).filter(|_| !self.causes && numbered(line).is_none()) {
                Some(place) => traceback.frame = Some(place).filter(|place| !in_library(place)),
                None => self.cause(line, traceback),
            }
        }
        text.is_empty() || indent(line) > 0
    }

    /// A cause: the last of them is the root.
    fn cause(&mut self, line: &str, traceback: &mut Traceback) {
        self.causes = true;
        traceback.cause = Some(super::clip(numbered(line).unwrap_or(line.trim()), 512).to_owned());
    }

    fn frames(&mut self, line: &str, text: &str, traceback: &mut Traceback) -> bool {
        if let Some(function) = numbered(line) {
            self.function(function, traceback);
            return true;
        }
        if let Some(place) = text.strip_prefix("at ").filter(|_| indent(line) > 0) {
            self.location(place, traceback);
            return true;
        }
        // Long names are wrapped; the runtime's frames are left out with a remark in brackets.
        let remarks = ["[...", "Run with RUST_BACKTRACE", "Run with COLORBT"];
        text.is_empty() || indent(line) > 0 || remarks.iter().any(|remark| text.starts_with(remark))
    }

    fn function(&mut self, function: &str, traceback: &mut Traceback) {
        const RUNTIME: [&str; 14] = [
            "std::",
            "core::",
            "alloc::",
            "__rustc",
            "rust_",
            "anyhow::",
            "eyre::",
            "backtrace::",
            "<std::",
            "<core::",
            "<alloc::",
            "<anyhow",
            "<E as anyhow",
            "<T as anyhow",
        ];
        self.function = None;
        self.named = Some(super::clip(function, 256).to_owned());
        let runtime = RUNTIME.iter().any(|name| function.starts_with(name));
        if traceback.frame.is_none() && !runtime {
            traceback.frame = Some(super::clip(function, 256).to_owned());
            self.function = Some(function.to_owned());
        }
    }

    /// A place is better than the function's name; one in a library is none.
    fn location(&mut self, place: &str, traceback: &mut Traceback) {
        if let (Some(named), Some(place)) = (self.named.take(), file_and_line(place)) {
            application::note(traceback, &place, &named);
        }
        if self.function.take().is_some() {
            traceback.frame = match file_and_line(place) {
                Some(place) if in_library(&place) => None,
                Some(place) => Some(place),
                None => traceback.frame.take(),
            };
        }
    }
}
