//! Rust panics and backtraces.

use super::super::{Language, Traceback};
use super::{Before, Begun, begun, indent, say};

/// What the heading of a panic says.
#[derive(Debug)]
pub(super) struct Heading {
    /// `file:line`
    frame: Option<String>,
    /// What was said on the same line.
    message: Option<String>,
    /// How long it is, without the message of the next line.
    pub(super) length: usize,
}

/// The words that a panic's heading has.
pub(super) const PANICKED: &str = "panicked at ";
/// How the name of the thread is introduced.
const THREAD: &[u8] = b"thread '";
/// How long the heading of a panic may be.
const HEADING: usize = 1024;

/// `thread 'x' panicked at src/a.rs:1:2:`, `panicked at src/a.rs:1:2:` or `Stack backtrace:`.
pub(super) fn begin(line: &str) -> Option<Begun> {
    let text = line.trim();
    if let Some(alone) = backtrace_heading(text) {
        return Some(begun(super::Machine::Rust(Machine::new(Phase::Frames)), Language::Rust, alone));
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
    let phase = if heading.message.is_some() { Phase::More } else { Phase::Message };
    let mut begun = begun(super::Machine::Rust(Machine::new(phase)), Language::Rust, true);
    begun.traceback.exception = Some("panic".into());
    begun.traceback.frame = heading.frame;
    if let Some(message) = heading.message {
        say(&mut begun.traceback, &message);
    }
    begun
}

/// The panic again, for its backtrace or note after lines that could not be told to be its message.
pub(super) fn resume(line: &str, traceback: &Traceback) -> Option<super::Open> {
    let note = line.starts_with("note: run with `RUST_BACKTRACE");
    let new = !traceback.lines.iter().any(|line| line == "stack backtrace:" || line.starts_with("note: "));
    let phase = if note { Phase::Notes } else { Phase::Frames };
    let panic = traceback.exception.as_deref() == Some("panic") && new;
    (panic && (note || line == "stack backtrace:")).then(|| super::Open(super::Machine::Rust(Machine::new(phase))))
}

/// The frames of a `Backtrace` that somebody has written without a heading: the second line of the first.
pub(super) fn begin_without_heading(before: Before<'_, '_>, second: &str) -> Option<Begun> {
    let first = before(0)?;
    let function = numbered(first)?;
    let location = second.trim_start().strip_prefix("at ")?;
    if indent(second) <= indent(first) || !ends_with_position(location) {
        return None;
    }
    let mut machine = Machine::new(Phase::Frames);
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
    let mut machine = Machine::new(Phase::Chain);
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

/// Whether `before` ends like `thread 'x' ` or `thread 'x' (123) `.
pub(super) fn follows_thread(before: &str) -> bool {
    let before = before.strip_suffix(' ').unwrap_or_default();
    let name = match before.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        Some((name, id)) if id.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => before,
    };
    // A name may have quotes itself. Bytes, for the window may begin within a character.
    let window = &name.as_bytes()[name.len().saturating_sub(256)..];
    let begin = window.windows(THREAD.len()).position(|found| found == THREAD);
    begin.is_some_and(|begin| window.len() > begin + THREAD.len()) && window.ends_with(b"'")
}

/// Reads a heading that begins with `panicked at `. After a position alone, text on the same line is taken for the
/// message only if it is known that this is no sentence.
pub(super) fn heading(text: &str, no_sentence: bool) -> Option<Heading> {
    let place = text.strip_prefix(PANICKED)?;
    let window = super::clip(place, HEADING);
    if let Some(quoted) = place.strip_prefix('\'') {
        return old_heading(quoted, no_sentence);
    }
    let mut from = 0;
    while let Some(colon) = window[from..].find(':') {
        let at = from + colon;
        from = at + 1;
        let Some(length) = position(&window[at..]) else { continue };
        let end = at + length;
        let after = window[end..].strip_prefix(':')?;
        let frame = file_and_line(&window[..end]);
        let length = PANICKED.len() + end + 1;
        return match after.chars().next() {
            None | Some('\\') => Some(Heading { frame, message: None, length }),
            Some(' ') if no_sentence => Some(Heading { frame, message: Some(after.trim().to_owned()), length }),
            _ => None,
        };
    }
    None
}

/// `'message', src/a.rs:1:2`, as panics were written before Rust 1.73; `'message': src/a.rs:1`, as `log-panics` does.
fn old_heading(quoted: &str, no_sentence: bool) -> Option<Heading> {
    let window = super::clip(quoted, HEADING);
    let separated = window.find("', ").or_else(|| window.find("': ").filter(|_| no_sentence));
    let Some(close) = separated else {
        // A message of several lines.
        let open = no_sentence && !window.contains('\'');
        let length = PANICKED.len() + 1 + quoted.len();
        return open.then(|| Heading { frame: None, message: Some(window.to_owned()), length });
    };
    let place = &window[close + 3..];
    let end = place.find(|c: char| c == '\\' || c == '"' || c.is_whitespace()).unwrap_or(place.len());
    let sentence = place[end..].starts_with(char::is_whitespace) && !no_sentence;
    let place = &place[..end];
    (ends_with_position(place) && !sentence).then(|| Heading {
        frame: file_and_line(place),
        message: Some(window[..close].to_owned()),
        length: PANICKED.len() + 1 + close + 3 + end,
    })
}

/// The length of `:12:34` at the beginning.
fn position(text: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let line = digits(text.strip_prefix(':')?);
    let column = digits(text[1 + line..].strip_prefix(':')?);
    (line > 0 && column > 0).then_some(2 + line + column)
}

/// Whether this is `file:12` or `file:12:34`.
fn ends_with_position(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.rsplit_once(':').is_some_and(|(file, line)| !file.is_empty() && digits(line))
}

/// Whether a place is in the source of the standard library or of a package.
fn in_library(place: &str) -> bool {
    ["/rustc/", "/registry/src/", "/cargo/"].iter().any(|folder| place.contains(folder))
}

/// `file:12` of `file:12:34`.
fn file_and_line(place: &str) -> Option<String> {
    let place = place.trim();
    match place.rsplit_once(':') {
        Some((file, _)) if ends_with_position(file) => Some(file.to_owned()),
        _ if ends_with_position(place) => Some(place.to_owned()),
        _ => None,
    }
}

/// The function of `   0: function`.
pub(super) fn numbered(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let (number, function) = text.split_once(": ")?;
    let is_number = !number.is_empty() && number.len() < 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !function.trim().is_empty()).then(|| function.trim())
}

