//! Python's tracebacks: simple, chained, and those of exception groups.

use super::super::{Language, Traceback};
use super::{Begun, application, begun, indent, say};
use crate::search::Cut;

/// The heading of a traceback.
pub(super) const HEADING: &str = "Traceback (most recent call last):";
const GROUP: &str = "+ Exception Group Traceback (most recent call last):";

const DURING: &str = "During handling of the above exception, another exception occurred:";
const CAUSE: &str = "The above exception was the direct cause of the following exception:";

/// A heading that is the whole line, or the place of a syntax error that has none.
pub(super) fn begin(line: &str) -> Option<Begun> {
    let text = line.trim();
    let (phase, alone) = match text {
        HEADING => (PythonPhase::Body, true),
        GROUP => (PythonPhase::Group { settled: false }, true),
        // The place where a program's own text is wrong, indented by two.
        _ if indent(line) == 2 && place(text).is_some_and(|(_, rest)| rest.is_empty()) => (PythonPhase::Body, true),
        // A log that begins within a traceback.
        _ if indent(line) == 2 && place(text).is_some_and(|(_, rest)| rest.starts_with(", in ")) => {
            (PythonPhase::Body, true)
        }
        _ if text.starts_with("Fatal Python error: ") => (PythonPhase::Fatal, true),
        _ if is_box(text) => (PythonPhase::Box, true),
        _ if announces(text) => (PythonPhase::Announced, true),
        _ => return None,
    };
    let base = if text == HEADING || text == GROUP { indent(line) } else { 0 };
    let mut begun = at(base, phase, alone);
    if let Some(message) = text.strip_prefix("Fatal Python error: ") {
        begun.traceback.exception = Some("Fatal Python error".into());
        say(&mut begun.traceback, message);
    } else if base == 0 && phase == PythonPhase::Body {
        begun.traceback.frame = place(text).map(|(frame, _)| frame);
        begun.traceback.application = begun.traceback.frame.clone();
    }
    Some(begun)
}

/// A place that was logged as a record of its own: the trace began before it.
pub(in super::super) fn begin_logged(message: &str) -> Option<Begun> {
    let (frame, _) = place(message.trim()).filter(|(_, rest)| rest.starts_with(", in "))?;
    let mut begun = at(0, PythonPhase::Body, false);
    if let super::Machine::Python(machine) = &mut begun.open.0 {
        machine.at(frame);
        machine.note_unraised(&mut begun.traceback);
    }
    Some(begun)
}

/// `ValueError                    Traceback (most recent call last)`, as IPython writes it.
pub(super) fn begin_interactive(line: &str) -> Option<Begun> {
    let text =
        line.trim().strip_suffix("Traceback (most recent call last)").or_else(|| line.trim().strip_suffix(HEADING))?;
    let name = text.trim_end();
    let padded = text.len() - name.len() >= 3;
    let (_, message) = exception(name).filter(|_| padded)?;
    let mut begun = at(0, PythonPhase::Interactive, true);
    begun.traceback.exception = Some(name.to_owned());
    message.is_empty().then_some(begun)
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
    text.starts_with('╭') && text.holds("Traceback (most recent call last)")
}

/// A traceback whose heading stood at the end of a line with other text.
pub(super) fn in_line() -> Begun {
    at(0, PythonPhase::Body, false)
}

/// The traceback again, for a line that chains another exception to it.
pub(super) fn resume(line: &str, traceback: &Traceback) -> Option<super::Open> {
    let text = line.trim();
    // The second line of a message stands without bars.
    let member = text.starts_with("+---------------- ") && traceback.lines.iter().any(|line| line.trim() == GROUP);
    let phase = if member { PythonPhase::Group { settled: true } } else { PythonPhase::Chained };
    (member || is_chain(text)).then(|| {
        super::Open(super::Machine::Python(PythonTraceback::new(
            indent(line).saturating_sub(if member { 2 } else { 0 }),
            phase,
        )))
    })
}

fn at(base: usize, phase: PythonPhase, alone: bool) -> Begun {
    begun(super::Machine::Python(PythonTraceback::new(base, phase)), Language::Python, alone)
}

fn is_chain(text: &str) -> bool {
    text == DURING || text == CAUSE
}

/// `x.py:3` of `File "x.py", line 3, in f`, and what follows the number.
pub(super) fn place(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix("File \"")?;
    // In a cell of a table quotes are doubled.
    let (file, rest) = match text.strip_prefix('"') {
        Some(text) => text.split_once("\"\", line ")?,
        None => text.split_once("\", line ")?,
    };
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
    // Ray names the exception of the other process in parentheses.
    let name = match name.strip_suffix(')').and_then(|name| name.split_once('(')) {
        Some((outer, _)) if outer.ends_with("RayTaskError") => outer,
        _ => name,
    };
    (named && name.len() <= 256 && name.split('.').all(identifier)).then_some((name, message))
}

