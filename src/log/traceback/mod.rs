//! Finds tracebacks: line by line in a stream, and inside of single lines where they are escaped.

mod embedded;
mod native;
mod python;
mod rust;

use super::bounds::{EXCEPTION, clip};
use super::{Language, Traceback};

pub(super) use embedded::{Found, scan, with_marker};

/// A traceback whose end has not been seen.
#[derive(Debug)]
pub(super) struct Open(Machine);

#[derive(Debug)]
enum Machine {
    Rust(rust::Machine),
    Python(python::Machine),
    Native(native::Machine),
}

/// A traceback that a line begins.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) open: Open,
    /// What is known of it by now, without lines.
    pub(super) traceback: Traceback,
    /// Whether it stands by itself, as what a runtime writes does; otherwise it belongs to the text before it.
    pub(super) alone: bool,
}

/// The traceback that begins with this line as a whole.
pub(super) fn begin(line: &str) -> Option<Begun> {
    // Nearly all lines of a raw stream come here: the first letter rules most of them out.
    let text = line.trim_start_matches(' ');
    match text.as_bytes().first()? {
        b'T' | b'+' | b'F' => python::begin(line).or_else(|| native::begin(line)),
        b't' | b'p' | b's' | b'S' => rust::begin(line).or_else(|| native::begin(line)),
        _ => native::begin(line),
    }
}

/// The backtrace whose first two lines these are, when no heading is before it.
pub(super) fn begin_without_heading(first: &str, second: &str) -> Option<Begun> {
    rust::begin_without_heading(first, second)
}

impl Open {
    /// Whether this line belongs to the traceback. What it says of the exception goes into `traceback`, its text does not.
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        match &mut self.0 {
            Machine::Rust(machine) => machine.take(line, traceback),
            Machine::Python(machine) => machine.take(line, traceback),
            Machine::Native(machine) => machine.take(line, traceback),
        }
    }

    /// The traceback again, when this line says that another exception is chained to its.
    pub(super) fn resume(line: &str, traceback: &Traceback) -> Option<Self> {
        (traceback.language == Language::Python).then(|| python::resume(line)).flatten()
    }

    /// Whether the last line that was taken is the one that says what the exception is.
    pub(super) fn at_exception(&self) -> bool {
        matches!(&self.0, Machine::Python(machine) if machine.at_exception())
    }
}

fn begun(machine: Machine, language: Language, alone: bool) -> Begun {
    let traceback = Traceback { language, exception: None, message: String::new(), frame: None, lines: Vec::new() };
    Begun { open: Open(machine), traceback, alone }
}

/// Adds a line to what the exception says, as far as there is room.
fn say(traceback: &mut Traceback, line: &str) {
    if !traceback.message.is_empty() {
        traceback.message.push('\n');
    }
    let room = EXCEPTION.saturating_sub(traceback.message.len());
    traceback.message.push_str(clip(line, room));
    if room == 0 {
        traceback.message.pop();
    }
}

/// How many spaces a line begins with.
fn indent(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count()
}

#[cfg(test)]
mod tests;
