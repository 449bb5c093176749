//! Puts lines where they belong: into a new record, into the last one, into its last traceback.

mod attachment;
mod budget;
mod checkpoint;
mod counts;
mod line_records;
mod outside_text;
mod source_state;
mod sources;
mod wanted;

use super::bounds::{
    FIELDS, LINE, LINE_COST, READER, RECORD, RECORD_LINES, RESERVE, TRACEBACK_LINES, TRACEBACKS, clip,
};
use super::fields::trailing;
use super::heads::{Head, Heads, Said, time_length};
use super::tally::{Counted, Dated, Summary, Tally};
use super::text::cleaned;
use super::traceback::{Begun, Found, Open, begin, begin_logged, scan, with_marker};
use super::words::{Words, unknown};
use super::{Level, Record, Stream, Traceback};
use budget::{fit, is_urgent};
pub(super) use checkpoint::Checkpoint;
use outside_text::Looked;
use source_state::{Last, SourceState};
pub(super) use sources::Source;
use sources::Sources;
use wanted::Wanted;

/// The records, and how the next line relates to the last of its source.
#[derive(Debug)]
pub(super) struct Assembler {
    pub(super) heads: Heads,
    stream: Stream,
    pub(super) records: Vec<Record>,
    /// Lines that belong to the record before them, by the word of who knows the program.
    continuation: Option<regex::Regex>,
    /// What words mean that this program has for levels.
    words: Words,
    /// The source that is read now.
    state: Box<SourceState>,
    sources: Sources,
    spent: usize,
    full: bool,
    reserve_spent: usize,
    /// How many bytes are in no record.
    pub(super) dropped: u64,
    /// When only a survey is wanted: what was counted. Then no more than one record of each source is kept.
    pub(super) tally: Option<Tally>,
    /// The number of the line that is read now, from 1.
    pub(super) number: u64,
    /// How many records were begun, and how the last was counted.
    begun: u64,
    counted: Counted,
    dated: Dated,
    /// Whether the line that is read now is a record of its own, whatever it says.
    by_line: bool,
    /// Whether the last lines are remembered as they are behind their prefix.
    is_remembered: bool,
    /// Places between records that somebody wants to find again.
    pub(super) bookmarks: Vec<usize>,
    /// What is kept although there is no room.
    pub(super) wanted: Wanted,
}

/// A line as the assembler sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// As much as is kept.
    kept: &'a str,
    /// As much as is looked at.
    seen: &'a str,
    /// What stands for it when it is part of nothing: with a prefix that is taken off only where it hides something.
    whole: &'a str,
    /// The line with everything that stands before it.
    raw: &'a str,
    /// How many bytes of it are not kept.
    cut: u64,
    /// How many bytes it is.
    total: u64,
    at: u64,
    envelope: Option<Envelope<'a>>,
    /// Whether whoever has put the prefix there says that it belongs to the record before it.
    belongs: bool,
}

/// What the prefix of a line says of it, where that makes a record of every line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    pub(super) level: Option<Level>,
    pub(super) target: Option<&'a str>,
    /// The name of the format that the prefix is.
    pub(super) format: &'static str,
}

impl<'a> Text<'a> {
    /// A line that was written at `at`, of which `skipped` bytes are not here, and which takes `total` bytes.
    pub(super) fn new(seen: &'a str, skipped: u64, total: u64, at: u64) -> Self {
        let kept = clip(seen, LINE);
        let cut = (seen.len() - kept.len()) as u64 + skipped;
        Self { kept, seen, whole: kept, raw: kept, cut, total, at, envelope: None, belongs: false }
    }

    /// The same line behind its prefix.
    pub(super) fn behind(self, rest: &'a str, envelope: Option<Envelope<'a>>) -> Self {
        let kept = clip(rest, LINE);
        let cut = (rest.len() - kept.len()) as u64 + self.skipped();
        Self { kept, seen: rest, whole: kept, cut, envelope, ..self }
    }

    /// Says what stands for it when it is part of nothing.
    pub(super) fn or_else(self, whole: &'a str) -> Self {
        Self { whole: clip(whole, LINE), ..self }
    }

    pub(super) fn seen(&self) -> &'a str {
        self.seen
    }

    pub(super) fn whole(&self) -> &'a str {
        self.whole
    }

    pub(super) fn envelope(&self) -> Option<Envelope<'a>> {
        self.envelope
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// How many bytes of the line are not here.
    pub(super) fn skipped(&self) -> u64 {
        self.cut - (self.seen.len() - self.kept.len()) as u64
    }

    /// The same line, which belongs to the record before it.
    pub(super) fn belonging(self) -> Self {
        Self { belongs: true, ..self }
    }

    fn as_whole(self) -> Self {
        Self { kept: self.whole, ..self }
    }

    /// As much as is kept of it.
    pub(super) fn kept(&self) -> &'a str {
        self.kept
    }
}

