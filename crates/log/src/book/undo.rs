//! Takes the last line back: it is read again once it is known what stands before it.

use super::{Book, Last};

/// What there was before a line was read.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Mark {
    begun: u64,
    records: usize,
    current: Option<usize>,
    last: Last,
    empty: usize,
    continuation: usize,
    tracebacks: usize,
    looked: u64,
    recent: u64,
}

impl Book {
    /// Where to go back to.
    pub(in super::super) fn mark(&self) -> Mark {
        let record = self.current();
        Mark {
            begun: self.begun,
            records: self.records.len(),
            current: self.desk.current,
            last: self.desk.last,
            empty: self.desk.empty,
            continuation: record.map_or(0, |record| record.continuation.len()),
            tracebacks: record.map_or(0, |record| record.tracebacks.len()),
            looked: self.desk.looked,
            recent: self.desk.recent.pushed(),
        }
    }

    /// Takes back the one line that was read since; gives whether it could be, which it can unless it is part of a traceback
    /// that began before.
    pub(in super::super) fn take_back(&mut self, mark: Mark) -> bool {
        let looked = usize::try_from(self.desk.looked - mark.looked).unwrap_or(usize::MAX);
        let continued = self.current().map_or(0, |record| record.continuation.len()) > mark.continuation;
        match self.begun - mark.begun {
            _ if self.desk.last == Last::Dropped => return false,
            0 if looked > 0 => drop(self.give_up_outside(looked)),
            0 if continued => self.take_continuation_back(mark),
            1 => self.take_record_back(mark),
            _ => return false,
        }
        (self.desk.empty, self.desk.open) = (mark.empty, None);
        self.desk.recent.take_back(mark.recent);
        true
    }

    fn take_continuation_back(&mut self, mark: Mark) {
        // A head that was pending has been read in full meanwhile.
        let pending = mark.last == Last::Pending;
        let (continuation, tracebacks) = if pending { (0, 0) } else { (mark.continuation, mark.tracebacks) };
        if let Some(record) = self.current_mut() {
            record.continuation.truncate(continuation);
            record.tracebacks.truncate(tracebacks);
        }
        self.desk.found_at.truncate(tracebacks);
        if !pending {
            self.desk.last = mark.last;
        }
    }

    fn take_record_back(&mut self, mark: Mark) {
        let text = self.current().map(|record| record.message.clone()).unwrap_or_default();
        if let Some(tally) = &mut self.tally {
            // What was before has been counted.
            tally.forget(self.counted, &text);
            (self.desk.last, self.desk.current) = (Last::None, None);
            self.desk.found_at.clear();
        } else {
            self.records.truncate(mark.records);
            (self.desk.last, self.desk.current) = (mark.last, mark.current);
        }
    }
}
