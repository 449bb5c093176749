//! Puts lines where they belong: into a new record, into the last one, into its last traceback.

mod belongs;
mod counting;
mod objects;
mod outside;
mod room;

use std::collections::VecDeque;

use super::bounds::{
    FIELDS, LINE, LINE_COST, READER, RECORD, RECORD_LINES, RESERVE, TRACEBACK_LINES, TRACEBACKS, clip,
};
use super::fields::trailing;
use super::heads::{Head, Heads, Said};
use super::lines::Line;
use super::tally::{Summary, Tally};
use super::text::{clean, cleaned};
use super::traceback::{Begun, Found, Open, begin, scan, with_marker};
use super::words::{Words, unknown};
use super::{Level, Record, Stream, Traceback};
use objects::{Objects, Step};
use outside::Looked;
use room::{fit, is_urgent};

/// The records, and how the next line relates to the last of them.
#[derive(Debug)]
pub(super) struct Book {
    heads: Heads,
    /// A JSON object that is not whole yet.
    objects: Objects,
    stream: Stream,
    /// The target that a line before the head has said.
    announced: Option<String>,
    pub(super) records: Vec<Record>,
    /// How many records at the end are text outside any record that follows the current one: it may turn out to be part of a
    /// stack trace of that one.
    texts: usize,
    /// Lines that belong to the record before them, by the word of who knows the program.
    continuation: Option<regex::Regex>,
    /// What words mean that this program has for levels.
    words: Words,
    last: Last,
    /// The current record's last traceback, while it may go on.
    open: Option<Open>,
    /// How many empty lines wait: they belong to the last record if another line of it follows, otherwise to nothing.
    /// Panics, for one, are preceded by an empty line.
    empty: usize,
    spent: usize,
    full: bool,
    reserve_spent: usize,
    /// How many bytes are in no record.
    pub(super) dropped: u64,
    /// When only a survey is wanted: what was counted. Then no more than one record is kept.
    tally: Option<Tally>,
    /// The head of the last record, if nothing more has been needed of it.
    pending: String,
    /// The last lines that are in no continuation of the current record: it is too long, or they do not belong to it. A traceback
    /// may begin with them.
    overflow: VecDeque<Looked>,
    /// For a survey: the lines on which the tracebacks of the last record begin, and how many lines ago the next one did.
    found_at: Vec<u64>,
    lines_ago: u64,
}

/// What the line before belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
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

/// A line as the book sees it.
struct Text<'a> {
    /// As much as is kept.
    kept: &'a str,
    /// As much as is looked at.
    seen: &'a str,
    /// How many bytes of it are not kept.
    cut: u64,
    /// How many bytes it is.
    total: u64,
    at: u64,
}

impl Book {
    pub(super) fn new(heads: Heads, stream: Stream) -> Self {
        Self {
            heads,
            objects: Objects::default(),
            stream,
            announced: None,
            records: Vec::new(),
            texts: 0,
            continuation: None,
            words: Words::default(),
            last: Last::None,
            open: None,
            empty: 0,
            spent: 0,
            full: false,
            reserve_spent: 0,
            dropped: 0,
            tally: None,
            pending: String::new(),
            overflow: VecDeque::new(),
            found_at: Vec::new(),
            lines_ago: 0,
        }
    }

    /// Tells which targets the program has.
    pub(super) fn know(&mut self, targets: impl IntoIterator<Item = String>) {
        self.heads.know(targets);
    }

    /// Puts a line where it belongs.
    pub(super) fn line(&mut self, at: u64, line: Line<'_>) {
        if !self.heads.reads_json() {
            return self.one(at, line);
        }
        match self.objects.push(at, &line) {
            Step::Pass => self.one(at, line),
            Step::Held => {}
            Step::Broken(lines) => self.each(lines),
            Step::Whole(at, bytes, lines) => {
                if let Some(tally) = &mut self.tally {
                    tally.lines += lines - 1;
                }
                self.lines_ago = lines - 1;
                self.one(at, Line { bytes: &bytes, skipped: 0 });
            }
        }
    }

