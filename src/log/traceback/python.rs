//! Tracebacks as Python's `traceback` module writes them: chained, and in exception groups.

use crate::log::Traceback;

/// The line with which every one begins.
pub(super) const HEAD: &str = "Traceback (most recent call last):";

const CHAINS: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// How far a traceback was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Frames, or the exception, follow.
    Frames,
    /// The exception was read; another one may be chained to it.
    Raised,
    /// All of it stands behind `|`, as a group.
    Group,
}

pub(super) fn begins(line: &str) -> Option<State> {
    let text = line.trim();
    if text.starts_with(HEAD) {
        return Some(State::Frames);
    }
    text.starts_with("+ Exception Group Traceback (most recent call last):").then_some(State::Group)
}

impl State {
    pub fn takes(&mut self, line: &str, found: &mut Traceback) -> bool {
        let text = line.trim();
        if *self == Self::Group {
            let inside = text.starts_with('|') || text.starts_with('+');
            if let (true, Some(raised)) =
                (inside && found.exception.is_none(), exception(text.trim_start_matches(['|', ' '])))
            {
                (found.exception, found.message) = (Some(raised.0), raised.1);
            }
            return inside;
        }
        if CHAINS.contains(&text) || text.starts_with(HEAD) {
            // Another head directly after an exception, without a chain's words, is another traceback.
            let chained = *self == Self::Frames || found.lines.last().is_some_and(|last| CHAINS.contains(&last.trim()));
            if text.starts_with(HEAD) && !chained {
                return false;
            }
            *self = Self::Frames;
            return true;
        }
        if *self == Self::Raised {
            return false;
        }
        if line.starts_with([' ', '\t']) {
            if let Some(place) = text.strip_prefix("File \"").and_then(|rest| rest.split_once("\", line ")) {
                let number: String = place.1.chars().take_while(char::is_ascii_digit).collect();
                found.frame = Some(format!("{}:{number}", place.0));
            }
            return true;
        }
        match exception(text) {
            Some((name, message)) => {
                (found.exception, found.message) = (Some(name), message);
                *self = Self::Raised;
                true
            }
            None => false,
        }
    }
}

/// `package.Name: message`, or the name alone.
fn exception(text: &str) -> Option<(String, String)> {
    let (name, message) = text.split_once(':').unwrap_or((text, ""));
    let name = name.trim_end();
    let plain = !name.is_empty()
        && name.split('.').all(|part| part.chars().next().is_some_and(|c| c.is_alphabetic() || "_<".contains(c)));
    let no_space = !name.contains(' ');
    (plain && no_space).then(|| (name.to_owned(), message.trim().trim_end_matches(['"', '}']).to_owned()))
}
