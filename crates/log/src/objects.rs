//! JSON objects that are written on several lines: put together before they are read.

use super::lines::Line;

/// How many lines and bytes an object may have.
const LINES: usize = 2000;
const BYTES: usize = super::bounds::LINE_SEEN;

/// The lines of an object whose end has not come.
#[derive(Debug, Default)]
pub(super) struct Objects {
    lines: Vec<(u64, Vec<u8>)>,
    bytes: usize,
    /// The brackets that are open.
    open: Vec<u8>,
    /// Whether a string of the last line has no end: the object may be cut off there.
    torn: bool,
}

/// What becomes of a line.
pub(super) enum Step {
    /// It is none of an object's.
    Pass,
    /// It waits for the end of its object.
    Held,
    /// The object, in one line, and how many lines it had.
    Whole(u64, Vec<u8>, u64),
    /// The same of an object that is cut off, and the line that is no part of it.
    Cut(u64, Vec<u8>, u64, (u64, Vec<u8>)),
    /// It was no object: these lines, this one among them, stand for themselves.
    Broken(Vec<(u64, Vec<u8>)>),
}

impl Objects {
    pub(super) fn push(&mut self, at: u64, line: &Line<'_>) -> Step {
        if self.lines.is_empty() && !begins(line.bytes) {
            return Step::Pass;
        }
        self.lines.push((at, line.bytes.to_vec()));
        self.bytes += line.bytes.len();
        let fits = self.lines.len() <= LINES && self.bytes <= BYTES && line.skipped == 0 && !self.torn;
        let first = self.lines.len() == 1;
        let text = line.bytes.trim_ascii();
        if !fits || !(first || goes_on(text)) || self.is_another(text) {
            return self.broken();
        }
        if !self.scan(text) {
            if !self.torn {
                return self.broken();
            }
            return Step::Held;
        }
        if !self.open.is_empty() {
            return Step::Held;
        }
        let lines = self.give_up();
        let at = lines.first().map_or(at, |(at, _)| *at);
        Step::Whole(at, joined(&lines), lines.len() as u64)
    }

    /// Whether another object begins where this one can only have a key.
    fn is_another(&self, text: &[u8]) -> bool {
        let named = self.lines.iter().rev().nth(1).is_some_and(|(_, line)| line.trim_ascii_end().ends_with(b":"));
        text.starts_with(b"{") && self.open.last() == Some(&b'{') && !named
    }

    /// An object that the last line is no part of ends before it, if it is one.
    fn broken(&mut self) -> Step {
        let torn = self.torn;
        let mut lines = self.give_up();
        let last = lines.pop();
        match last {
            Some(last) if !torn && is_record(&lines) => {
                let at = lines.first().map_or(last.0, |(at, _)| *at);
                Step::Cut(at, joined(&lines), lines.len() as u64, last)
            }
            last => Step::Broken(lines.into_iter().chain(last).collect()),
        }
    }

    /// At the end of the stream: an object that is cut off, or the lines that still wait.
    pub(super) fn finish(&mut self) -> Step {
        let lines = self.give_up();
        match lines.first() {
            Some((at, _)) if lines.len() > 1 && is_record(&lines) => {
                Step::Whole(*at, joined(&lines), lines.len() as u64)
            }
            _ => Step::Broken(lines),
        }
    }

    /// The lines that still wait.
    fn give_up(&mut self) -> Vec<(u64, Vec<u8>)> {
        (self.bytes, self.torn) = (0, false);
        self.open.clear();
        std::mem::take(&mut self.lines)
    }

    /// Follows the brackets; gives whether the line can be of an object: strings end where they begin.
    fn scan(&mut self, text: &[u8]) -> bool {
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            match byte {
                b'"' => match super::escapes::closing_quote(&text[at + 1..]) {
                    Some(end) => at += end + 1,
                    None => {
                        self.torn = true;
                        return false;
                    }
                },
                b'{' | b'[' => self.open.push(*byte),
                b'}' | b']' => {
                    let is_opened = self.open.pop().is_some();
                    if !is_opened || self.open.is_empty() && at + 1 < text.len() {
                        return false;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        true
    }
}

fn joined(lines: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let parts: Vec<&[u8]> = lines.iter().map(|(_, line)| line.trim_ascii()).collect();
    parts.join(&b' ')
}

/// Whether these lines are a record as far as they are there.
fn is_record(lines: &[(u64, Vec<u8>)]) -> bool {
    super::heads::is_json(&String::from_utf8_lossy(&joined(lines)))
}

/// Whether an object begins here that does not end here.
fn begins(line: &[u8]) -> bool {
    let text = line.trim_ascii_end();
    let opened = text.first() == Some(&b'{') && matches!(text[1..].trim_ascii_start().first(), None | Some(b'"'));
    opened && matches!(text.last(), Some(b'{' | b'[' | b','))
}

/// Whether a line can be in the middle of an object.
fn goes_on(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| byte.is_ascii_digit() || b"\"{}[],-tfn".contains(byte))
}