    /// The stream has ended: what still waits is no object.
    pub(super) fn end(&mut self) {
        let lines = self.objects.give_up();
        self.each(lines);
    }

    fn each(&mut self, lines: Vec<(u64, Vec<u8>)>) {
        for (at, bytes) in lines {
            self.one(at, Line { bytes: &bytes, skipped: 0 });
        }
    }

    /// Puts a whole line, or a whole object, where it belongs.
    fn one(&mut self, at: u64, line: Line<'_>) {
        let seen = clean(line.bytes);
        let kept = clip(&seen, LINE);
        let cut = (seen.len() - kept.len()) as u64 + line.skipped;
        let total = line.bytes.len() as u64 + line.skipped + 1;
        let text = Text { kept, seen: &seen, cut, total, at };
        if let Some(tally) = &mut self.tally {
            tally.lines += 1;
        }
        if let Some(said) = self.words.read(&mut self.heads, kept) {
            let found = if with_marker(&seen) { scan(&seen) } else { Found::default() };
            let own = said.own;
            let record = self.record_of(said, &text);
            self.open(record, found, &text, Some(own));
        } else if let Some(head) = Some(kept).filter(|kept| !kept.is_empty()).and_then(|kept| self.heads.parse(kept)) {
            let marked = with_marker(&seen);
            if let Some(tally) = &mut self.tally {
                tally.head(head.level, self.heads.name());
                if !marked {
                    self.hand_over();
                    self.pending.clear();
                    self.pending.push_str(kept);
                    (self.last, self.open, self.empty) = (Last::Pending, None, 0);
                    return;
                }
            }
            let found = if marked { scan(&seen) } else { Found::default() };
            let said = head.finish();
            let own = said.own;
            let mut record = self.record_of(said, &text);
            if record.level.is_none() && self.heads.have_levels() {
                record.level_word = unknown(&mut self.heads, kept).map(str::to_owned);
            }
            self.open(record, found, &text, Some(own));
        } else if let Some(target) = self.heads.announces(kept) {
            self.announced = Some(target.to_owned());
            self.open = None;
        } else {
            self.stray(&text);
        }
    }

    fn record_of(&mut self, said: Said, text: &Text<'_>) -> Record {
        Record {
            level: said.level,
            target: said.target.or_else(|| self.announced.take()),
            thread: said.thread,
            message: said.message,
            fields: said.fields,
            ..self.record(text)
        }
    }

    /// A record that has nothing but its line.
    fn record(&self, text: &Text<'_>) -> Record {
        Record {
            at: text.at,
            stream: self.stream,
            outside: false,
            level: None,
            level_word: None,
            target: None,
            thread: None,
            message: String::new(),
            fields: Vec::new(),
            continuation: Vec::new(),
            tracebacks: Vec::new(),
            dropped: text.cut,
        }
    }

    /// Keeps a record, if it can still be afforded.
    fn open(&mut self, mut record: Record, found: Found, text: &Text<'_>, own: Option<usize>) {
        self.empty = 0;
        self.overflow.clear();
        self.texts = 0;
        self.hand_over();
        record.tracebacks = found.tracebacks;
        let room = RECORD.saturating_sub(text.kept.len());
        let (bytes, dropped) = fit(&mut record.tracebacks, room);
        self.note_lines(record.tracebacks.len());
        record.dropped += dropped;
        let cost = text.kept.len().max(LINE_COST) + bytes;
        if self.afford(cost, is_urgent(&record)) {
            self.records.push(record);
            self.last = Last::Kept { bytes: cost, lines: 1, own, head: own.is_some() };
            self.open = found.open;
        } else {
            self.dropped += text.total;
            self.last = Last::Dropped;
            self.open = None;
        }
    }

