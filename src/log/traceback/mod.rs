//! Tracebacks: found where they begin, read to where they end.

mod python;
mod rust;

use super::{Language, Traceback};

/// The most lines of one traceback that are kept.
const LINES_BOUND: usize = 200;

/// A traceback that is being read.
#[derive(Debug)]
pub(super) struct Open {
    state: State,
    found: Traceback,
    /// Blank lines that belong to it only if it goes on after them.
    blank: usize,
}

#[derive(Debug)]
enum State {
    Rust(rust::State),
    Python(python::State),
}

/// The traceback that begins with this line.
pub(super) fn begins(line: &str) -> Option<Open> {
    let (state, exception, message, frame) = if let Some((state, head)) = rust::begins(line) {
        (State::Rust(state), Some(head.exception.to_owned()), head.message, head.frame)
    } else {
        (State::Python(python::begins(line)?), None, String::new(), None)
    };
    let language = if matches!(state, State::Rust(_)) { Language::Rust } else { Language::Python };
    let found = Traceback { language, exception, message, frame, lines: vec![line.to_owned()] };
    Some(Open { state, found, blank: 0 })
}

impl Open {
    /// Takes the line if it belongs to this traceback.
    pub fn takes(&mut self, line: &str) -> bool {
        if line.trim().is_empty() {
            self.blank += 1;
            return self.blank <= 2;
        }
        let taken = match &mut self.state {
            State::Rust(state) => state.takes(line, self.blank > 0, &mut self.found),
            State::Python(state) => state.takes(line, &mut self.found),
        };
        if taken {
            self.blank = 0;
            if self.found.lines.len() < LINES_BOUND {
                self.found.lines.push(line.to_owned());
            }
        }
        taken
    }

    pub fn language(&self) -> Language {
        self.found.language
    }

    pub fn finish(self) -> Traceback {
        self.found
    }
}

/// Every traceback inside a text: a message, a field, a quoted body of JSON.
pub(super) fn inside(text: &str) -> Vec<Traceback> {
    // Most texts hold none, and are looked at once.
    if !text.contains(python::HEAD) && !text.contains("panicked at ") && !text.contains("tack backtrace:") {
        return Vec::new();
    }
    let unescaped;
    let text = if text.contains('\n') || !text.contains("\\n") {
        text
    } else {
        unescaped = text.replace("\\n", "\n").replace("\\\"", "\"");
        &unescaped
    };
    let mut found = Vec::new();
    let mut open: Option<Open> = None;
    for line in text.lines() {
        if open.as_mut().is_some_and(|open| open.takes(line)) {
            continue;
        }
        found.extend(open.take());
        // Text may stand before it in the same line: `failed: Traceback (most …`.
        let start = [
            line.find(python::HEAD),
            line.find("thread '"),
            line.find("tack backtrace:").map(|at| at.saturating_sub(1)),
        ];
        open = start.into_iter().flatten().filter(|at| line.is_char_boundary(*at)).find_map(|at| begins(&line[at..]));
    }
    found.extend(open);
    // A text that merely names the words is none: there is at least a line after the head.
    found.into_iter().map(Open::finish).filter(|traceback| traceback.lines.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_in_messages_and_escaped_in_json() {
        let python =
            "failed: Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g()\nValueError: no good\n";
        let found = inside(python);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].exception.as_deref(), found[0].message.as_str(), found[0].frame.as_deref()),
            (Some("ValueError"), "no good", Some("a.py:3"))
        );
        let json = r#"status 500: {"detail":"x","traceback":"Traceback (most recent call last):\n  File \"b.py\", line 1, in g\na.b.OddError: why\n"}"#;
        assert_eq!(inside(json)[0].exception.as_deref(), Some("a.b.OddError"));
        let two = format!("{python}and again {python}");
        assert_eq!(inside(&two).len(), 2);
    }

    #[test]
    fn words_alone_are_none() {
        for text in [
            "no traceback here",
            "the worker panicked at noon",
            "see Traceback (most recent call last): in the manual",
            "stack backtrace: disabled",
            "thread 'x' was fine",
        ] {
            assert_eq!(inside(text), [], "{text}");
        }
    }
}
