//! Traces of which each line was logged as a record of its own, and lines that are records whatever they say.

use super::*;

impl Assembler {
    /// Whether each line of this source is a record of its own: of a raw stream, and behind a prefix that says more than
    /// where it comes from.
    pub(super) fn is_by_line(&self, text: &Text<'_>) -> bool {
        self.heads.is_raw() || text.envelope.is_some()
    }

    /// Whether the line, in which a time and a level were found, is an indented part of the last traceback behind a time.
    pub(super) fn is_indented_part(&mut self, text: &Text<'_>) -> bool {
        let rest = time_length(text.kept).and_then(|end| text.kept.get(end + 1..)).unwrap_or_default();
        let said = Text { kept: rest, seen: rest, whole: rest, ..*text };
        rest.starts_with([' ', '\t']) && self.goes_on(&said)
    }

    /// Whether the line, which is a head whose message begins at `message`, is one more of a trace that the same logger
    /// writes line by line. Then it is put there.
    pub(super) fn is_next_of_trace(&mut self, message: usize, text: &Text<'_>) -> bool {
        let open = self.state.open.is_some();
        if !open && !may_be_of_trace(&text.kept[message..]) {
            return false;
        }
        // While a trace is open, what is shown of the source stands between its records.
        let previous = if open { self.state.recent.last_head() } else { self.state.recent.head(0) };
        let Some((previous, base)) = previous else { return false };
        // What the message before is indented by may look like a part of its head.
        let head = previous.get(..base).map_or(base, |head| head.trim_end_matches(' ').len() + 1);
        let Some(base) = [base, head.min(base)].into_iter().find(|base| is_same_logger(previous, text.kept, *base))
        else {
            return false;
        };
        let rest = text.kept.get(base..).unwrap_or_default();
        let said = Text { kept: rest, seen: rest, whole: rest, ..*text };
        if open && self.goes_on(&said) {
            self.state.empty = 0;
            self.state.recent.push(text.kept, base..text.kept.len().max(base), true);
            return true;
        }
        let before = |lines: usize| {
            let (line, from) = self.state.recent.head(lines)?;
            let same = from == base && is_same_logger(line, text.kept, base);
            same.then(|| line.get(base..).unwrap_or_default())
        };
        let Some(begun) = begin(rest, &before).filter(|begun| begun.before > 0) else { return false };
        let taken: Vec<String> = (0..begun.before).rev().filter_map(before).map(str::to_owned).collect();
        self.need_pending();
        let Begun { open, mut traceback, before, .. } = begun;
        self.state.lines_ago = before as u64;
        traceback.lines.extend(taken);
        traceback.lines.push(rest.to_owned());
        self.attach(Found { tracebacks: vec![traceback], open: Some(open) }, &said);
        self.state.recent.push(text.kept, base..text.kept.len().max(base), true);
        true
    }
}

/// Whether a message may be the first line that shows a trace to be one. Nearly all are ruled out by a letter.
fn may_be_of_trace(message: &str) -> bool {
    let text = message.trim_start_matches([' ', '\t']);
    match text.as_bytes().first() {
        Some(b'a') => text.starts_with("at "),
        Some(b'g') => text.starts_with("goroutine "),
        Some(b'r') => text.starts_with("runtime stack:"),
        Some(b'f') => text.starts_with("from "),
        Some(b'/') => text.contains(".go:"),
        Some(b'#') => text.as_bytes().get(1).is_some_and(u8::is_ascii_digit),
        Some(b'0') => text.starts_with("0: "),
        Some(b'(') => text.starts_with("(Use `node"),
        _ => false,
    }
}

/// Whether two lines differ in digits only up to where the message of the first begins, and were written within a second.
fn is_same_logger(previous: &str, line: &str, message: usize) -> bool {
    let (previous, line) = (previous.as_bytes(), line.as_bytes());
    // A line that says nothing may end before its message.
    let head = &previous[..message.min(previous.len())];
    let same = |(one, other): (&u8, &u8)| one == other || one.is_ascii_digit() && other.is_ascii_digit();
    let rest = head.get(line.len()..).unwrap_or_default();
    head.iter().zip(line).all(same)
        && rest.iter().all(|byte| *byte == b' ')
        && match (clock(head), clock(&line[..message.min(line.len())])) {
            (Some(one), Some(other)) => one.abs_diff(other) <= 1 || one.abs_diff(other) >= 24 * 3600 - 1,
            _ => true,
        }
}

/// The second of the day that the first `22:00:00` says.
fn clock(head: &[u8]) -> Option<u32> {
    let shape = |found: &&[u8]| {
        found.iter().enumerate().all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() })
    };
    let found = head.windows(8).find(shape)?;
    let part = |at: usize| u32::from(found[at] - b'0') * 10 + u32::from(found[at + 1] - b'0');
    Some(part(0) * 3600 + part(3) * 60 + part(6))
}
