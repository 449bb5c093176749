//! What is open of one source: its last record, its last traceback, its last lines.

use std::collections::VecDeque;
use std::ops::Range;

use super::{Level, Looked, Open, clip};

/// How many of the last lines are remembered.
const LINES: usize = 32;
/// How many bytes of each of them.
const REMEMBERED: usize = 1 << 10;

/// What the line before belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Last {
    #[default]
    None,
    /// A record that was not kept.
    Dropped,
    /// A record of which only the head is known.
    Pending,
    Kept {
        /// How many bytes and lines are kept of it.
        bytes: usize,
        lines: usize,
        /// How many of its fields are its own, not those of its spans.
        own: Option<usize>,
        /// Whether the line before was its head.
        head: bool,
    },
}

/// The reading of one source, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct SourceState {
    /// The target that a line before the head has said.
    pub(super) announced: Option<String>,
    pub(super) last: Last,
    /// Where the last record is among all records.
    pub(super) current: Option<usize>,
    /// The last record's last traceback, while it may go on.
    pub(super) open: Option<Open>,
    /// What every line of that traceback is indented with.
    pub(super) indent: String,
    /// How many empty lines wait: they belong to the last record if another line of it follows, otherwise to nothing.
    /// Panics, for one, are preceded by an empty line.
    pub(super) empty: usize,
    /// Where the last texts outside any record are that follow the current one: they may turn out to be part of a stack trace
    /// of that one.
    pub(super) texts: VecDeque<usize>,
    /// The last lines that are in no continuation of the current record: it is too long, or they do not belong to it. A
    /// traceback may begin with them.
    pub(super) overflow: VecDeque<Looked>,
    /// How many lines were ever put there.
    pub(super) looked: u64,
    /// For a survey: the lines on which the tracebacks of the last record begin, and how many lines ago the next one did.
    pub(super) found_at: Vec<u64>,
    pub(super) lines_ago: u64,
    /// The last lines, where each of them is a record of its own.
    pub(super) recent: Recent,
    /// The head of the last record, if nothing more has been needed of it, and the level that its prefix says.
    pub(super) pending: String,
    pub(super) pending_level: Option<Level>,
    /// The way in which the last head was written.
    pub(super) way: usize,
    /// For a survey: the place of its records.
    pub(super) slot: Option<usize>,
    /// For a survey: when the current record was logged, and when the one that begins was, in microseconds since 1970.
    pub(super) time: Option<i64>,
    pub(super) next_time: Option<i64>,
    /// When the record is logged whose first line has been announced.
    pub(super) announced_time: Option<i64>,
    numbers: Numbers,
}

impl SourceState {
    /// Notes the number of the line that is read next.
    pub(super) fn note(&mut self, number: u64) {
        self.numbers.at = (self.numbers.at + 1) % LINES;
        self.numbers.lines[self.numbers.at] = number;
    }

    /// The number of the line that came so many lines ago.
    pub(super) fn number(&self, ago: u64) -> u64 {
        let ago = usize::try_from(ago).unwrap_or(LINES).min(LINES - 1);
        self.numbers.lines[(self.numbers.at + LINES - ago) % LINES]
    }
}

/// The numbers of the last lines.
#[derive(Debug, Default)]
struct Numbers {
    lines: [u64; LINES],
    at: usize,
}

/// The last lines of a source, each with the place where its message begins.
#[derive(Debug, Default)]
pub(super) struct Recent {
    lines: VecDeque<Kept>,
    pushed: u64,
}

#[derive(Debug, Default)]
struct Kept {
    line: String,
    message: Range<usize>,
    /// What a traceback may begin with, which may be a part of the head.
    said: usize,
    head: bool,
}

impl Kept {
    fn text(&self) -> &str {
        let end = self.message.end.min(self.line.len());
        self.line.get(self.said.min(end)..end).unwrap_or_default()
    }
}

impl Recent {
    /// Remembers a line. The memory of the oldest is used again.
    pub(super) fn push(&mut self, line: &str, message: Range<usize>, head: bool) {
        let mut line_kept = String::new();
        if self.lines.len() >= LINES {
            line_kept = self.lines.pop_front().unwrap_or_default().line;
            line_kept.clear();
        }
        line_kept.push_str(clip(line, REMEMBERED));
        let said = message.start;
        self.lines.push_back(Kept { line: line_kept, message, said, head });
        self.pushed += 1;
    }

    /// Of the last line, what a traceback may begin with begins here.
    pub(super) fn said_from(&mut self, from: usize) {
        if let Some(last) = self.lines.back_mut() {
            last.said = last.said.min(from);
        }
    }

    /// How many lines were remembered since the beginning.
    pub(super) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Forgets the lines since there were so many.
    pub(super) fn take_back(&mut self, pushed: u64) {
        let more = usize::try_from(self.pushed - pushed.min(self.pushed)).unwrap_or(usize::MAX);
        self.lines.truncate(self.lines.len().saturating_sub(more));
        self.pushed = pushed;
    }

    /// The line that came so many lines ago, 0 is the last, if it is a head, and where its message begins.
    pub(super) fn head(&self, ago: usize) -> Option<(&str, usize)> {
        let at = self.lines.len().checked_sub(ago + 1)?;
        self.lines.get(at).filter(|kept| kept.head).map(|kept| (kept.line.as_str(), kept.message.start))
    }

    /// The last line that is a head, and where its message begins.
    pub(super) fn last_head(&self) -> Option<(&str, usize)> {
        let last = self.lines.iter().rev().find(|kept| kept.head)?;
        Some((last.line.as_str(), last.message.start))
    }

    /// Whether the line that came so many lines ago is the head of the last record.
    pub(super) fn is_last_head(&self, ago: usize) -> bool {
        self.lines.iter().rev().position(|kept| kept.head) == Some(ago)
    }

    /// The message of the line that came so many lines ago, unless another record began since.
    pub(super) fn message(&self, ago: usize) -> Option<&str> {
        let at = self.lines.len().checked_sub(ago + 1)?;
        if self.lines.iter().skip(at + 1).any(|kept| kept.head && kept.said == kept.message.start) {
            return None;
        }
        self.lines.get(at).map(|kept| kept.text())
    }

    /// What came before belongs to something else.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
    }
}
