//! What Dart writes: what was not caught, and its frames.

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, application, begun, said, say};

const UNHANDLED: [&str; 2] = ["Unhandled exception:", "Unhandled Exception: "];

/// The first frame, `#0      f (file:///x.dart:5:3)`: the exception is in the lines before it.
pub(super) fn begin_after(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let place = frame(line).filter(|_| line.trim_start().starts_with("#0 "))?;
    let mut begun = begun(super::Machine::Dart(DartTraceback), Language::Dart, true);
    let at = (0..LOOK_BACK).find(|at| before(*at).is_some_and(|line| UNHANDLED.iter().any(|said| line.contains(said))));
    let text = match at {
        Some(at) => {
            let first = before(at)?;
            let behind = UNHANDLED.iter().find_map(|said| first.split_once(said)).map_or("", |(_, rest)| rest);
            let mut lines = vec![behind.trim()];
            lines.extend((0..at).rev().filter_map(before));
            lines.retain(|line| !line.is_empty());
            lines.join("\n")
        }
        None if thrown(before).is_some() => thrown(before)?.to_owned(),
        // Somebody has logged the exception and its stack.
        None => before(0)?.to_owned(),
    };
    let named = text.split_once(": ").or_else(|| thrown(before).map(|name| (name, "")));
    let (name, message) = named.filter(|(name, _)| !name.contains(' ')).unwrap_or(("", &text));
    said(&mut begun.traceback, if name.is_empty() { "exception" } else { name }, "");
    message.lines().for_each(|line| say(&mut begun.traceback, line));
    application::note(&mut begun.traceback, &place, "");
    begun.traceback.frame = Some(place);
    begun.before = at.map_or(1, |at| at + 1);
    begun.alone = at.is_some_and(|at| before(at).is_some_and(|line| line == UNHANDLED[0]));
    Some(begun)
}

/// The name in `The following X was thrown …`, as Flutter reports it.
fn thrown<'l>(before: Before<'_, 'l>) -> Option<&'l str> {
    (0..LOOK_BACK)
        .map_while(before)
        .find_map(|line| line.strip_prefix("The following ")?.split_once(" was thrown").map(|(name, _)| name))
}

/// `file:///x.dart:5` of `#0      f (file:///x.dart:5:3)`
pub(super) fn frame(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix('#')?.trim_start_matches(|c: char| c.is_ascii_digit());
    let (_, place) = rest.strip_suffix(')').filter(|rest| rest.starts_with("  "))?.rsplit_once(" (")?;
    if !place.contains(".dart") {
        return None;
    }
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (file, last) = place.rsplit_once(':').filter(|(_, last)| number(last)).unwrap_or((place, ""));
    Some(match file.rsplit_once(':') {
        Some((_, line)) if number(line) => file.to_owned(),
        _ if last.is_empty() => file.to_owned(),
        _ => format!("{file}:{last}"),
    })
}

/// Walks along the frames.
#[derive(Debug)]
pub(super) struct DartTraceback;

impl DartTraceback {
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        if let Some(place) = frame(line) {
            application::note(traceback, &place, "");
            return true;
        }
        line.trim() == "<asynchronous suspension>"
    }
}
