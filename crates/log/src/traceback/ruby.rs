//! What Ruby writes: an exception with its place first, then where that was called from.

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, application, begun, said, say};
use crate::search::Cut;

/// The end of the line with which Ruby announces what ended a thread.
const THREAD: &str = "terminated with exception (report_on_exception is true):";

/// `file.rb:7:in 'f': message (Class)`, or the announcement of it.
pub(super) fn begin(line: &str) -> Option<Begun> {
    if line.starts_with("#<Thread:") && line.ends_with(THREAD) {
        return Some(begun(super::Machine::Ruby(RubyTraceback { phase: RubyPhase::Announced }), Language::Ruby, true));
    }
    let heading = heading(line)?;
    let mut begun =
        begun(super::Machine::Ruby(RubyTraceback { phase: RubyPhase::Message(0, false) }), Language::Ruby, true);
    heading.tell(&mut begun.traceback);
    Some(begun)
}

/// The first place, as loggers write an exception: what it is stands at the end of the line before.
pub(super) fn begin_after(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let (place, rest) = place(untagged(line.trim_start()))?;
    if !rest.is_empty() {
        return None;
    }
    let directly = before(0).and_then(class).map(|(message, class)| (0, message, class));
    let (at, message, class) = directly.or_else(|| of_rails(before)).or_else(|| named_before(before))?;
    let mut begun = begun(super::Machine::Ruby(RubyTraceback { phase: RubyPhase::Places }), Language::Ruby, false);
    said(&mut begun.traceback, class, message);
    application::note(&mut begun.traceback, &place, "");
    begun.traceback.frame = Some(place);
    begun.before = at + 1;
    Some(begun)
}

/// The line without the tags that Rails puts before it.
fn untagged(mut line: &str) -> &str {
    while let Some((_, rest)) = line.strip_prefix('[').and_then(|rest| rest.cut("] ")) {
        line = rest.trim_start();
    }
    if line.starts_with('[') && line.ends_with(']') { "" } else { line }
}

/// `SpillError (message):` and an empty line, as Rails writes what ended a request; the source of a template may follow.
fn of_rails<'l>(before: Before<'_, 'l>) -> Option<(usize, &'l str, &'l str)> {
    for at in 0..LOOK_BACK / 2 {
        let line = untagged(before(at)?.trim());
        if let Some((class, message)) = line.strip_suffix("):").and_then(|line| line.cut(" (")) {
            return is_class(class).then_some((at, message, class));
        }
        // What is between is empty, or source with numbers.
        if !line.is_empty() && !line.starts_with(|c: char| c.is_ascii_digit()) && !line.starts_with("Cause") {
            return None;
        }
    }
    None
}

/// `SpillError: message` at the end of the line above.
fn named_before<'l>(before: Before<'_, 'l>) -> Option<(usize, &'l str, &'l str)> {
    let line = before(0)?;
    let (name, message) = line.cut(": ").unwrap_or((line, ""));
    let mut name = name.rsplit(' ').next()?;
    let mut message = message;
    if !(name.ends_with("Error") || name.ends_with("Exception")) {
        let (second, rest) = message.cut(": ")?;
        (name, message) = (second.rsplit(' ').next()?, rest);
    }
    let called = name.ends_with("Error") || name.ends_with("Exception");
    (called && is_class(name)).then_some((0, message, name))
}

