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
    depth: usize,
}

/// What becomes of a line.
pub(super) enum Step {
    /// It is none of an object's.
    Pass,
    /// It waits for the end of its object.
    Held,
    /// The object, in one line, and how many lines it had.
    Whole(u64, Vec<u8>, u64),
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
        let fits = self.lines.len() <= LINES && self.bytes <= BYTES && line.skipped == 0;
        let first = self.lines.len() == 1;
        let text = line.bytes.trim_ascii();
        if !fits || !(first || goes_on(text)) || !self.scan(text) {
            return Step::Broken(self.give_up());
        }
        if self.depth > 0 {
            return Step::Held;
        }
        let lines = self.give_up();
        let at = lines.first().map_or(at, |(at, _)| *at);
        let parts: Vec<&[u8]> = lines.iter().map(|(_, line)| line.trim_ascii()).collect();
        Step::Whole(at, parts.join(&b' '), lines.len() as u64)
    }

    /// The lines that still wait.
    pub(super) fn give_up(&mut self) -> Vec<(u64, Vec<u8>)> {
        (self.bytes, self.depth) = (0, 0);
        std::mem::take(&mut self.lines)
    }

    /// Follows the brackets; gives whether the line can be of an object: strings end where they begin.
    fn scan(&mut self, text: &[u8]) -> bool {
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            match byte {
                b'"' => match super::escapes::closing_quote(&text[at + 1..]) {
                    Some(end) => at += end + 1,
                    None => return false,
                },
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    let Some(depth) = self.depth.checked_sub(1) else { return false };
                    self.depth = depth;
                    if depth == 0 && at + 1 < text.len() {
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
