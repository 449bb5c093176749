//! Puts lines where they belong: into a new record, into the last one, into its last traceback.

use std::collections::VecDeque;

use super::bounds::{
    FIELDS, LINE, LINE_COST, READER, RECORD, RECORD_LINES, RESERVE, TRACEBACK_LINES, TRACEBACKS, clip,
};
use super::fields::trailing;
use super::heads::{Head, Heads, Said};
use super::lines::Line;
use super::survey::{Summary, Tally};
use super::text::clean;
use super::traceback::{Begun, Found, Open, begin, scan, with_marker};
use super::{Level, Record, Stream, Traceback};

/// The records, and how the next line relates to the last of them.
#[derive(Debug)]
pub(super) struct Book {
    heads: Heads,
    stream: Stream,
    /// The target that a line before the head has said.
    announced: Option<String>,
    pub(super) records: Vec<Record>,
    last: Last,
    /// The last record's last traceback, while it may go on.
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
    /// The last lines of a record that is longer than what is kept: a traceback may begin with them.
    overflow: VecDeque<String>,
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
            stream,
            announced: None,
            records: Vec::new(),
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

    /// A book that only counts.
    pub(super) fn surveying(heads: Heads, stream: Stream, tally: Tally) -> Self {
        Self { tally: Some(tally), ..Self::new(heads, stream) }
    }

    /// What was counted.
    pub(super) fn finish_survey(mut self) -> Summary {
        self.hand_over();
        self.tally.unwrap_or_default().finish()
    }

    /// The last record has ended: what it holds is counted, and forgotten.
    fn hand_over(&mut self) {
        if let Some(tally) = &mut self.tally {
            for record in self.records.drain(..) {
                tally.record(&record, &self.found_at);
            }
            self.found_at.clear();
            (self.spent, self.full, self.reserve_spent, self.dropped) = (0, false, 0, 0);
        }
    }

    /// Something more belongs to the record of which only the head was kept.
    fn need_pending(&mut self) {
        let head = std::mem::take(&mut self.pending);
        if let Some(said) = self.heads.parse(&head).map(Head::finish) {
            let text = Text { kept: &head, seen: &head, cut: 0, total: 0, at: 0 };
            let own = said.own;
            let record = self.record_of(said, &text);
            self.open(record, Found::default(), &text, Some(own));
        }
        self.pending = head;
    }

