//! What .NET writes: an exception, the inner ones, the frames.

use crate::search::Cut;
use std::sync::LazyLock;

use regex::Regex;

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, application, begun, heading_above, pattern, said};

const UNCAUGHT: [&str; 2] = ["Unhandled exception. ", "Unhandled Exception: "];
const INNER: &str = "---> ";

/// `Unhandled exception. System.X: message`
pub(super) fn begin(line: &str) -> Option<Begun> {
    let text = UNCAUGHT.iter().find_map(|uncaught| line.strip_prefix(uncaught))?;
    let (name, message) = in_line(text)?;
    let mut begun = begun(super::Machine::DotNet(DotNetTraceback { inner: false, message: 0 }), Language::DotNet, true);
    said(&mut begun.traceback, name, message);
    if let super::Machine::DotNet(machine) = &mut begun.open.0 {
        machine.with_inner(text, &mut begun.traceback);
    }
    Some(begun)
}

/// The first frame: the exception is in a line before it, with the inner ones after it.
pub(super) fn begin_after(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let place = frame(line)?;
    let heading = |line| in_line(line).filter(|_| !line.trim_start().starts_with(INNER));
    let (at, (name, message)) = heading_above(before, |line| frame(line).is_some(), heading)?;
    let mut inner = (0..at).filter_map(before).map(str::trim_start).filter(|line| line.starts_with(INNER));
    let mut machine = DotNetTraceback { inner: false, message: LOOK_BACK };
    let mut traceback = begun(super::Machine::Ended, Language::DotNet, false);
    said(&mut traceback.traceback, name, message);
    if let Some(last) = inner.next() {
        machine.with_inner(last, &mut traceback.traceback);
    } else {
        traceback.traceback.frame = Some(place.clone());
    }
    application::note(&mut traceback.traceback, &place, method(line));
    traceback.open = super::Open(super::Machine::DotNet(machine));
    traceback.before = at + 1;
    Some(traceback)
}

/// The exception in a line, whatever is before.
fn in_line(text: &str) -> Option<(&str, &str)> {
    static EXCEPTION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[\s:(\[])((?:[A-Za-z_][\w`+]*\.)*(?:[A-Za-z_][\w`+]*)?(?:Exception|Error|Failure)[\w`+]*)(?: \([^()]*\))?(?:: (.*)|:)?$",
        )
    });
    let text = text.split(" ---> ").next()?;
    let found = EXCEPTION.captures(text)?;
    Some((found.get(1)?.as_str(), found.get(2).map_or("", |message| message.as_str())))
}

/// `file.cs:12` of `   at A.B.M(String text) in /x/file.cs:line 12`, or the method.
pub(super) fn frame(line: &str) -> Option<String> {
    let text = line.trim_start_matches(' ');
    let call = text.strip_prefix("at ").or_else(|| foreign(text)).filter(|_| text.len() < line.len())?;
    let (method, rest) = call.split_once('(')?;
    let method = method.trim_end();
    if !method.contains('.') || method.holds("  ") || method.split(' ').count() > 2 {
        return None;
    }
    let (parameters, after) = rest.split_once(')')?;
    let behind = |text: &'_ str| {
        text.trim_start().split_once(' ').map(|(_, place)| place.trim_end().trim_end_matches('.').to_owned())
    };
    let place = match text.starts_with("at ") {
        true => after.cut(" in ").map(|(_, place)| place.trim_end().to_owned()),
        false => behind(after).map(|place| {
            place.rsplit_once(' ').map_or(place.clone(), |(file, number)| {
                // `file.cs:Zeile 5`
                file.rsplit_once(':').map_or(place.clone(), |(file, _)| format!("{file}:line {number}"))
            })
        }),
    };
    let place = place.as_deref();
    let known = place.and_then(|place| place.rsplit_once(":line ").or_else(|| place.rsplit_once(':')));
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match known.filter(|(_, number)| is_number(number)) {
        Some((file, number)) if !file.starts_with('<') => Some(format!("{file}:{number}")),
        Some(_) => Some(method.to_owned()),
        // Without a place it must be a whole signature: types with names, or nothing.
        None => {
            let is_parameter = |text: &str| text.trim().is_empty() || text.trim().contains(' ');
            let whole = after.trim().is_empty() && parameters.split(',').all(is_parameter) && !parameters.contains(':');
            whole.then(|| method.to_owned())
        }
    }
}

/// How other languages than English say `at`.
fn foreign(text: &str) -> Option<&str> {
    ["bei ", "en ", "em ", "в ", "à ", "場所 ", "在 ", "위치: ", "w ", "v ", "a "]
        .iter()
        .find_map(|at| text.strip_prefix(at))
        .or_else(|| {
            // A console of another code page has made something else of the word.
            let (word, call) = text.split_once(' ')?;
            let mangled = word.chars().count() <= 6 && word.chars().all(|c| !c.is_ascii() || c == '?');
            let name = call.split('(').next().unwrap_or_default();
            (mangled
                && !word.is_empty()
                && name.len() < call.len()
                && name.matches('.').count() >= 2
                && !name.contains(' '))
            .then_some(call)
        })
}

/// Whether a frame may be written in another language than English.
pub(super) fn is_foreign(text: &str) -> bool {
    foreign(text).is_some() && text.contains('(')
}

/// `A.B.M` of `   at A.B.M(String text)`
fn method(line: &str) -> &str {
    let text = line.trim_start();
    let call = text.strip_prefix("at ").or_else(|| foreign(text)).unwrap_or_default();
    call.split('(').next().unwrap_or_default()
}

/// Walks along a stack trace.
#[derive(Debug)]
pub(super) struct DotNetTraceback {
    /// Whether the frames are those of an inner exception, which come first.
    inner: bool,
    /// How many lines of the message were taken.
    message: usize,
}

impl DotNetTraceback {
    /// Takes note of `… ---> System.X: message`.
    fn with_inner(&mut self, text: &str, traceback: &mut Traceback) {
        if let Some((_, inner)) = text.rsplit_once(INNER) {
            self.inner = true;
            traceback.cause = Some(super::clip(inner.trim_end(), 512).to_owned());
        }
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim_start();
        let indented = text.len() < line.len();
        if let Some(place) = frame(line) {
            application::note(traceback, &place, method(line));
            if !self.inner && traceback.frame.is_none() {
                traceback.frame = Some(place);
            }
            self.message = LOOK_BACK;
            return true;
        }
        if text.starts_with("--- End of inner exception") {
            self.inner = false;
            return true;
        }
        if text.starts_with("--- End of ") || (indented && text.starts_with("at ")) {
            return true;
        }
        if indented && text.starts_with(INNER) {
            self.with_inner(text, traceback);
            return true;
        }
        self.message += 1;
        let belongs = self.message < LOOK_BACK && !text.is_empty();
        if belongs && !self.inner {
            super::say(traceback, line.trim_end());
        }
        belongs
    }
}
