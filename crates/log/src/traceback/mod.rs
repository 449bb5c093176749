//! Finds tracebacks: line by line in a stream, and inside of single lines where they are escaped.

mod application;
mod dart;
mod debugger;
mod dotnet;
mod elixir;
mod embedded;
mod flat;
mod go;
mod headless;
mod java;
mod markers;
mod native;
mod node;
mod objects;
mod php;
mod python;
mod ruby;
mod rust;
mod swift;

use super::bounds::{EXCEPTION, clip};
use super::{Language, Traceback};

pub(super) use application::by_prefix;
pub(super) use embedded::{Found, scan};
pub(super) use markers::with_marker;
pub(super) use python::begin_logged;

/// A traceback whose end has not been seen.
#[derive(Debug)]
pub(super) struct Open(Machine);

#[derive(Debug)]
enum Machine {
    Rust(rust::RustTraceback),
    Python(python::PythonTraceback),
    Go(go::GoTraceback),
    Java(java::JavaTraceback),
    Node(node::NodeTraceback),
    DotNet(dotnet::DotNetTraceback),
    Ruby(ruby::RubyTraceback),
    Php(php::PhpTraceback),
    Native(native::NativeTraceback),
    Elixir(elixir::ElixirTraceback),
    Dart(dart::DartTraceback),
    Swift(swift::SwiftTraceback),
    Debugger(debugger::DebuggerTraceback),
    Headless(headless::HeadlessTraceback),
    /// A dump that is indented as a whole, by so many spaces.
    Indented(usize, Box<Machine>),
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
    if is_bare_frame(line) {
        let line = ["    ", line].concat();
        return begin_after(&line, line.trim_start(), before);
    }
    // Nearly all lines of a raw stream come here: the first letter rules most of them out.
    let text = line.trim_start_matches([' ', '\t']);
    let certain = match text.as_bytes().first()? {
        b'T' | b'+' | b'\xe2' | b'-' => python::begin(line).or_else(|| rust::begin_report(line)),
        b'F' if swift::begin(line).is_some() => swift::begin(line),
        b'F' | b'E' => python::begin(line).or_else(|| java::begin(line)).or_else(|| php::begin(line)),
        b't' | b's' | b'S' => rust::begin(line),
        b'p' => rust::begin(line).or_else(|| go::begin(line)),
        b'f' | b'r' | b'W' => go::begin(line),
        b'U' => dotnet::begin(line),
        b'=' if text.starts_with("=== ") => native::begin_bug_report(line),
        b'*' => elixir::begin(line),
        b'#' if line.starts_with("#0  ") => debugger::begin(line, before),
        b'#' if text.starts_with("# ") => java::begin_banner(line),
        b'P' | b'[' => php::begin(line),
        _ => None,
    };
    let mut begun = certain
        .or_else(|| native::begin(line))
        .or_else(|| swift::begin(line))
        .or_else(|| elixir::begin_report(line))
        .or_else(|| python::begin_interactive(line))
        .or_else(|| begin_indented(line, text, before))
        .or_else(|| begin_after(line, text, before))
        .or_else(|| text.contains(".go:").then(|| go::begin_headless(before, line))?)
        .or_else(|| java::begin_wrapped(before, line))
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
        b'#' if text.ends_with(')') && text.contains(".dart") => {
            dart::begin_after(before, line).or_else(|| headless::begin(before, line))
        }
        b'a' if indented && text.starts_with("at ") => rust::begin_without_heading(before, line)
            .or_else(|| java::begin_after(before, line))
            .or_else(|| node::begin_after(before, line))
            .or_else(|| dotnet::begin_after(before, line))
            .or_else(|| headless::begin(before, line)),
        b'g' | b'r' if !indented => go::begin_after(before, line).or_else(|| begin_ruby(before, line)),
        b'/' if line.starts_with(['\t', ' ']) => go::begin_stack(before, line)
            .or_else(|| go::begin_headless(before, line))
            .or_else(|| begin_ruby(before, line)),
        b'/' => go::begin_headless(before, line).or_else(|| begin_ruby(before, line)),
        b'b' | b'e' | b'?' | b'\x80'..=b'\xff' if indented && dotnet::is_foreign(text) => {
            dotnet::begin_after(before, line)
        }
        b'(' if line.starts_with(node::NO_ERROR) => node::begin_after_value(before),
        b'#' => php::begin_after(before, line).or_else(|| headless::begin(before, line)),
        _ if indented => rust::begin_chain(before, line).or_else(|| begin_ruby(before, line)),
        _ => begin_ruby(before, line),
    }
}

fn begin_ruby(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    ruby::begin_after(before, line).or_else(|| line.contains(":in ").then(|| headless::begin(before, line))?)
}

