//! Counting instead of keeping, for a log of any size.

use super::outside_text::OVERFLOW;
use super::*;

impl Assembler {
    /// An assembler that only counts.
    pub(in super::super) fn surveying(heads: Heads, stream: Stream, tally: Tally) -> Self {
        Self { tally: Some(tally), ..Self::new(heads, stream) }
    }

    /// What the frames of the application have in them.
    pub(in super::super) fn tell_applications(&mut self, prefixes: Vec<String>) {
        if let Some(tally) = &mut self.tally {
            tally.applications = prefixes;
        }
    }

    /// For a survey: when the record with this head was logged. Without a time of its own it follows the one before.
    pub(super) fn time_of(&mut self, text: &Text<'_>, message: Option<std::ops::Range<usize>>) -> Option<i64> {
        let clock = self.tally.as_ref()?.clock;
        let announced = self.state.announced_time.take();
        clock.of(text.raw, text.kept, message, self.heads.is_pairs()).or(announced).or(self.state.time)
    }

    /// The same for a text that is no head: only what stands before it says when.
    pub(super) fn time_of_text(&self, text: &Text<'_>) -> Option<i64> {
        let clock = self.tally.as_ref()?.clock;
        let own = (text.raw.len() > text.kept.len()).then(|| clock.of(text.raw, text.kept, Some(0..0), false));
        own.flatten().or(self.state.time)
    }

    /// What was counted.
    pub(in super::super) fn finish_survey(mut self) -> Summary {
        self.close_all();
        let raw = self.heads.is_raw();
        let mut summary = self.tally.unwrap_or_default().finish();
        if raw {
            // Whoever says that it is raw wants nothing but its stack traces.
            summary.not_understood = 0;
            summary.examples.clear();
        }
        summary
    }

    /// The last record has ended: what it holds is counted, and forgotten.
    pub(super) fn hand_over(&mut self) {
        if let Some(tally) = &mut self.tally {
            if let Some(record) = self.state.current.take().and_then(|at| self.records.get_mut(at)) {
                tally.record(record, &self.state.found_at, self.state.time);
                record.tracebacks.clear();
            }
            self.state.found_at.clear();
            (self.spent, self.full, self.reserve_spent, self.dropped) = (0, false, 0, 0);
        }
    }

    /// Something more belongs to the record of which only the head was kept.
    pub(super) fn need_pending(&mut self) {
        if self.state.last != Last::Pending {
            return;
        }
        let head = std::mem::take(&mut self.state.pending);
        if let Some(mut parsed) = self.heads.again(&head) {
            parsed.level = parsed.level.or(self.state.pending_level);
            let said = parsed.finish();
            let text = Text::new(&head, 0, 0, 0);
            let own = said.own;
            let record = self.record_of(said, &text);
            self.open(record, Found::default(), &text, Some(own));
            self.begun -= 1;
        }
        self.state.pending = head;
    }

    /// For a survey: so many tracebacks begin here.
    pub(super) fn note_lines(&mut self, tracebacks: usize) {
        if self.tally.is_some() {
            let line = self.state.number(self.state.lines_ago);
            self.state.found_at.extend(std::iter::repeat_n(line, tracebacks));
        }
        self.state.lines_ago = 0;
    }

    /// For a survey, what the last record has been up to now is counted and forgotten, but for what may go on.
    pub(super) fn make_room(&mut self) {
        let record = self.state.current.and_then(|at| self.records.get_mut(at));
        let (Some(tally), Some(record)) = (&mut self.tally, record) else { return };
        let open = record.tracebacks.pop();
        let (closed, open) = if self.state.open.is_some() { (None, open) } else { (open, None) };
        record.tracebacks.extend(closed);
        tally.record(record, &self.state.found_at, self.state.time);
        self.state.found_at.drain(..record.tracebacks.len().min(self.state.found_at.len()));
        record.tracebacks.clear();
        // It is not counted again when it ends.
        record.outside = false;
        record.tracebacks.extend(open);
        record.continuation.drain(..record.continuation.len().saturating_sub(OVERFLOW));
        (self.spent, self.full, self.reserve_spent) = (0, false, 0);
        if let Last::Kept { bytes, lines, .. } = &mut self.state.last {
            (*bytes, *lines) = (0, 0);
        }
    }
}
