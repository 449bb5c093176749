//! Stack traces whose heading is not there: a log that begins within one, as what rotates or is shown from its end does.

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, application, begun, place_of};
use crate::search::Cut;

/// Those whose frames nothing else looks like.
const LANGUAGES: [Language; 6] =
    [Language::Java, Language::Node, Language::DotNet, Language::Ruby, Language::Dart, Language::Php];

/// The second of two frames in succession above which nothing says what happened.
pub(super) fn begin(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let previous = before(0)?;
    let (language, first) = LANGUAGES.into_iter().find_map(|language| {
        place_of(language, line).and(place_of(language, previous)).map(|first| (language, first))
    })?;
    let above = (1..LOOK_BACK).map_while(before).find(|line| !is_of_dump(language, line));
    // A dump of all threads is no trace of an exception.
    if above.is_some_and(|line| line.holds("Thread.State: ") || line.starts_with('"')) {
        return None;
    }
    let mut begun = begun(super::Machine::Headless(HeadlessTraceback { language }), language, false);
    begun.traceback.frame = Some(first);
    for line in [previous, line] {
        note(language, line, &mut begun.traceback);
    }
    begun.before = 1;
    Some(begun)
}

fn is_of_dump(language: Language, line: &str) -> bool {
    place_of(language, line).is_some() || line.trim_start().starts_with("- ")
}

fn note(language: Language, line: &str, traceback: &mut Traceback) {
    let Some(place) = place_of(language, line) else { return };
    let function = line.trim_start().split_once(' ').map_or("", |(_, call)| call);
    application::note(traceback, &place, function.split('(').next().unwrap_or_default());
}

/// Walks along the frames.
#[derive(Debug)]
pub(super) struct HeadlessTraceback {
    language: Language,
}

impl HeadlessTraceback {
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim_start();
        note(self.language, line, traceback);
        place_of(self.language, line).is_some()
            || text.starts_with("--- End of ")
            // `#2 {main}`, `#1 [internal function]: f()`
            || self.language == Language::Php && text.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            || text.starts_with("... ") && text.ends_with(" more")
    }
}