impl Open {
    /// Whether this line belongs to the traceback. What it says of the exception goes into `traceback`, its text does not.
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        if matches!(&self.0, Machine::Python(machine) if machine.at_beginning()) && ruby::is_reversed(line) {
            traceback.language = Language::Ruby;
            self.0 = Machine::Ruby(ruby::reversed());
        }
        let bare = matches!(self.0, Machine::Java(_) | Machine::Node(_)) && is_bare_frame(line);
        let indented = bare.then(|| ["    ", line].concat());
        let line = indented.as_deref().unwrap_or(line);
        // Java and Node.js write such lines themselves.
        let own = matches!(self.0, Machine::Java(_) | Machine::Node(_)) && line.starts_with([' ', '\t']);
        if !own && !matches!(self.0, Machine::Ended) && is_omission(line) {
            return true;
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
            Machine::Elixir(machine) => machine.take(line, traceback),
            Machine::Dart(machine) => machine.take(line, traceback),
            Machine::Swift(machine) => machine.take(line, traceback),
            Machine::Debugger(machine) => machine.take(line, traceback),
            Machine::Headless(machine) => machine.take(line, traceback),
            Machine::Indented(base, inner) => {
                // Of a panic behind what a terminal has left on its line, only the heading is indented.
                let heading = matches!(&**inner, Machine::Go(machine) if machine.at_heading());
                if heading && indent(line) == 0 && !line.is_empty() {
                    *base = 0;
                }
                let base = *base;
                if indent(line) < base && !line.trim().is_empty() {
                    return false;
                }
                let mut open = Self(std::mem::replace(inner, Machine::Ended));
                let taken = open.take(line.get(base..).unwrap_or_default(), traceback);
                **inner = open.0;
                taken
            }
            Machine::Ended => false,
        }
    }

    /// The traceback again, when this line says that another exception is chained to its.
    pub(super) fn resume(line: &str, traceback: &Traceback) -> Option<Self> {
        match traceback.language {
            Language::Python => python::resume(line, traceback),
            Language::Rust => rust::resume(line, traceback),
            Language::Java => java::resume(line, traceback),
            _ => None,
        }
    }

    /// Whether parts of the traceback are logged as records of their own, with whatever level.
    pub(super) fn takes_records(&self) -> bool {
        matches!(&self.0, Machine::Debugger(machine) if machine.takes_records())
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

/// A line that somebody has put in place of others: `... 47 lines omitted ...`, `[5 lines skipped]`, `... 12 more`.
fn is_omission(line: &str) -> bool {
    let text = line.trim();
    let bracketed = text.strip_prefix(['[', '(', '<']).and_then(|text| text.strip_suffix([']', ')', '>']));
    let dotted = text.strip_prefix("...").or_else(|| text.strip_prefix('…'));
    let Some(text) = bracketed.or(dotted) else { return false };
    let mut words = text.trim_matches(|c| matches!(c, '.' | '…' | ' ')).split(' ');
    let counted = words.next().is_some_and(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()));
    let rest: Vec<&str> = words.take(4).collect();
    let (Some(last), true) = (rest.last(), counted && rest.len() <= 3) else { return false };
    let of_lines = rest.iter().all(|word| {
        matches!(*word, "more" | "other" | "similar" | "line" | "lines" | "frame" | "frames") || word == last
    });
    of_lines
        && matches!(
            *last,
            "more" | "lines" | "frames" | "omitted" | "skipped" | "truncated" | "hidden" | "elided" | "removed"
        )
}

/// A frame of Java or Node.js whose indentation was lost on the way, as collectors do: nothing else ends with such a place.
fn is_bare_frame(line: &str) -> bool {
    let Some(call) = line.strip_prefix("at ") else { return false };
    // log4j has the archive behind it.
    let call = [" ~[", " ["].iter().find_map(|sign| call.split_once(sign)).map_or(call, |(call, _)| call).trim_end();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let inner = call.strip_suffix(')').and_then(|call| call.rsplit_once('(')).map_or(call, |(_, place)| place);
    let numbered = inner.rsplit_once(':').filter(|(_, number)| digits(number)).map(|(file, _)| file);
    let source = [".java", ".kt", ".scala", ".groovy", "SourceFile"]
        .iter()
        .any(|end| numbered.is_some_and(|file| file.ends_with(end)));
    let script = numbered
        .and_then(|file| file.rsplit_once(':'))
        .is_some_and(|(file, line)| digits(line) && file.contains(['/', '\\']));
    let unknown = matches!(inner, "Native Method" | "Unknown Source") && call.ends_with(')');
    (source && call.ends_with(')')) || script || unknown
}

/// A dump of Go that is indented as a whole.
fn begin_indented(line: &str, text: &str, before: Before<'_, '_>) -> Option<Begun> {
    const BEGINNINGS: [&str; 4] = ["goroutine ", "runtime stack:", "fatal error: ", "panic: runtime error: "];
    let base = indent(line);
    if base == 0 || !BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) {
        return None;
    }
    let dedented = |at: usize| before(at).map(|line| line.get(indent(line).min(base)..).unwrap_or_default());
    let mut begun = go::begin(&line[base..]).or_else(|| go::begin_after(&dedented, &line[base..]))?;
    let inner = std::mem::replace(&mut begun.open.0, Machine::Ended);
    begun.open.0 = Machine::Indented(base, Box::new(inner));
    Some(begun)
}

/// The place that a line says which is a frame in this language.
fn place_of(language: Language, line: &str) -> Option<String> {
    match language {
        Language::Python => python::place(line.trim()).map(|(place, _)| place),
        Language::Java => java::frame(line),
        Language::Node => node::frame(line),
        Language::DotNet => dotnet::frame(line),
        Language::Ruby => ruby::place(line.trim_start().trim_start_matches("from ")).map(|(place, _)| place),
        Language::Go => go::location(line),
        Language::Elixir => elixir::frame(line).map(|(place, _)| place),
        Language::Dart => dart::frame(line),
        Language::Php => php::frame(line).map(str::to_owned),
        Language::Rust => line.trim().strip_prefix("at ").and_then(rust::file_and_line),
        Language::Native | Language::Swift => None,
    }
}

fn begun(machine: Machine, language: Language, alone: bool) -> Begun {
    let traceback = Traceback {
        language,
        exception: None,
        message: String::new(),
        frame: None,
        application: None,
        cause: None,
        lines: Vec::new(),
    };
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
pub(super) fn pattern(expression: &str) -> regex::Regex {
    regex::Regex::new(expression).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// Adds a line to what the exception says, as far as there is room.
fn say(traceback: &mut Traceback, line: &str) {
    if is_omission(line) {
        return;
    }
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
mod arrival_tests;
#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod shown_tests;
#[cfg(test)]
mod tests;
