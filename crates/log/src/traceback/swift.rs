//! What Swift writes when it traps.

use super::super::{Language, Traceback};
use super::{Begun, application, begun, said};
use crate::search::Cut;

const ERRORS: [&str; 4] = ["Fatal error", "Precondition failed", "Assertion failed", "fatal error"];
/// What only the runtime says without a place, as release builds do.
const TRAPS: [&str; 7] = [
    "Fatal error: Unexpectedly found nil while ",
    "fatal error: unexpectedly found nil while ",
    "Fatal error: Index out of range",
    "fatal error: Index out of range",
    "fatal error: index out of range",
    "Fatal error: Division by zero",
    "Fatal error: 'try!' expression unexpectedly raised an error",
];

/// `cup/main.swift:5: Fatal error: message`, `Fatal error: message: file cup/main.swift, line 5`, or a trap without a place.
pub(super) fn begin(line: &str) -> Option<Begun> {
    let (what, message, place) = placed(line).or_else(|| trap(line))?;
    let mut begun = begun(super::Machine::Swift(SwiftTraceback { stack: false }), Language::Swift, true);
    said(&mut begun.traceback, what, message);
    if let Some(place) = place {
        application::note(&mut begun.traceback, &place, "");
        begun.traceback.frame = Some(place);
    }
    Some(begun)
}

fn placed(line: &str) -> Option<(&str, &str, Option<String>)> {
    let at = line.place_of(".swift")?;
    match line[at + 6..].strip_prefix(':') {
        Some(rest) => {
            let (number, rest) = rest.cut(": ")?;
            let number = number.split(':').next().filter(|number| is_number(number))?;
            let what = ERRORS.iter().find(|what| rest.starts_with(*what))?;
            let file = line[..at].rsplit(' ').next()?;
            let message = rest[what.len()..].trim_start_matches(':').trim();
            Some((*what, message, Some(format!("{file}.swift:{number}"))))
        }
        None => {
            let what = ERRORS.iter().find(|what| line.starts_with(*what))?;
            let (before, number) = line.rsplit_once(".swift, line ")?;
            let (message, file) = before[what.len()..].rsplit_once("file ").filter(|_| is_number(number.trim()))?;
            Some((*what, message.trim_matches([':', ' ']), Some(format!("{file}.swift:{}", number.trim()))))
        }
    }
}

/// A trap of a release build, or what the runtime's own backtrace is headed with.
fn trap(line: &str) -> Option<(&str, &str, Option<String>)> {
    if let Some(message) = line.strip_prefix("*** Swift runtime failure: ") {
        return Some(("Swift runtime failure", message.trim_end_matches(" ***"), None));
    }
    let text = TRAPS.iter().any(|trap| line.starts_with(trap)).then_some(line)?;
    text.cut(": ").map(|(what, message)| (what, message.trim_end(), None))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Takes the stack that may follow.
#[derive(Debug)]
pub(super) struct SwiftTraceback {
    stack: bool,
}

impl SwiftTraceback {
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        const LINES: [&str; 9] = [
            "Current stack trace:",
            "*** ",
            "💣 ",
            "Program crashed:",
            "Thread ",
            "Registers:",
            "Images ",
            "Backtrace took",
            "Illegal instruction",
        ];
        let text = line.trim_start();
        if LINES.iter().any(|begin| text.starts_with(begin)) {
            self.stack = true;
            return true;
        }
        if !self.stack {
            return text.is_empty();
        }
        // `3 pour() + 5 in cup at /srv/cup.swift:5:3`
        if let Some((_, place)) = text.rsplit_once(" at ").filter(|(_, place)| place.holds(".swift:")) {
            if let Some((file, rest)) = place.cut(".swift:") {
                let number = rest.split(':').next().unwrap_or_default();
                let place = format!("{file}.swift:{number}");
                application::note(traceback, &place, "");
                traceback.frame.get_or_insert(place);
            }
            return true;
        }
        if let Some(function) = loaded(text) {
            application::note(traceback, function, "");
            traceback.frame.get_or_insert_with(|| function.to_owned());
        }
        text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) || text.len() < line.len()
    }
}

/// `Shelf.init(size:)` of `6    libshelf.so   0x00007f38c04b1e20 Shelf.init(size:) + 524`, unless it is the runtime's own.
fn loaded(text: &str) -> Option<&str> {
    let (number, rest) = text.split_once(' ').filter(|(number, _)| is_number(number))?;
    let (image, rest) = rest.trim_start().split_once(' ').filter(|_| number.len() <= 4)?;
    let (address, function) = rest.trim_start().split_once(' ').filter(|(address, _)| address.starts_with("0x"))?;
    let function = function.rsplit_once(" + ").map_or(function, |(function, _)| function).trim();
    let own = image.starts_with("libswift") || image.starts_with("libc.") || function == "<unavailable>";
    (!own && !address.is_empty() && !function.is_empty()).then_some(function)
}