/// Walks along a panic or a backtrace.
#[derive(Debug)]
pub(super) struct Machine {
    phase: Phase,
    /// The function whose place would be the frame.
    function: Option<String>,
    /// Whether causes were announced.
    causes: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The next line is the message, whatever it is.
    Message,
    /// More of the message, notes, or a backtrace.
    More,
    /// The causes of an error that `anyhow` or `eyre` has written, where it was made, a backtrace.
    Chain,
    /// Frames of the backtrace.
    Frames,
    /// Notes after the end.
    Notes,
}

impl Machine {
    fn new(phase: Phase) -> Self {
        Self { phase, function: None, causes: false }
    }

    /// Whether the last line was a cause, at the end of which fields may stand.
    pub(super) fn at_cause(&self) -> bool {
        matches!(self.phase, Phase::Chain)
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim();
        match self.phase {
            Phase::Message => {
                say(traceback, text);
                self.phase = Phase::More;
                true
            }
            _ if text.starts_with("note: ") => {
                self.phase = Phase::Notes;
                true
            }
            Phase::More => self.more(line, text, traceback),
            Phase::Chain => self.chain(line, text, traceback),
            Phase::Frames => self.frames(line, text, traceback),
            Phase::Notes => false,
        }
    }

    fn more(&mut self, line: &str, text: &str, traceback: &mut Traceback) -> bool {
        if backtrace_heading(text).is_some() {
            self.phase = Phase::Frames;
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
            self.phase = Phase::Frames;
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
        let runtime = RUNTIME.iter().any(|name| function.starts_with(name));
        if traceback.frame.is_none() && !runtime {
            traceback.frame = Some(super::clip(function, 256).to_owned());
            self.function = Some(function.to_owned());
        }
    }

    /// A place is better than the function's name; one in a library is none.
    fn location(&mut self, place: &str, traceback: &mut Traceback) {
        if self.function.take().is_some() {
            traceback.frame = match file_and_line(place) {
                Some(place) if in_library(&place) => None,
                Some(place) => Some(place),
                None => traceback.frame.take(),
            };
        }
    }
}
