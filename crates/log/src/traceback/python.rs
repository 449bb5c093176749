//! Python's tracebacks: simple, chained, and those of exception groups.

use super::super::{Language, Traceback};
use super::{Begun, begun, indent, say};

/// The heading of a traceback.
pub(super) const HEADING: &str = "Traceback (most recent call last):";
const GROUP: &str = "+ Exception Group Traceback (most recent call last):";

const DURING: &str = "During handling of the above exception, another exception occurred:";
const CAUSE: &str = "The above exception was the direct cause of the following exception:";

/// A heading that is the whole line, or the place of a syntax error that has none.
pub(super) fn begin(line: &str) -> Option<Begun> {
    let text = line.trim();
    let (phase, alone) = match text {
        HEADING => (Phase::Body, true),
        GROUP => (Phase::Group { settled: false }, true),
        // The place where a program's own text is wrong, indented by two.
        _ if indent(line) == 2 && place(text).is_some_and(|(_, rest)| rest.is_empty()) => (Phase::Body, true),
        _ if text.starts_with("Fatal Python error: ") => (Phase::Fatal, true),
        _ if is_box(text) => (Phase::Box, true),
        _ if announces(text) => (Phase::Announced, true),
        _ => return None,
    };
    let base = if text == HEADING || text == GROUP { indent(line) } else { 0 };
    let mut begun = at(base, phase, alone);
    if let Some(message) = text.strip_prefix("Fatal Python error: ") {
        begun.traceback.exception = Some("Fatal Python error".into());
        say(&mut begun.traceback, message);
    } else if base == 0 && phase == Phase::Body {
        begun.traceback.frame = place(text).map(|(frame, _)| frame);
    }
    Some(begun)
}

/// Whether the line is one that Python writes before a traceback that nobody was there to catch.
fn announces(text: &str) -> bool {
    (text.starts_with("Exception in thread ") && text.ends_with(':') && !text.contains('"'))
        || text.starts_with("Exception ignored in: ")
        || text.starts_with("Exception ignored in thread started by")
        || text == "--- Logging error ---"
}

/// Whether the line is the upper edge of the box that Rich draws around a traceback.
fn is_box(text: &str) -> bool {
    text.starts_with('╭') && text.contains("Traceback (most recent call last)")
}

/// A traceback whose heading stood at the end of a line with other text.
pub(super) fn in_line() -> Begun {
    at(0, Phase::Body, false)
}

/// The traceback again, for a line that chains another exception to it.
pub(super) fn resume(line: &str, traceback: &Traceback) -> Option<super::Open> {
    let text = line.trim();
    // The second line of a message stands without bars.
    let member = text.starts_with("+---------------- ") && traceback.lines.iter().any(|line| line.trim() == GROUP);
    let phase = if member { Phase::Group { settled: true } } else { Phase::Chained };
    (member || is_chain(text)).then(|| {
        super::Open(super::Machine::Python(Machine::new(
            indent(line).saturating_sub(if member { 2 } else { 0 }),
            phase,
        )))
    })
}

fn at(base: usize, phase: Phase, alone: bool) -> Begun {
    begun(super::Machine::Python(Machine::new(base, phase)), Language::Python, alone)
}

fn is_chain(text: &str) -> bool {
    text == DURING || text == CAUSE
}