fn is_class(text: &str) -> bool {
    text.split("::").all(|part| {
        part.starts_with(|c: char| c.is_ascii_uppercase()) && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Whether the line is the first place of a traceback that is written the other way round, under Python's heading.
pub(super) fn is_reversed(line: &str) -> bool {
    line.strip_prefix('\t').is_some_and(|text| {
        text.trim_start_matches(' ')
            .cut(": from ")
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Walks along a traceback that is written the other way round.
pub(super) fn reversed() -> RubyTraceback {
    RubyTraceback { phase: RubyPhase::Announced }
}

struct Heading<'a> {
    place: String,
    message: &'a str,
    class: &'a str,
}

impl Heading<'_> {
    fn tell(self, traceback: &mut Traceback) {
        said(traceback, self.class, self.message);
        application::note(traceback, &self.place, "");
        traceback.frame = Some(self.place);
    }
}

fn heading(line: &str) -> Option<Heading<'_>> {
    let (place, rest) = place(line)?;
    let rest = rest.strip_prefix(": ")?;
    let (message, class) = class(rest).or_else(|| rest.starts_with("unhandled exception").then_some((rest, "")))?;
    Some(Heading { place, message, class })
}

/// `file.rb:7` of ``file.rb:7:in `f'``, and what follows.
pub(super) fn place(line: &str) -> Option<(String, &str)> {
    let (place, method) = line.cut(":in ")?;
    let method = method.strip_prefix(['`', '\''])?;
    let (file, number) = place.rsplit_once(':')?;
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let whole = !file.is_empty() && !file.starts_with(char::is_whitespace) && !file.contains(['"', '{']);
    // The name of a method has no quotes in it.
    let (_, rest) = method.split_once('\'')?;
    (numbered && whole).then(|| (place.to_owned(), rest))
}

/// The message and the class of `message (A::B)`.
fn class(text: &str) -> Option<(&str, &str)> {
    let (message, class) = text.strip_suffix(')')?.rsplit_once(" (")?;
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase()) && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    class.split("::").all(part).then_some((message, class))
}

/// Walks along a traceback.
#[derive(Debug)]
pub(super) struct RubyTraceback {
    phase: RubyPhase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RubyPhase {
    /// The heading comes, perhaps after the places.
    Announced,
    /// More of what the exception says, and after an empty line the source; how many lines there were, and whether one was
    /// empty.
    Message(u8, bool),
    /// `\tfrom` and further.
    From,
    /// Places without `from`, as loggers write them.
    Places,
}

/// How many lines a message may go on, with the source that Ruby shows after it.
const MESSAGE: u8 = 5;

impl RubyTraceback {
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let from = line.starts_with("\tfrom ") || (line.starts_with("\t ...") && line.holds(" levels..."));
        match self.phase {
            RubyPhase::Announced if from || is_reversed(line) => true,
            RubyPhase::Announced => heading(line).is_some_and(|heading| {
                heading.tell(traceback);
                self.phase = RubyPhase::Message(0, false);
                true
            }),
            RubyPhase::Message(..) | RubyPhase::From if from => {
                if let Some((place, _)) = place(line.trim_start().trim_start_matches("from ")) {
                    application::note(traceback, &place, "");
                }
                self.phase = RubyPhase::From;
                true
            }
            RubyPhase::Message(..) | RubyPhase::From if heading(line).is_some() => self.caused(line, traceback),
            RubyPhase::Message(lines, source) if lines < MESSAGE && goes_on(line, lines) => {
                let source = source || line.is_empty();
                if !source && !marks(line) {
                    say(traceback, line);
                }
                self.phase = RubyPhase::Message(lines + 1, source);
                true
            }
            RubyPhase::Message(..) | RubyPhase::From => false,
            RubyPhase::Places => place(untagged(line.trim_start())).is_some_and(|(place, rest)| {
                application::note(traceback, &place, "");
                rest.is_empty()
            }),
        }
    }

    fn caused(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        if let Some(heading) = heading(line) {
            traceback.cause = Some(format!("{}: {}", heading.class, heading.message));
        }
        self.phase = RubyPhase::Message(0, false);
        true
    }
}

/// Whether the line is more of the message: what follows at once, and after an empty line the source.
fn goes_on(line: &str, lines: u8) -> bool {
    lines < 2 || super::indent(line) > 0 || marks(line) || line.is_empty()
}

/// `^^^^`, under the source.
fn marks(line: &str) -> bool {
    let text = line.trim();
    !text.is_empty() && text.bytes().all(|byte| byte == b'^')
}
