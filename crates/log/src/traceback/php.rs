//! What PHP writes: the exception with its place, its frames, then the exceptions that followed from it.

use crate::search::Cut;
use std::sync::LazyLock;

use regex::Regex;

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, application, begun, pattern, said, say};

/// `PHP Fatal error:  Uncaught X: message in file:3`, or another fatal error.
pub(super) fn begin(line: &str) -> Option<Begun> {
    // A log file has the time in front, a process manager what it calls the message.
    let text = line.strip_prefix('[').and_then(|rest| rest.cut("] ")).map_or(line, |(_, text)| text);
    let php = text.strip_prefix("PHP ");
    let (what, rest) = php.unwrap_or(text).cut(": ")?;
    if !matches!(what, "Fatal error" | "Parse error" | "Recoverable fatal error") {
        return None;
    }
    let rest = rest.trim_start();
    let mut begun = begun(super::Machine::Php(PhpTraceback::new(PhpPhase::Message(0))), Language::Php, true);
    match rest.strip_prefix("Uncaught ") {
        Some(text) => match super::flat::of_php(text) {
            Some(lines) => {
                let mut lines = lines.lines();
                tell(lines.next()?, &mut begun.traceback);
                lines.take_while(|line| begun.open.take(line, &mut begun.traceback)).for_each(drop);
            }
            None => tell(text, &mut begun.traceback),
        },
        None => {
            // A server has more behind it: the request, for one.
            let (before, place) = rest.cut(" on line ")?;
            let (message, file) = before.rsplit_once(" in ")?;
            let number: String = place.chars().take_while(char::is_ascii_digit).collect();
            said(&mut begun.traceback, what, message);
            let place = format!("{file}:{number}");
            application::note(&mut begun.traceback, &place, "");
            begun.traceback.frame = Some(place);
            begun.open = super::Open(super::Machine::Php(PhpTraceback::new(PhpPhase::Ended)));
        }
    }
    Some(begun)
}

/// The first frame, under its heading: the exception is in the lines before that.
pub(super) fn begin_after(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    if !line.starts_with("#0 ") || !matches!(before(0)?.trim(), "Stack trace:" | "[stacktrace]") {
        return None;
    }
    let mut begun = begun(super::Machine::Php(PhpTraceback::new(PhpPhase::Frames)), Language::Php, false);
    let Some(at) = (1..LOOK_BACK).find(|at| before(*at).is_some_and(|text| exception(text).is_some())) else {
        // The log begins below the exception.
        let place = frame(line)?;
        application::note(&mut begun.traceback, place, "");
        begun.traceback.frame = Some(place.to_owned());
        begun.before = 1;
        return Some(begun);
    };
    let text: Vec<&str> = (1..=at).rev().filter_map(before).collect();
    let (begin, object) = exception(text.first()?)?;
    let text = text.join("\n");
    match object {
        true => tell_object(&text[begin..], &mut begun.traceback),
        false => tell(&text[begin..], &mut begun.traceback),
    }
    begun.before = at + 1;
    Some(begun)
}

/// Where in a line the exception begins, and whether it is written as `X(code: 0): message at file:3`.
fn exception(text: &str) -> Option<(usize, bool)> {
    static EXCEPTION: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:^|[\s:(])([A-Za-z_\\][\w\\]*(?:Exception|Error)|Exception|Error): "));
    static OBJECT: LazyLock<Regex> = LazyLock::new(|| pattern(r"([A-Za-z_\\][\w\\]*)\(code: [^)]*\): "));
    if let Some(found) = OBJECT.captures(text) {
        return Some((found.get(1)?.start(), true));
    }
    // Other words stand before a colon, too: an exception is called so.
    EXCEPTION.captures(text)?.get(1).map(|name| (name.start(), false))
}

/// Takes `X: message in file:3`, of which the end may come later.
fn tell(text: &str, traceback: &mut Traceback) {
    let (name, message) = text.cut(": ").unwrap_or((text, ""));
    said(traceback, name, "");
    more(message, traceback);
}

fn tell_object(text: &str, traceback: &mut Traceback) {
    let (name, rest) = text.split_once('(').unwrap_or((text, ""));
    let message = rest.cut("): ").map_or("", |(_, message)| message);
    let (message, place) = message.rsplit_once(" at ").unwrap_or((message, ""));
    // Inside of JSON the separators of namespaces are doubled.
    said(traceback, &name.replace("\\\\", "\\"), message);
    let place = place.trim_end().trim_end_matches(')');
    if !place.is_empty() {
        application::note(traceback, place, "");
        traceback.frame = Some(place.to_owned());
    }
}

/// Takes a line of the message; its last ends with the place.
fn more(line: &str, traceback: &mut Traceback) {
    let placed = line.rsplit_once(" in ").filter(|(_, place)| {
        place
            .rsplit_once(':')
            .is_some_and(|(file, number)| !file.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    match placed {
        Some((message, place)) => {
            say(traceback, message);
            application::note(traceback, place, "");
            traceback.frame = Some(place.to_owned());
        }
        None => say(traceback, line),
    }
}

/// `/srv/x.php:9` as `/srv/x.php(9)` of `#0 /srv/x.php(9): f()`, without the number.
pub(super) fn frame(line: &str) -> Option<&str> {
    let (_, rest) = line.trim().strip_prefix('#')?.split_once(' ')?;
    let (place, _) = rest.cut(": ")?;
    (place.holds(".php(") || place.holds(".phtml(")).then_some(place)
}

/// Walks along a stack trace.
#[derive(Debug)]
pub(super) struct PhpTraceback {
    phase: PhpPhase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PhpPhase {
    /// More of the message, up to the heading of the frames; how many lines there were.
    Message(usize),
    Frames,
    Ended,
}

impl PhpTraceback {
    fn new(phase: PhpPhase) -> Self {
        Self { phase }
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim();
        match self.phase {
            PhpPhase::Ended => false,
            _ if text == "Stack trace:" || text == "[stacktrace]" => {
                self.phase = PhpPhase::Frames;
                true
            }
            PhpPhase::Message(lines) => {
                self.phase = PhpPhase::Message(lines + 1);
                let belongs = lines < LOOK_BACK && !text.is_empty();
                if belongs {
                    more(line, traceback);
                }
                belongs
            }
            PhpPhase::Frames if text.is_empty() => true,
            PhpPhase::Frames if text.starts_with('#') => {
                if let Some(place) = frame(text) {
                    application::note(traceback, place, "");
                }
                text[1..].starts_with(|c: char| c.is_ascii_digit())
            }
            PhpPhase::Frames if text.starts_with("[previous exception] ") => {
                if let Some((at, true)) = exception(text) {
                    let mut root = begun(super::Machine::Ended, Language::Php, false).traceback;
                    tell_object(&text[at..], &mut root);
                    traceback.cause =
                        Some([root.exception.as_deref().unwrap_or_default(), ": ", &root.message].concat());
                }
                true
            }
            PhpPhase::Frames if line.starts_with("  thrown in ") || text.starts_with("\"}") => {
                self.phase = PhpPhase::Ended;
                true
            }
            PhpPhase::Frames => line.strip_prefix("Next ").is_some_and(|next| {
                let first = traceback.exception.take().unwrap_or_default();
                let cause = format!("{first}: {}", traceback.message);
                traceback.cause.get_or_insert(cause);
                traceback.application = None;
                tell(next, traceback);
                self.phase = PhpPhase::Message(0);
                true
            }),
        }
    }
}