/// `x.py:3` of `File "x.py", line 3, in f`, and what follows the number.
fn place(text: &str) -> Option<(String, &str)> {
    let (file, rest) = text.strip_prefix("File \"")?.split_once("\", line ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (line, rest) = rest.split_at(digits);
    let follows = rest.is_empty() || rest.starts_with(", in ") || rest.starts_with(" in ");
    (digits > 0 && follows).then(|| (format!("{file}:{line}"), rest))
}

/// The type and the message of `a.b.Error: message`.
fn exception(text: &str) -> Option<(&str, &str)> {
    let (name, message) = match text.split_once(':') {
        Some((name, message)) if message.is_empty() || message.starts_with(' ') => (name, message.trim_start()),
        Some(_) => return None,
        None => (text.trim_end(), ""),
    };
    let identifier = |part: &str| {
        part == "<locals>"
            || (part.chars().all(|c| c.is_alphanumeric() || c == '_')
                && part.chars().next().is_some_and(|c| !c.is_numeric()))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    // A word alone may be anything; the names of exceptions are capitalised.
    let named = text.contains(':') || last.starts_with(char::is_uppercase);
    (named && name.len() <= 256 && name.split('.').all(identifier)).then_some((name, message))
}

/// Walks along a traceback.
#[derive(Debug)]
pub(super) struct Machine {
    /// How far it is indented as a whole.
    base: usize,
    phase: Phase,
    /// The last place before the exception.
    frame: Option<String>,
    blank: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Places and source lines, up to the exception.
    Body,
    /// More of what the exception says, or an announcement of another one.
    Raised,
    /// A further traceback was announced.
    Chained,
    /// Everything behind bars; whether the group's own exception is known.
    Group { settled: bool },
    /// What the interpreter says when it dies.
    Fatal,
    /// The heading comes next, or the exception.
    Announced,
    /// Inside the box that Rich draws.
    Box,
}

impl Machine {
    fn new(base: usize, phase: Phase) -> Self {
        Self { base, phase, frame: None, blank: false }
    }

    /// Whether no place has come yet.
    pub(super) fn at_beginning(&self) -> bool {
        self.phase == Phase::Body && self.frame.is_none()
    }

    pub(super) fn at_exception(&self) -> bool {
        self.phase == Phase::Raised
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let (text, depth) = (line.trim(), indent(line));
        let blank = std::mem::replace(&mut self.blank, text.is_empty());
        match self.phase {
            _ if text.is_empty() => true,
            Phase::Body => self.body(text, depth, traceback),
            Phase::Raised => self.raised(line, text, depth, blank, traceback),
            Phase::Chained => self.chained(text, depth, traceback),
            Phase::Group { settled } => self.group(line, settled, traceback),
            Phase::Fatal => fatal(text, depth, traceback),
            Phase::Announced => self.chained(text, depth, traceback),
            Phase::Box => self.boxed(text, traceback),
        }
    }

    fn body(&mut self, text: &str, depth: usize, traceback: &mut Traceback) -> bool {
        if depth > self.base {
            if let Some((frame, _)) = place(text) {
                self.frame = Some(frame);
            }
            return true;
        }
        self.raise(text, traceback)
    }

    /// Takes the line that says what was raised.
    fn raise(&mut self, text: &str, traceback: &mut Traceback) -> bool {
        let Some((name, message)) = exception(text) else { return false };
        if let (Some(first), None) = (&traceback.exception, &traceback.cause) {
            let said = if traceback.message.is_empty() { "" } else { ": " };
            traceback.cause = Some([first, said, &traceback.message].concat());
        }
        traceback.exception = Some(name.to_owned());
        traceback.message.clear();
        say(traceback, message);
        if let Some(frame) = self.frame.take() {
            traceback.frame = Some(frame);
        }
        self.phase = Phase::Raised;
        true
    }

    fn raised(&mut self, line: &str, text: &str, depth: usize, blank: bool, traceback: &mut Traceback) -> bool {
        if is_chain(text) {
            self.phase = Phase::Chained;
            true
        } else if depth > self.base && !blank {
            say(traceback, line.get(self.base..).unwrap_or(line).trim_end());
            true
        } else {
            // What `logging` adds to the traceback of its own failure.
            let own = traceback.lines.iter().any(|line| line == "Call stack:");
            text == "Call stack:"
                || own && (depth > 0 || text.starts_with("Message: ") || text.starts_with("Arguments: "))
        }
    }

    /// Places inside of the box, the exception under it.
    fn boxed(&mut self, text: &str, traceback: &mut Traceback) -> bool {
        if let Some(inside) = text.strip_prefix('│') {
            let place = inside.trim_start().split(' ').next().unwrap_or_default();
            let placed = place.rsplit_once(':').is_some_and(|(file, line)| {
                !file.is_empty() && !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
            });
            if placed {
                self.frame = Some(place.to_owned());
            }
            return true;
        }
        text.starts_with(['╰', '╭']) || self.raise(text, traceback)
    }

    fn chained(&mut self, text: &str, depth: usize, traceback: &mut Traceback) -> bool {
        self.base = if text == HEADING || text == GROUP { depth } else { self.base };
        match text {
            HEADING => self.phase = Phase::Body,
            GROUP => self.phase = Phase::Group { settled: false },
            _ if is_box(text) => self.phase = Phase::Box,
            // An exception that was never raised has no traceback of its own.
            _ => return self.raise(text, traceback),
        }
        true
    }

    /// The outermost level has the group's own exception; the levels within have those of its members.
    fn group(&mut self, line: &str, settled: bool, traceback: &mut Traceback) -> bool {
        let text = line.trim_start();
        if is_chain(text.trim_end()) {
            self.phase = Phase::Chained;
            return true;
        }
        let Some(inside) = text.strip_prefix('|') else { return text.starts_with('+') };
        if indent(line) != self.base {
            return true;
        }
        let inside = inside.strip_prefix(' ').unwrap_or(inside).trim_end();
        if is_chain(inside) {
            self.phase = Phase::Group { settled: false };
        } else if settled {
        } else if let Some((frame, _)) = place(inside.trim_start()) {
            self.frame = Some(frame);
        } else if indent(inside) == 0 && self.raise(inside, traceback) {
            self.phase = Phase::Group { settled: true };
        }
        true
    }
}

fn fatal(text: &str, depth: usize, traceback: &mut Traceback) -> bool {
    if let Some((frame, _)) = place(text).filter(|_| traceback.frame.is_none()) {
        traceback.frame = Some(frame);
    }
    const LINES: [&str; 6] = [
        "Current thread ",
        "Thread 0x",
        "Python runtime state:",
        "Extension modules:",
        "Current thread's C stack trace",
        "<no Python frame>",
    ];
    depth > 0
        || text.starts_with("File \"")
        || LINES.iter().any(|known| text.starts_with(known))
        || exception_line(text)
}

/// The exception that Python could not start for, such as `ModuleNotFoundError: No module named 'encodings'`.
fn exception_line(text: &str) -> bool {
    exception(text).is_some_and(|(name, _)| name.ends_with("Error"))
}