/// Walks along a traceback.
#[derive(Debug)]
pub(super) struct PythonTraceback {
    /// How far it is indented as a whole.
    base: usize,
    phase: PythonPhase,
    /// The last place before the exception.
    frame: Option<String>,
    /// The last place of the application before the exception.
    own: Option<String>,
    blank: bool,
    /// How many lines of source may still follow a place that is not indented.
    bare: u8,
    /// Whether the exception at a leaf of the group is known, and whether what follows from it may still come.
    leaf: Leaf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaf {
    None,
    /// Known, and in its own section.
    Within,
    /// Chained to another one that comes.
    Chained,
    Settled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PythonPhase {
    /// Places and source lines, up to the exception.
    Body,
    /// More of what the exception says, or an announcement of another one.
    Raised,
    /// The exception and a colon were printed; what it says comes.
    Announcing,
    /// A further traceback was announced.
    Chained,
    /// Everything behind bars; whether the group's own exception is known.
    Group { settled: bool },
    /// What IPython shows: places and source, up to the exception that its heading names.
    Interactive,
    /// What the interpreter says when it dies.
    Fatal,
    /// The heading comes next, or the exception.
    Announced,
    /// Inside the box that Rich draws.
    Box,
}

impl PythonTraceback {
    fn new(base: usize, phase: PythonPhase) -> Self {
        Self { base, phase, frame: None, own: None, blank: false, bare: 0, leaf: Leaf::None }
    }

    /// Whether no place has come yet.
    pub(super) fn at_beginning(&self) -> bool {
        self.phase == PythonPhase::Body && self.frame.is_none()
    }

    pub(super) fn at_exception(&self) -> bool {
        self.phase == PythonPhase::Raised
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let (text, depth) = (line.trim(), indent(line));
        let blank = std::mem::replace(&mut self.blank, text.is_empty());
        match self.phase {
            _ if text.is_empty() => true,
            PythonPhase::Body => self.body(text, depth, traceback),
            PythonPhase::Raised => self.raised(line, text, depth, blank, traceback),
            PythonPhase::Announcing => {
                say(traceback, text);
                self.phase = PythonPhase::Raised;
                true
            }
            PythonPhase::Chained => self.chained(text, depth, traceback),
            PythonPhase::Group { settled } => self.group(line, settled, traceback),
            PythonPhase::Interactive => self.interactive(text, traceback),
            PythonPhase::Fatal => fatal(text, depth, traceback),
            PythonPhase::Announced => self.chained(text, depth, traceback),
            PythonPhase::Box => self.boxed(text, traceback),
        }
    }

    fn body(&mut self, text: &str, depth: usize, traceback: &mut Traceback) -> bool {
        // loguru marks the frame that has caught it.
        let marked = text.strip_prefix("> ").filter(|text| text.starts_with("File \""));
        let (text, depth) = marked.map_or((text, depth), |text| (text, depth + 2));
        if depth > self.base {
            if let Some((frame, _)) = place(text) {
                self.at(frame);
                self.note_unraised(traceback);
            }
            return true;
        }
        if let Some((frame, _)) = place(text).filter(|(_, rest)| rest.starts_with(", in ")) {
            self.at(frame);
            self.note_unraised(traceback);
            self.bare = 2;
            return true;
        }
        if self.bare > 0 {
            // The source of a place that has lost its indentation, and what is marked in it.
            let marks = text.bytes().all(|byte| b"^~ ".contains(&byte));
            let raised = exception(text).is_some_and(|(name, _)| name.contains(char::is_uppercase));
            let source = !raised && (self.bare == 2 || marks);
            self.bare -= 1;
            if source {
                return true;
            }
        }
        self.raise(text, traceback)
    }

    /// A log that ends within a traceback has its innermost place all the same.
    fn note_unraised(&self, traceback: &mut Traceback) {
        if traceback.exception.is_none() {
            traceback.frame.clone_from(&self.frame);
            traceback.application.clone_from(&self.own);
        }
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
        if let Some(own) = self.own.take() {
            traceback.application = Some(own);
        }
        self.phase = PythonPhase::Raised;
        true
    }

    /// A place on the way to the exception.
    fn at(&mut self, place: String) {
        if !application::is_library(Language::Python, &place, "") {
            self.own = Some(place.clone());
        }
        self.frame = Some(place);
    }

    fn interactive(&mut self, text: &str, traceback: &mut Traceback) -> bool {
        let name = traceback.exception.clone().unwrap_or_default();
        let said = text.strip_prefix(name.as_str()).filter(|rest| rest.is_empty() || rest.starts_with(':'));
        if said.is_some() {
            traceback.exception = None;
            return self.raise(text, traceback);
        }
        if let Some(rest) = text.strip_prefix("File ") {
            // `File /srv/cup.py:5, in pour(x)`
            let place = rest.split(", in ").next().unwrap_or(rest);
            let numbered =
                place.rsplit_once(':').is_some_and(|(_, line)| line.bytes().all(|byte| byte.is_ascii_digit()));
            if numbered {
                self.at(place.to_owned());
            }
        } else if let Some((cell, rest)) =
            text.cut(", line ").filter(|(cell, _)| cell.holds("In [") || cell.holds("In["))
        {
            let line: String = rest.chars().take_while(char::is_ascii_digit).collect();
            self.at(format!("{cell}:{line}"));
        } else if let Some((file, _)) =
            text.cut(" in ").filter(|(file, _)| file.ends_with(".py") || file.starts_with('<'))
        {
            self.at(file.to_owned());
        } else if let Some(rest) = text.strip_prefix("----> ").or_else(|| text.strip_prefix("---> ")) {
            // The number of the line, where the place has none.
            let line: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if let Some(place) = self.frame.take().filter(|_| !line.is_empty()) {
                let numbered =
                    place.rsplit_once(':').is_some_and(|(_, line)| line.bytes().all(|byte| byte.is_ascii_digit()));
                let place = if numbered { place } else { format!("{place}:{line}") };
                self.at(place);
            }
        }
        true
    }

    fn raised(&mut self, line: &str, text: &str, depth: usize, blank: bool, traceback: &mut Traceback) -> bool {
        if is_chain(text) {
            self.phase = PythonPhase::Chained;
            true
        } else if depth > self.base
            && traceback.message.starts_with("ray::")
            && let Some((frame, _)) = place(text)
        {
            // Ray shows the traceback of the other process under its own exception.
            self.at(frame);
            (traceback.exception, self.phase) = (None, PythonPhase::Body);
            true
        } else if depth > self.base && !blank {
            say(traceback, line.get(self.base..).unwrap_or(line).trim_end());
            true
        } else if text == ":" && traceback.message.is_empty() {
            // Printed to a logger, the type, the colon and the message are a record each.
            self.phase = PythonPhase::Announcing;
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
                self.at(place.to_owned());
            }
            return true;
        }
        text.starts_with(['╰', '╭']) || self.raise(text, traceback)
    }

    fn chained(&mut self, text: &str, depth: usize, traceback: &mut Traceback) -> bool {
        self.base = if text == HEADING || text == GROUP { depth } else { self.base };
        match text {
            HEADING => self.phase = PythonPhase::Body,
            GROUP => self.phase = PythonPhase::Group { settled: false },
            _ if is_box(text) => self.phase = PythonPhase::Box,
            // An exception that was never raised has no traceback of its own.
            _ => return self.raise(text, traceback),
        }
        true
    }

    /// What is raised is at a leaf: the first of them counts. What is around it says only that there was a group.
    fn group(&mut self, line: &str, settled: bool, traceback: &mut Traceback) -> bool {
        let text = line.trim_start();
        if is_chain(text.trim_end()) {
            self.phase = PythonPhase::Chained;
            return true;
        }
        let Some(inside) = text.strip_prefix('|') else {
            if text.starts_with('+') && self.leaf != Leaf::None {
                self.leaf = Leaf::Settled;
            }
            return text.starts_with('+');
        };
        let inside = inside.strip_prefix(' ').unwrap_or(inside).trim_end();
        if settled || self.leaf == Leaf::Settled {
            return true;
        }
        if is_chain(inside) {
            self.leaf = if self.leaf == Leaf::Within { Leaf::Chained } else { self.leaf };
        } else if let Some((frame, _)) = place(inside.trim_start()) {
            self.at(frame);
            self.note_unraised(traceback);
        } else if indent(inside) == 0 && self.leaf != Leaf::Within && !inside.starts_with('+') {
            let Some((name, message)) = exception(inside) else { return true };
            let group = message.holds(" sub-exception") && message.ends_with(')');
            if group {
                // Its own places are those of the leaf, if that has none.
                let own = self.own.take();
                traceback.application = own.or(traceback.application.take());
                traceback.frame = self.frame.take().or(traceback.frame.take());
                let first = traceback.exception.is_none();
                if first {
                    traceback.exception = Some(name.to_owned());
                    say(traceback, message);
                }
                return true;
            }
            let of_group = traceback.exception.as_deref().is_some_and(|name| name.ends_with("Group"));
            if of_group && self.leaf == Leaf::None {
                traceback.exception = None;
            }
            self.raise(inside, traceback);
            self.phase = PythonPhase::Group { settled: false };
            self.leaf = Leaf::Within;
        } else if self.leaf == Leaf::Within && indent(inside) > 0 && !traceback.message.is_empty() {
            say(traceback, inside);
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
