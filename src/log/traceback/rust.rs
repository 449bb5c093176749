//! Panics and backtraces as Rust's standard library writes them.

use crate::log::Traceback;

/// How far a panic was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The head was read; its message follows.
    Message,
    /// Frames follow.
    Frames,
    /// The note at the end was read.
    Ended,
}

pub(super) struct Head {
    pub exception: &'static str,
    pub message: String,
    pub frame: Option<String>,
}

/// `thread 'NAME' panicked at FILE:LINE:COLUMN:`, with a thread id or not, or in the older form with the message in quotes; or a backtrace alone.
pub(super) fn begins(line: &str) -> Option<(State, Head)> {
    let text = line.trim();
    if matches!(text, "stack backtrace:" | "Stack backtrace:" | "Backtrace:") {
        return Some((State::Frames, Head { exception: "backtrace", message: String::new(), frame: None }));
    }
    let rest = text.strip_prefix("thread '")?;
    let (name, place) = rest.split_once(" panicked at ")?;
    let named = name.ends_with('\'') || (name.ends_with(')') && name.contains("' ("));
    if !named {
        return None;
    }
    if let Some((message, place)) = place.strip_prefix('\'').and_then(|old| old.rsplit_once("', ")) {
        return Some((
            State::Frames,
            Head { exception: "panic", message: message.to_owned(), frame: Some(place.to_owned()) },
        ));
    }
    let place = place.trim_end_matches(':');
    Some((State::Message, Head { exception: "panic", message: String::new(), frame: Some(place.to_owned()) }))
}

impl State {
    pub fn takes(&mut self, line: &str, after_blank: bool, found: &mut Traceback) -> bool {
        let text = line.trim_start();
        if *self == Self::Ended {
            return text.starts_with("note: ");
        }
        if text.starts_with("note: ") {
            *self = if text.contains("RUST_BACKTRACE") || *self == Self::Frames { Self::Ended } else { Self::Message };
            return true;
        }
        if matches!(text.trim_end(), "stack backtrace:" | "Stack backtrace:") {
            *self = Self::Frames;
            return true;
        }
        match self {
            Self::Message if found.message.is_empty() => {
                text.trim_end().clone_into(&mut found.message);
                true
            }
            // A message of several lines, such as that of a failed assertion, is indented.
            Self::Message => line.starts_with(' ') && !after_blank && found.lines.len() < 20,
            Self::Frames => {
                let numbered = text
                    .split_once(": ")
                    .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
                numbered || (line.starts_with(' ') && text.starts_with("at "))
            }
            Self::Ended => false,
        }
    }
}
