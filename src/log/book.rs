//! Puts lines where they belong: into a new record, into the last one, into its last traceback.

use super::bounds::{
    FIELDS, LINE, LINE_COST, READER, RECORD, RECORD_LINES, RESERVE, TRACEBACK_LINES, TRACEBACKS, clip,
};
use super::fields::trailing;
use super::head::Heads;
use super::lines::Line;
use super::text::clean;
use super::traceback::{Begun, Found, Open, begin, begin_without_heading, scan, with_marker};
use super::{Level, Record, Stream, Traceback};

/// The records, and how the next line relates to the last of them.
#[derive(Debug)]
pub(super) struct Book {
    heads: Heads,
    stream: Stream,
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
}

/// What the line before belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    None,
    /// A record that was not kept.
    Dropped,
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
            records: Vec::new(),
            last: Last::None,
            open: None,
            empty: 0,
            spent: 0,
            full: false,
            reserve_spent: 0,
            dropped: 0,
        }
    }

    /// Puts a line where it belongs.
    pub(super) fn line(&mut self, at: u64, line: Line<'_>) {
        let seen = clean(line.bytes);
        let kept = clip(&seen, LINE);
        let cut = (seen.len() - kept.len()) as u64 + line.skipped;
        let total = line.bytes.len() as u64 + line.skipped + 1;
        let text = Text { kept, seen: &seen, cut, total, at };
        if let Some(head) = self.heads.parse(kept) {
            let found = if with_marker(&seen) { scan(&seen) } else { Found::default() };
            let record = Record {
                level: head.level,
                target: head.target,
                thread: head.thread,
                message: head.message,
                fields: head.fields,
                ..self.record(&text)
            };
            self.open(record, found, &text, Some(head.own));
        } else {
            self.stray(&text);
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
        record.tracebacks = found.tracebacks;
        let room = RECORD.saturating_sub(text.kept.len());
        let (bytes, dropped) = fit(&mut record.tracebacks, room);
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
        let after_head = matches!(self.last, Last::Kept { head: true, .. });
        if let Last::Kept { head, .. } = &mut self.last {
            *head = false;
        }
        if self.goes_on(text) {
            self.empty = 0;
            return;
        }
        self.open = None;
        if text.seen.is_empty() && !matches!(self.heads, Heads::Raw) {
            self.empty += 1;
            return;
        }
        if let Some(begun) = begin(text.kept) {
            self.begin(begun, text, after_head);
        } else if !self.frames_without_heading(text) {
            self.other(text);
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
        if let Some(rest) = fields.and_then(|at| traceback.message.strip_suffix(text.kept[at..].trim_end())) {
            traceback.message.truncate(rest.len());
        }
        if keep && traceback.lines.len() < TRACEBACK_LINES {
            traceback.lines.push(text.kept.to_owned());
        } else if keep {
            self.lose(text.total - text.cut.min(text.total));
        }
        true
    }

    /// A traceback begins: where it belongs to the last record it is attached, otherwise it is a record of its own.
    fn begin(&mut self, begun: Begun, text: &Text<'_>, after_head: bool) {
        let logged = matches!(self.heads, Heads::Python) && after_head;
        let belongs = !matches!(self.heads, Heads::Raw) && (logged || !begun.alone);
        let Begun { open, mut traceback, .. } = begun;
        traceback.lines.push(text.kept.to_owned());
        let found = Found { tracebacks: vec![traceback], open: Some(open) };
        if belongs && matches!(self.last, Last::Kept { .. }) {
            self.attach(found, text);
        } else {
            self.raw(found, text);
        }
    }

    /// Frames that somebody has written without a heading: the first of them was taken for an ordinary line.
    fn frames_without_heading(&mut self, text: &Text<'_>) -> bool {
        if !text.kept.trim_start().starts_with("at ") || !matches!(self.last, Last::Kept { .. }) {
            return false;
        }
        let raw = matches!(self.heads, Heads::Raw);
        let Some(record) = self.records.last_mut() else { return false };
        let first = if raw { Some(record.message.as_str()) } else { record.continuation.last().map(String::as_str) };
        let Some((first, begun)) = first.and_then(|first| Some((first, begin_without_heading(first, text.kept)?)))
        else {
            return false;
        };
        let Begun { open, mut traceback, .. } = begun;
        traceback.lines.extend([first.to_owned(), text.kept.to_owned()]);
        if !raw {
            record.continuation.pop();
            while record.continuation.last().is_some_and(String::is_empty) {
                record.continuation.pop();
            }
        }
        self.attach(Found { tracebacks: vec![traceback], open: Some(open) }, text);
        true
    }

    /// A line that is neither a head nor part of a traceback, though it may have some inside.
    fn other(&mut self, text: &Text<'_>) {
        let found = if with_marker(text.seen) { scan(text.seen) } else { Found::default() };
        match self.last {
            Last::Dropped if found.tracebacks.is_empty() && !matches!(self.heads, Heads::Raw) => {
                self.dropped += text.total;
            }
            Last::Kept { own, .. } if !matches!(self.heads, Heads::Raw) => {
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
            record.continuation.push(text.kept.to_owned());
        }
    }

    /// A record for a line that is none of the format.
    fn raw(&mut self, found: Found, text: &Text<'_>) {
        let record = Record { message: text.kept.to_owned(), ..self.record(text) };
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
        let Last::Kept { bytes, .. } = &mut self.last else { return };
        let Some(record) = self.records.last_mut() else { return };
        if found.tracebacks.is_empty() {
            return;
        }
        let (cost, dropped) = fit(&mut found.tracebacks, RECORD.saturating_sub(*bytes));
        *bytes += cost;
        record.dropped += dropped;
        let room = TRACEBACKS.saturating_sub(record.tracebacks.len());
        self.open = found.open.filter(|_| found.tracebacks.len() <= room);
        record.tracebacks.extend(found.tracebacks.into_iter().take(room));
        self.spent += cost;
    }

    /// Adds the fields that end a line of a message of several lines; gives where they begin.
    fn fields_at_end(&mut self, line: &str) -> Option<usize> {
        let Last::Kept { own: Some(own), .. } = &mut self.last else { return None };
        let record = self.records.last_mut()?;
        if !matches!(self.heads, Heads::Tracing) || !line.contains('=') {
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
        let fits = match self.last {
            Last::Kept { bytes, lines, .. } => bytes + text.kept.len() < RECORD && lines < RECORD_LINES,
            _ => false,
        };
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
