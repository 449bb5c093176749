//! What Node.js writes: the place in the source, the error, its frames, what else it carries.

use crate::search::Cut;
use std::sync::LazyLock;

use regex::Regex;

use super::super::{Language, Traceback};
use super::{Before, Begun, application, begun, heading_above, indent, pattern, said};

/// What follows a value that was thrown and is no error.
pub(super) const NO_ERROR: &str = "(Use `node --trace-uncaught";

/// The first frame: the error is in a line before it.
pub(super) fn begin_after(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let place = frame(line)?;
    let (at, (name, message)) = heading_above(before, |line| frame(line).is_some(), in_line)?;
    let source = source(before, at + 1);
    let mut begun = begun(super::Machine::Node(NodeTraceback::after(line)), Language::Node, source > 0);
    said(&mut begun.traceback, name, message);
    for between in (0..at).rev().filter_map(before) {
        super::say(&mut begun.traceback, between);
    }
    application::note(&mut begun.traceback, &place, "");
    begun.traceback.frame = Some(place);
    begun.before = at + 1 + source;
    Some(begun)
}

/// A thrown value that is no error: it has no frames, but its place.
pub(super) fn begin_after_value(before: Before<'_, '_>) -> Option<Begun> {
    let source = source(before, 1);
    let place = before(source)?;
    let mut begun = begun(super::Machine::Node(NodeTraceback { phase: NodePhase::Ended }), Language::Node, true);
    said(&mut begun.traceback, "Uncaught", before(0)?);
    begun.traceback.frame = Some(place.to_owned());
    begun.before = 1 + source;
    (source > 0).then_some(begun)
}

/// How many lines from `from` on show the place in the source: `file:3`, the line, `^`, and an empty one.
fn source(before: Before<'_, '_>, from: usize) -> usize {
    let line = |at: usize| before(from + at).unwrap_or_default();
    let empty = usize::from(line(0).is_empty());
    let marks = line(empty).trim();
    if marks.is_empty() || !marks.bytes().all(|byte| byte == b'^') {
        return 0;
    }
    let numbered = line(empty + 2).rsplit_once(':').is_some_and(|(file, number)| {
        !file.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if numbered { empty + 3 } else { 0 }
}

/// The error with which a line ends, whatever is before; or at its beginning one that is not called so.
fn in_line(text: &str) -> Option<(&str, &str)> {
    static ERROR: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[\s:(\[])([A-Za-z_$][\w$.]*(?:Error|Exception|Warning)(?: \[\w+\])?|Error(?: \[\w+\])?|Trace)(?:: ?(.*))?$",
        )
    });
    static OTHER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:Uncaught )?([A-Z][\w$]*): (.*)$"));
    // What was thrown stands behind the warning that nobody has caught it.
    if let Some((_, thrown)) = text.cut("UnhandledPromiseRejectionWarning: ") {
        return in_line(thrown).or(Some(("UnhandledPromiseRejectionWarning", thrown)));
    }
    let found = ERROR.captures(text).or_else(|| OTHER.captures(text))?;
    Some((found.get(1)?.as_str(), found.get(2).map_or("", |message| message.as_str())))
}

/// `file:12` of `    at f (file:12:3)` or `    at file:12:3`, or the function when the place is not known.
pub(super) fn frame(line: &str) -> Option<String> {
    let text = line.trim_start_matches(' ');
    let call = text.strip_prefix("at ").filter(|_| text.len() < line.len())?;
    // Behind the last frame there may be what else the error carries, or a comma in a list.
    let call = call.trim_end_matches(" {").trim_end_matches(',');
    let (function, place) = match call.strip_suffix(')').and_then(|call| call.rsplit_once(" (")) {
        Some((function, place)) => (function, place),
        None => ("", call),
    };
    let with_line = place.rsplit_once(':').filter(|(_, column)| number(column)).map(|(file, _)| file);
    match with_line.filter(|file| file.rsplit_once(':').is_some_and(|(name, line)| !name.is_empty() && number(line))) {
        Some(place) => Some(place.strip_prefix("async ").unwrap_or(place).to_owned()),
        None if matches!(place, "<anonymous>" | "native") || place.starts_with("index ") => {
            Some(function.to_owned()).filter(|function| !function.is_empty())
        }
        None => None,
    }
}

fn number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Walks along a stack.
#[derive(Debug)]
pub(super) struct NodeTraceback {
    phase: NodePhase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodePhase {
    Frames,
    /// What else the error carries, in braces; how far they are indented.
    Carried(usize),
    /// Only the version may follow.
    Ended,
}

impl NodeTraceback {
    /// After this frame.
    fn after(line: &str) -> Self {
        let carried = line.ends_with(" {");
        Self { phase: if carried { NodePhase::Carried(indent(line).saturating_sub(4)) } else { NodePhase::Frames } }
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim();
        match self.phase {
            NodePhase::Frames if frame(line).is_some() => {
                if let Some(place) = frame(line) {
                    application::note(traceback, &place, "");
                }
                *self = Self::after(line);
                true
            }
            NodePhase::Frames if indent(line) > 0 && (text.starts_with("... ") || text.starts_with("at ")) => true,
            NodePhase::Carried(depth) => {
                if let Some(cause) = text.strip_prefix("[cause]: ").filter(|_| traceback.cause.is_none()) {
                    traceback.cause = Some(super::clip(cause.trim_end_matches(" {"), 512).to_owned());
                }
                let closes = indent(line) == depth && text.starts_with('}');
                if closes {
                    self.phase = NodePhase::Ended;
                }
                closes || text.is_empty() || indent(line) > depth
            }
            _ if text.is_empty() => true,
            _ => {
                self.phase = NodePhase::Ended;
                line.starts_with("Node.js v") || line.starts_with(NO_ERROR)
            }
        }
    }
}
