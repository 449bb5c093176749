//! Finds tracebacks: line by line in a stream, and inside of single lines where they are escaped.

mod dotnet;
mod embedded;
mod go;
mod java;
mod native;
mod node;
mod php;
mod python;
mod ruby;
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
    Go(go::Machine),
    Java(java::Machine),
    Node(node::Machine),
    DotNet(dotnet::Machine),
    Ruby(ruby::Machine),
    Php(php::Machine),
    Native(native::Machine),
    /// Nothing more belongs to it.
    Ended,
}

/// How many lines before one are looked at for what it belongs to.
const LOOK_BACK: usize = 32;

/// The lines before one, the nearest at 0: those of the same record, or of the same text.
pub(super) type Before<'f, 'l> = &'f dyn Fn(usize) -> Option<&'l str>;

/// A traceback that a line begins.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) open: Open,
    /// What is known of it by now, without lines.
    pub(super) traceback: Traceback,
    /// Whether it stands by itself, as what a runtime writes does; otherwise it belongs to the text before it.
    pub(super) alone: bool,
    /// How many lines before this one are part of it.
    pub(super) before: usize,
}

/// The traceback that begins with this line, as a whole or with lines before it.
pub(super) fn begin(line: &str, before: Before<'_, '_>) -> Option<Begun> {
    // Nearly all lines of a raw stream come here: the first letter rules most of them out.
    let text = line.trim_start_matches([' ', '\t']);
    let certain = match text.as_bytes().first()? {
        b'T' | b'+' | b'\xe2' | b'-' => python::begin(line),
        b'F' | b'E' => python::begin(line).or_else(|| java::begin(line)).or_else(|| php::begin(line)),
        b't' | b's' | b'S' => rust::begin(line),
        b'p' => rust::begin(line).or_else(|| go::begin(line)),
        b'f' | b'r' | b'W' => go::begin(line),
        b'U' => dotnet::begin(line),
        b'P' | b'[' => php::begin(line),
        _ => None,
    };
    let mut begun = certain
        .or_else(|| native::begin(line))
        .or_else(|| begin_after(line, text, before))
        .or_else(|| ruby::begin(line))?;
    if matches!(begun.traceback.language, Language::Native | Language::Go) {
        native::with_ruler(&mut begun, before);
    }
    Some(begun)
}

/// The traceback of which this line is a frame, or something else that only tracebacks have, while the heading stands
/// before it and could be anything.
fn begin_after(line: &str, text: &str, before: Before<'_, '_>) -> Option<Begun> {
    let indented = text.len() < line.len();
    match text.as_bytes().first()? {
        b'a' if indented && text.starts_with("at ") => rust::begin_without_heading(before, line)
            .or_else(|| java::begin_after(before, line))
            .or_else(|| node::begin_after(before, line))
            .or_else(|| dotnet::begin_after(before, line)),
        b'g' | b'r' if !indented => go::begin_after(before, line).or_else(|| ruby::begin_after(before, line)),
        b'/' if line.starts_with('\t') => go::begin_stack(before, line),
        b'(' if line.starts_with(node::NO_ERROR) => node::begin_after_value(before),
        b'#' => php::begin_after(before, line),
        _ if indented => rust::begin_chain(before, line),
        _ => ruby::begin_after(before, line),
    }
}

impl Open {
    /// Whether this line belongs to the traceback. What it says of the exception goes into `traceback`, its text does not.
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        if matches!(&self.0, Machine::Python(machine) if machine.at_beginning()) && ruby::is_reversed(line) {
            traceback.language = Language::Ruby;
            self.0 = Machine::Ruby(ruby::reversed());
        }
        match &mut self.0 {
            Machine::Rust(machine) => machine.take(line, traceback),
            Machine::Python(machine) => machine.take(line, traceback),
            Machine::Go(machine) => machine.take(line, traceback),
            Machine::Java(machine) => machine.take(line, traceback),
            Machine::Node(machine) => machine.take(line, traceback),
            Machine::DotNet(machine) => machine.take(line, traceback),
            Machine::Ruby(machine) => machine.take(line, traceback),
            Machine::Php(machine) => machine.take(line, traceback),
            Machine::Native(machine) => machine.take(line, traceback),
            Machine::Ended => false,
        }
    }

    /// The traceback again, when this line says that another exception is chained to its.
    pub(super) fn resume(line: &str, traceback: &Traceback) -> Option<Self> {
        match traceback.language {
            Language::Python => python::resume(line, traceback),
            Language::Rust => rust::resume(line, traceback),
            _ => None,
        }
    }

    /// Whether the last line that was taken is the one that says what the exception is.
    pub(super) fn at_exception(&self) -> bool {
        match &self.0 {
            Machine::Python(machine) => machine.at_exception(),
            Machine::Rust(machine) => machine.at_cause(),
            _ => false,
        }
    }
}

fn begun(machine: Machine, language: Language, alone: bool) -> Begun {
    let traceback =
        Traceback { language, exception: None, message: String::new(), frame: None, cause: None, lines: Vec::new() };
    Begun { open: Open(machine), traceback, alone, before: 0 }
}

/// The nearest line above that `heading` takes for one, and how far above; what is between is more of the message, and none
/// of it is another frame.
fn heading_above<'l, T>(
    before: Before<'_, 'l>,
    is_frame: impl Fn(&str) -> bool,
    heading: impl Fn(&'l str) -> Option<T>,
) -> Option<(usize, T)> {
    for at in 0..LOOK_BACK {
        let line = before(at)?;
        if is_frame(line) {
            return None;
        }
        if let Some(found) = heading(line) {
            return Some((at, found));
        }
    }
    None
}

/// What the exception is and says.
fn said(traceback: &mut Traceback, exception: &str, message: &str) {
    traceback.exception = Some(clip(exception, 256).to_owned()).filter(|name| !name.is_empty());
    traceback.message.clear();
    say(traceback, message.trim_end());
}

/// A pattern that is part of the program.
fn pattern(expression: &str) -> regex::Regex {
    regex::Regex::new(expression).unwrap_or_else(|wrong| panic!("{wrong}"))
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