    /// A line that is no head.
    fn stray(&mut self, text: &Text<'_>) {
        if self.last == Last::Pending && !text.seen.is_empty() {
            let empty = self.empty;
            self.need_pending();
            self.empty = empty;
            if let (Last::Kept { head, .. }, 1..) = (&mut self.last, empty) {
                *head = false;
            }
        }
        let after_head = matches!(self.last, Last::Kept { head: true, .. });
        if let Last::Kept { head, .. } = &mut self.last {
            *head = false;
        }
        if self.goes_on(text) {
            self.empty = 0;
            return;
        }
        let adjacent = self.open.take().is_some();
        if text.seen.is_empty() && !self.heads.is_raw() {
            self.empty += 1;
            return;
        }
        match begin(text.kept, &|lines| self.before(lines)) {
            Some(begun) => {
                let logged = self.is_logged(after_head, adjacent);
                self.begin(begun, text, logged);
            }
            None => self.other(text),
        }
    }

    /// A line that is neither a head nor part of a traceback, though it may have some inside.
    fn other(&mut self, text: &Text<'_>) {
        let found = if with_marker(text.seen) { scan(text.seen) } else { Found::default() };
        let belongs = !self.heads.is_raw() && self.belongs(text.kept);
        match self.last {
            Last::Dropped if belongs && found.tracebacks.is_empty() => self.dropped += text.total,
            Last::Kept { .. } if belongs && self.outside_follows() && found.tracebacks.is_empty() => {
                self.more_outside(text);
            }
            Last::Kept { own, .. } if belongs && !self.outside_follows() => {
                if own.is_some() {
                    self.fields_at_end(text.kept);
                }
                let empty = Text { kept: "", seen: "", cut: 0, total: 1, ..*text };
                for _ in 0..std::mem::take(&mut self.empty).min(RECORD_LINES) {
                    self.go_on(&empty);
                }
                self.go_on(text);
                self.attach_found(found);
            }
            Last::Kept { .. } if !self.heads.is_raw() && found.tracebacks.is_empty() => self.outside(text),
            _ => self.raw(found, text),
        }
    }

    /// One more line for the current record.
    fn go_on(&mut self, text: &Text<'_>) {
        let message_follows = self.heads.message_follows();
        if self.extend(text)
            && let Some(record) = self.current_mut()
        {
            // Some write the message under the rest of the head.
            let message = record.message.is_empty() && record.continuation.is_empty() && message_follows;
            match message && !text.kept.is_empty() {
                true => text.kept.trim().clone_into(&mut record.message),
                false => record.continuation.push(text.kept.to_owned()),
            }
        } else {
            self.look_back_at(Looked::Cut(text.kept.to_owned()));
        }
    }

    /// A record for a line that is none of the format.
    fn raw(&mut self, found: Found, text: &Text<'_>) {
        self.raw_with(text.kept.to_owned(), found, text);
    }

    fn raw_with(&mut self, message: String, found: Found, text: &Text<'_>) {
        let record = Record { message, outside: !self.heads.is_raw(), ..self.record(text) };
        if let Some(tally) = &mut self.tally {
            tally.raw += 1;
        }
        self.open(record, found, text, None);
    }

    /// Adds the fields that end a line of a message of several lines; gives where they begin.
    fn fields_at_end(&mut self, line: &str) -> Option<usize> {
        let Last::Kept { own: Some(own), .. } = &mut self.last else { return None };
        if let Some(fields) = self.heads.later_fields(line) {
            let at = self.records.len().checked_sub(self.texts + 1)?;
            let record = self.records.get_mut(at)?;
            let room = FIELDS.saturating_sub(record.fields.len());
            record.fields.extend(fields.into_iter().take(room).map(|(name, value)| (name, cleaned(value))));
            return None;
        }
        if !self.heads.fields_follow() || !line.contains('=') {
            return None;
        }
        let at = self.records.len().checked_sub(self.texts + 1)?;
        let record = self.records.get_mut(at)?;
        let (begin, fields) = trailing(line)?;
        for (name, value) in fields {
            if record.fields.len() < FIELDS {
                record.fields.insert(*own, (name, cleaned(value)));
                *own += 1;
            }
        }
        Some(begin)
    }
}
