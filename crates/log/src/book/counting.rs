//! Counting instead of keeping, for a log of any size.

use super::outside::OVERFLOW;
use super::*;

impl Book {
    /// A book that only counts.
    pub(in super::super) fn surveying(heads: Heads, stream: Stream, tally: Tally) -> Self {
        Self { tally: Some(tally), ..Self::new(heads, stream) }
    }

    /// What the frames of the application have in them.
    pub(in super::super) fn tell_applications(&mut self, prefixes: Vec<String>) {
        if let Some(tally) = &mut self.tally {
            tally.applications = prefixes;
        }
    }

    /// What was counted.
    pub(in super::super) fn finish_survey(mut self) -> Summary {
        self.end();
        self.hand_over();
        self.tally.unwrap_or_default().finish()
    }

    /// The last record has ended: what it holds is counted, and forgotten.
    pub(super) fn hand_over(&mut self) {
        if let Some(tally) = &mut self.tally {
            for record in self.records.drain(..) {
                tally.record(&record, &self.found_at);
            }
            self.found_at.clear();
            (self.spent, self.full, self.reserve_spent, self.dropped) = (0, false, 0, 0);
        }
    }

    /// Something more belongs to the record of which only the head was kept.
    pub(super) fn need_pending(&mut self) {
        let head = std::mem::take(&mut self.pending);
        if let Some(said) = self.heads.again(&head).map(Head::finish) {
            let text = Text { kept: &head, seen: &head, cut: 0, total: 0, at: 0 };
            let own = said.own;
            let record = self.record_of(said, &text);
            self.open(record, Found::default(), &text, Some(own));
        }
        self.pending = head;
    }

    /// For a survey: so many tracebacks begin here.
    pub(super) fn note_lines(&mut self, tracebacks: usize) {
        if let Some(tally) = &self.tally {
            let line = tally.lines.saturating_sub(self.lines_ago);
            self.found_at.extend(std::iter::repeat_n(line, tracebacks));
        }
        self.lines_ago = 0;
    }

    /// For a survey, what the last record has been up to now is counted and forgotten, but for what may go on.
    pub(super) fn make_room(&mut self) {
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
}