impl Assembler {
    pub(super) fn new(heads: Heads, stream: Stream) -> Self {
        Self {
            heads,
            stream,
            records: Vec::new(),
            continuation: None,
            words: Words::default(),
            state: Box::default(),
            sources: Sources::default(),
            spent: 0,
            full: false,
            reserve_spent: 0,
            dropped: 0,
            tally: None,
            number: 0,
            begun: 0,
            counted: Counted::Raw,
            dated: Dated::Within,
            by_line: false,
            is_remembered: false,
            bookmarks: Vec::new(),
            wanted: Wanted::default(),
        }
    }

    /// Tells which targets the program has.
    pub(super) fn know(&mut self, targets: impl IntoIterator<Item = String>) {
        self.heads.know(targets);
    }

    /// The next line of the stream comes.
    pub(super) fn next_line(&mut self) {
        self.number += 1;
        if let Some(tally) = &mut self.tally {
            tally.lines += 1;
        }
    }

    /// The head that this line is, if it is one.
    pub(super) fn parse<'l>(&mut self, line: &'l str) -> Option<Head<'l>> {
        if line.is_empty() { None } else { self.heads.parse(line) }
    }

    /// Puts a line of the source that is read now where it belongs; `head` is what it was parsed as.
    pub(super) fn read(&mut self, text: &Text<'_>, head: Option<Head<'_>>) {
        self.state.note(self.number);
        self.by_line = self.is_by_line(text);
        self.is_remembered = self.by_line || !std::ptr::eq(text.whole, text.kept);
        if let Some(said) = self.words.read(&mut self.heads, text.kept) {
            let found = if with_marker(text.seen) { scan(text.seen) } else { Found::default() };
            let own = said.own;
            let record = self.record_of(said, text);
            self.open(record, found, text, Some(own));
        } else if let Some(head) = head {
            self.head(head, text);
        } else if let Some(target) = self.heads.announces(text.kept) {
            self.state.announced = Some(target.to_owned());
            let time = self.tally.as_ref().and_then(|tally| tally.clock.in_text(text.kept));
            self.state.announced_time = time;
            self.state.open = None;
        } else {
            self.stray(text);
            if self.is_remembered {
                self.state.recent.push(text.kept, 0..text.kept.len(), false);
            }
        }
    }

    fn head(&mut self, mut head: Head<'_>, text: &Text<'_>) {
        if self.state.open.is_some() && self.heads.is_loose() && self.is_indented_part(text) {
            return;
        }
        let message = head.message_in(text.kept);
        let takes = self.state.open.as_ref().is_some_and(Open::takes_records);
        if !takes && message.as_ref().is_some_and(|message| self.is_next_of_trace(message.start, text)) {
            return;
        }
        let time = self.time_of(text, message.clone());
        if let Some(message) = message.clone().filter(|_| takes) {
            let rest = &text.kept[message];
            if self.goes_on(&Text { kept: rest, seen: rest, whole: rest, ..*text }) {
                let counted = Counted::Head(head.level, self.heads.name());
                return self.tally.iter_mut().for_each(|tally| tally.count(counted, tally.dated(time)));
            }
        }
        self.state.recent.push(text.kept, message.unwrap_or(0..text.kept.len()), true);
        if self.heads.is_loose()
            && let Some(end) = time_length(text.kept)
        {
            // `TIME panic: spilled` may be the heading of a trace rather than a level.
            self.state.recent.said_from(end + 1);
        }
        let printed = head.message_in(text.kept).and_then(|message| begin_logged(&text.kept[message]));
        self.state.way = self.heads.way();
        head.level = head.level.or(text.envelope.and_then(|envelope| envelope.level));
        let marked = with_marker(text.seen);
        if let Some(tally) = &mut self.tally {
            self.counted = Counted::Head(head.level, self.heads.name());
            self.dated = tally.dated(time);
            tally.count(self.counted, self.dated);
            self.state.next_time = time;
            if !marked && printed.is_none() {
                self.hand_over();
                self.state.time = time;
                self.begun += 1;
                self.state.pending.clear();
                self.state.pending.push_str(text.kept);
                self.state.pending_level = text.envelope.and_then(|envelope| envelope.level);
                (self.state.last, self.state.open, self.state.empty) = (Last::Pending, None, 0);
                return;
            }
        }
        let mut found = if marked { scan(text.seen) } else { Found::default() };
        if let Some(begun) = printed.filter(|_| found.tracebacks.is_empty()) {
            let lines = vec![text.kept.to_owned()];
            found = Found { tracebacks: vec![Traceback { lines, ..begun.traceback }], open: Some(begun.open) };
        }
        let said = head.finish();
        let own = said.own;
        let mut record = self.record_of(said, text);
        if record.level.is_none() && self.heads.have_levels() {
            record.level_word = unknown(&mut self.heads, text.kept).map(str::to_owned);
        }
        self.open(record, found, text, Some(own));
    }

    fn record_of(&mut self, said: Said, text: &Text<'_>) -> Record {
        Record {
            level: said.level,
            target: said.target.or_else(|| self.state.announced.take()),
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
        self.state.empty = 0;
        self.state.overflow.clear();
        self.state.texts.clear();
        self.hand_over();
        self.state.time = self.state.next_time;
        self.begun += 1;
        record.tracebacks = found.tracebacks;
        let room = RECORD.saturating_sub(text.kept.len());
        let (bytes, dropped) = fit(&mut record.tracebacks, room);
        self.note_lines(record.tracebacks.len());
        record.dropped += dropped;
        let cost = text.kept.len().max(LINE_COST) + bytes;
        if self.afford(cost, is_urgent(&record)) || self.wanted.affords(&record, cost) {
            self.place(record);
            self.state.last = Last::Kept { bytes: cost, lines: 1, own, head: own.is_some() };
            self.state.open = found.open;
        } else {
            self.dropped += text.total;
            self.state.last = Last::Dropped;
            self.state.open = None;
        }
    }

    /// A line that is no head.
    fn stray(&mut self, text: &Text<'_>) {
        if self.state.last == Last::Pending && !text.seen.is_empty() {
            let empty = self.state.empty;
            self.need_pending();
            self.state.empty = empty;
            if let (Last::Kept { head, .. }, 1..) = (&mut self.state.last, empty) {
                *head = false;
            }
        }
        let after_head = matches!(self.state.last, Last::Kept { head: true, .. });
        if let Last::Kept { head, .. } = &mut self.state.last {
            *head = false;
        }
        if self.goes_on(text) {
            self.state.empty = 0;
            return;
        }
        let adjacent = self.state.open.take().is_some();
        if text.seen.is_empty() && !self.heads.is_raw() {
            self.state.empty += 1;
            return;
        }
        match self.begin_of(text) {
            Some(begun) => {
                let logged = self.is_logged(after_head, adjacent);
                self.begin(begun, text, logged);
            }
            None => self.other(&text.as_whole()),
        }
    }

    /// A line that is neither a head nor part of a traceback, though it may have some inside.
    fn other(&mut self, text: &Text<'_>) {
        let found = if with_marker(text.seen) { scan(text.seen) } else { Found::default() };
        let belongs = !self.heads.is_raw() && (text.belongs || self.belongs(text.kept));
        match self.state.last {
            Last::Dropped if belongs && found.tracebacks.is_empty() => self.dropped += text.total,
            Last::Kept { .. } if belongs && self.outside_follows() && found.tracebacks.is_empty() => {
                self.more_outside(text);
            }
            Last::Kept { own, .. } if belongs && !self.outside_follows() => {
                if own.is_some() {
                    self.fields_at_end(text.kept);
                }
                let empty = Text { kept: "", seen: "", cut: 0, total: 1, ..*text };
                for _ in 0..std::mem::take(&mut self.state.empty).min(RECORD_LINES) {
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
        let record = Record { message, ..self.alone(text) };
        let time = self.time_of_text(text);
        self.state.next_time = time;
        if let Some(tally) = &mut self.tally {
            self.counted = Counted::of(text.envelope.map(|envelope| (envelope.level, envelope.format)));
            self.dated = tally.dated(time);
            tally.text(self.counted, self.dated, self.number, &record.message);
        }
        self.open(record, found, text, None);
    }

    /// Adds the fields that end a line of a message of several lines; gives where they begin.
    fn fields_at_end(&mut self, line: &str) -> Option<usize> {
        let Last::Kept { own: Some(own), .. } = &mut self.state.last else { return None };
        if let Some(fields) = self.heads.later_fields(line) {
            let record = self.records.get_mut(self.state.current?)?;
            let room = FIELDS.saturating_sub(record.fields.len());
            record.fields.extend(fields.into_iter().take(room).map(|(name, value)| (name, cleaned(value))));
            return None;
        }
        if !self.heads.fields_follow() || !line.contains('=') {
            return None;
        }
        let record = self.records.get_mut(self.state.current?)?;
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
