//! Takes the last line back: it is read again once it is known what stands before it.

use super::{Assembler, Last};

/// What there was before a line was read.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Checkpoint {
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

impl Assembler {
    /// Where to go back to.
    pub(in super::super) fn mark(&self) -> Checkpoint {
        let record = self.current();
        Checkpoint {
            begun: self.begun,
            records: self.records.len(),
            current: self.state.current,
            last: self.state.last,
            empty: self.state.empty,
            continuation: record.map_or(0, |record| record.continuation.len()),
            tracebacks: record.map_or(0, |record| record.tracebacks.len()),
            looked: self.state.looked,
            recent: self.state.recent.pushed(),
        }
    }

    /// Takes back the one line that was read since; gives whether it could be, which it can unless it is part of a traceback
    /// that began before.
    pub(in super::super) fn take_back(&mut self, mark: Checkpoint) -> bool {
        let looked = usize::try_from(self.state.looked - mark.looked).unwrap_or(usize::MAX);
        let continued = self.current().map_or(0, |record| record.continuation.len()) > mark.continuation;
        match self.begun - mark.begun {
            _ if self.state.last == Last::Dropped => return false,
            0 if looked > 0 => drop(self.give_up_outside(looked)),
            0 if continued => self.take_continuation_back(mark),
            1 => self.take_record_back(mark),
            _ => return false,
        }
        (self.state.empty, self.state.open) = (mark.empty, None);
        self.state.recent.take_back(mark.recent);
        true
    }

    fn take_continuation_back(&mut self, mark: Checkpoint) {
        // A head that was pending has been read in full meanwhile.
        let pending = mark.last == Last::Pending;
        let (continuation, tracebacks) = if pending { (0, 0) } else { (mark.continuation, mark.tracebacks) };
        if let Some(record) = self.current_mut() {
            record.continuation.truncate(continuation);
            record.tracebacks.truncate(tracebacks);
        }
        self.state.found_at.truncate(tracebacks);
        if !pending {
            self.state.last = mark.last;
        }
    }

    fn take_record_back(&mut self, mark: Checkpoint) {
        let text = self.current().map(|record| record.message.clone()).unwrap_or_default();
        if let Some(tally) = &mut self.tally {
            // What was before has been counted.
            tally.forget(self.counted, self.dated, &text);
            (self.state.last, self.state.current) = (Last::None, None);
            self.state.found_at.clear();
        } else {
            self.records.truncate(mark.records);
            (self.state.last, self.state.current) = (mark.last, mark.current);
        }
    }
}