    /// Puts a line where it belongs.
    pub(super) fn line(&mut self, at: u64, line: Line<'_>) {
        let seen = clean(line.bytes);
        let kept = clip(&seen, LINE);
        let cut = (seen.len() - kept.len()) as u64 + line.skipped;
        let total = line.bytes.len() as u64 + line.skipped + 1;
        let text = Text { kept, seen: &seen, cut, total, at };
        if let Some(tally) = &mut self.tally {
            tally.lines += 1;
        }
        if let Some(head) = Some(kept).filter(|kept| !kept.is_empty()).and_then(|kept| self.heads.parse(kept)) {
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
            let record = self.record_of(said, &text);
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
            level: None,
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

    /// Whether a traceback that could stand by itself was logged with the last record: it follows the head at once, or the
    /// record's traceback after an empty line, or else an error that says something on several lines.
    fn is_logged(&self, after_head: bool, adjacent: bool) -> bool {
        let (Last::Kept { own: Some(_), .. }, Some(record)) = (self.last, self.records.last()) else { return false };
        let several = adjacent
            && record.tracebacks.last().and_then(|traceback| traceback.lines.last()).is_some_and(String::is_empty);
        let error = record.tracebacks.is_empty() && record.level >= Some(Level::Error) && self.empty == 0;
        self.heads.python_follows() && (after_head || several || error)
    }

    /// A line of the last record, or of a raw stream, counted from its end; nothing from a traceback on.
    fn before(&self, lines: usize) -> Option<&str> {
        let Last::Kept { .. } = self.last else { return None };
        if self.heads.is_raw() {
            let mut last = self.records.iter().rev().take(lines + 1).take_while(|record| record.tracebacks.is_empty());
            return last.nth(lines).map(|record| record.message.as_str());
        }
        let Some(kept) = lines.checked_sub(self.empty) else { return Some("") };
        if !self.overflow.is_empty() {
            return self.overflow.iter().rev().nth(kept).map(String::as_str);
        }
        let record = self.records.last()?;
        match record.continuation.len().checked_sub(kept) {
            Some(0) => Some(record.message.as_str()).filter(|_| record.tracebacks.is_empty()),
            Some(from_begin) => record.continuation.get(from_begin - 1).map(String::as_str),
            None => None,
        }
    }

    /// Whether the line belongs to the last traceback.
    fn goes_on(&mut self, text: &Text<'_>) -> bool {
        let Last::Kept { own, .. } = self.last else { return false };
        let Some(record) = self.records.last_mut() else { return false };
        let Some(traceback) = record.tracebacks.last_mut() else { return false };
        let taken = self.open.as_mut().is_some_and(|open| open.take(text.kept, traceback));
        if !taken {
            let Some(open) = Open::resume(text.kept, traceback) else { return false };
            self.open = Some(open);
        }
        let said = own.is_some() && self.open.as_ref().is_some_and(Open::at_exception);
        let fields = said.then(|| self.fields_at_end(text.kept)).flatten();
        let keep = self.extend(text);
        let Some(traceback) = self.records.last_mut().and_then(|record| record.tracebacks.last_mut()) else {
            return true;
        };
        if let Some(fields) = fields.map(|at| text.kept[at..].trim_end()) {
            for said in [Some(&mut traceback.message), traceback.cause.as_mut()].into_iter().flatten() {
                said.truncate(said.strip_suffix(fields).unwrap_or(said).len());
            }
        }
        if keep && traceback.lines.len() < TRACEBACK_LINES {
            traceback.lines.push(text.kept.to_owned());
        } else if keep {
            self.lose(text.total - text.cut.min(text.total));
        }
        true
    }

    /// A traceback begins: where it belongs to the last record it is attached, otherwise it is a record of its own.
    fn begin(&mut self, begun: Begun, text: &Text<'_>, logged: bool) {
        let raw = self.heads.is_raw();
        let Begun { open, mut traceback, alone, before } = begun;
        self.lines_ago = before as u64;
        let taken: Vec<String> = (0..before).rev().filter_map(|at| self.before(at)).map(str::to_owned).collect();
        let first = taken.iter().find(|line| !line.is_empty()).cloned();
        traceback.lines.extend(taken);
        traceback.lines.push(text.kept.to_owned());
        let found = Found { tracebacks: vec![traceback], open: Some(open) };
        if raw && before == 0 || !matches!(self.last, Last::Kept { .. }) {
            self.raw(found, text);
        } else if raw || self.give_up(before) || logged || !alone {
            self.attach(found, text);
        } else {
            self.raw_with(first.unwrap_or_else(|| text.kept.to_owned()), found, text);
        }
    }

    /// Takes so many lines away from the end of the last record, with the empty ones before them; gives whether its very
    /// message was one of them.
    fn give_up(&mut self, lines: usize) -> bool {
        let lines = lines.saturating_sub(self.empty);
        if !self.overflow.is_empty() {
            self.overflow.truncate(self.overflow.len().saturating_sub(lines));
            return false;
        }
        let Some(record) = self.records.last_mut() else { return false };
        let left = record.continuation.len().saturating_sub(lines);
        let message = lines > record.continuation.len();
        if lines > 0 {
            record.continuation.truncate(left);
            while record.continuation.last().is_some_and(String::is_empty) {
                record.continuation.pop();
            }
        }
        message
    }

    /// A line that is neither a head nor part of a traceback, though it may have some inside.
    fn other(&mut self, text: &Text<'_>) {
        let found = if with_marker(text.seen) { scan(text.seen) } else { Found::default() };
        match self.last {
            Last::Dropped if found.tracebacks.is_empty() && !self.heads.is_raw() => {
                self.dropped += text.total;
            }
            Last::Kept { own, .. } if !self.heads.is_raw() => {
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
            _ => self.raw(found, text),
        }
    }

    /// One more line for the last record.
    fn go_on(&mut self, text: &Text<'_>) {
        if self.extend(text)
            && let Some(record) = self.records.last_mut()
        {
            // Some write the message under the rest of the head.
            let message = record.message.is_empty() && record.continuation.is_empty() && self.heads.message_follows();
            match message && !text.kept.is_empty() {
                true => text.kept.trim().clone_into(&mut record.message),
                false => record.continuation.push(text.kept.to_owned()),
            }
        } else {
            if self.overflow.len() >= OVERFLOW {
                self.overflow.pop_front();
            }
            self.overflow.push_back(text.kept.to_owned());
        }
    }

    /// A record for a line that is none of the format.
    fn raw(&mut self, found: Found, text: &Text<'_>) {
        self.raw_with(text.kept.to_owned(), found, text);
    }

    fn raw_with(&mut self, message: String, found: Found, text: &Text<'_>) {
        let record = Record { message, ..self.record(text) };
        if let Some(tally) = &mut self.tally {
            tally.raw += 1;
        }
        self.open(record, found, text, None);
    }

    /// Attaches the traceback that begins with this line to the last record.
    fn attach(&mut self, found: Found, text: &Text<'_>) {
        self.empty = 0;
        if self.extend(text) {
            self.attach_found(found);
        } else {
            // It is noticed, whatever room there is.
            let tracebacks = found.tracebacks.into_iter().map(|traceback| Traceback { lines: Vec::new(), ..traceback });
            self.attach_found(Found { tracebacks: tracebacks.collect(), open: found.open });
        }
    }

    fn attach_found(&mut self, mut found: Found) {
        if found.tracebacks.is_empty() {
            return;
        }
        if self.records.last().is_some_and(|record| record.tracebacks.len() >= TRACEBACKS / 2) {
            self.make_room();
        }
        let Last::Kept { bytes, .. } = &mut self.last else { return };
        let Some(record) = self.records.last_mut() else { return };
        let (cost, dropped) = fit(&mut found.tracebacks, RECORD.saturating_sub(*bytes));
        *bytes += cost;
        record.dropped += dropped;
        let room = TRACEBACKS.saturating_sub(record.tracebacks.len());
        self.open = found.open.filter(|_| found.tracebacks.len() <= room);
        let before = record.tracebacks.len();
        record.tracebacks.extend(found.tracebacks.into_iter().take(room));
        let added = record.tracebacks.len() - before;
        self.note_lines(added);
        self.spent += cost;
    }

    /// Adds the fields that end a line of a message of several lines; gives where they begin.
    fn fields_at_end(&mut self, line: &str) -> Option<usize> {
        let Last::Kept { own: Some(own), .. } = &mut self.last else { return None };
        let record = self.records.last_mut()?;
        if !self.heads.fields_follow() || !line.contains('=') {
            return None;
        }
        let (begin, fields) = trailing(line)?;
        for field in fields {
            if record.fields.len() < FIELDS {
                record.fields.insert(*own, field);
                *own += 1;
            }
        }
        Some(begin)
    }

    /// Whether the last record has room for this line; if not, it is counted.
    fn extend(&mut self, text: &Text<'_>) -> bool {
        let cost = text.kept.len().max(LINE_COST);
        let urgent = self.records.last().is_some_and(is_urgent);
        if !self.fits(text) {
            self.make_room();
        }
        let fits = self.fits(text);
        let keep = fits && self.afford(cost, urgent);
        if let Last::Kept { bytes, lines, .. } = &mut self.last
            && keep
        {
            *bytes += text.kept.len() + 1;
            *lines += 1;
        }
        self.lose(if keep { text.cut } else { text.total });
        keep
    }

    fn fits(&self, text: &Text<'_>) -> bool {
        match self.last {
            Last::Kept { bytes, lines, .. } => bytes + text.kept.len() < RECORD && lines < RECORD_LINES,
            _ => false,
        }
    }

    /// For a survey: so many tracebacks begin here.
    fn note_lines(&mut self, tracebacks: usize) {
        if let Some(tally) = &self.tally {
            let line = tally.lines.saturating_sub(self.lines_ago);
            self.found_at.extend(std::iter::repeat_n(line, tracebacks));
        }
        self.lines_ago = 0;
    }

    /// For a survey, what the last record has been up to now is counted and forgotten, but for what may go on.
    fn make_room(&mut self) {
        let (Some(tally), Some(record)) = (&mut self.tally, self.records.last_mut()) else { return };
        let open = record.tracebacks.pop();
        let (closed, open) = if self.open.is_some() { (None, open) } else { (open, None) };
        record.tracebacks.extend(closed);
        tally.record(record, &self.found_at);
        self.found_at.drain(..record.tracebacks.len().min(self.found_at.len()));
        record.tracebacks.clear();
        record.tracebacks.extend(open);
        record.continuation.drain(..record.continuation.len().saturating_sub(OVERFLOW));
        (self.spent, self.full, self.reserve_spent) = (0, false, 0);
        if let Last::Kept { bytes, lines, .. } = &mut self.last {
            (*bytes, *lines) = (0, 0);
        }
    }

    fn lose(&mut self, bytes: u64) {
        if let Some(record) = self.records.last_mut() {
            record.dropped += bytes;
        }
    }

    /// Whether there is room for so many bytes more. Once there was none, only what is urgent gets some.
    fn afford(&mut self, cost: usize, urgent: bool) -> bool {
        self.full |= self.spent + cost > READER;
        let (spent, bound) = if self.full { (&mut self.reserve_spent, RESERVE) } else { (&mut self.spent, READER) };
        let affordable = (!self.full || urgent) && *spent + cost <= bound;
        if affordable {
            *spent += cost;
        }
        affordable
    }
}

/// How many lines of a record that is too long are looked back at.
const OVERFLOW: usize = 32;

fn is_urgent(record: &Record) -> bool {
    record.level >= Some(Level::Warn) || !record.tracebacks.is_empty()
}

/// Cuts the lines of the tracebacks down to so many bytes; gives how many bytes are left, and how many were cut off.
fn fit(tracebacks: &mut [Traceback], room: usize) -> (usize, u64) {
    let (mut kept, mut dropped) = (0, 0);
    for traceback in tracebacks {
        traceback.lines.retain(|line| {
            let fits = kept + line.len() < room;
            kept += if fits { line.len() + 1 } else { 0 };
            dropped += if fits { 0 } else { line.len() as u64 + 1 };
            fits
        });
    }
    (kept, dropped)
}
