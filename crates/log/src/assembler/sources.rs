//! Several sources in one stream: each is read by itself.

use super::{Assembler, Record, SourceState};

/// How many sources are read at once; of more, those that have been silent for longest are closed.
const SOURCES: usize = 64;

/// What distinguishes a source: a hash of what its prefix says.
pub(in super::super) type Source = u64;

/// The sources that are not read now.
#[derive(Debug, Default)]
pub(super) struct Sources {
    current: Source,
    /// The one that was read last is the last.
    parked: Vec<(Source, Box<SourceState>)>,
}

impl Assembler {
    /// The next line is of this source; 0 is that of all lines without a prefix.
    pub(in super::super) fn turn_to(&mut self, source: Source) {
        if source == self.sources.current {
            self.heads.turn_to(self.state.way);
            return;
        }
        let known = self.sources.parked.iter().position(|(known, _)| *known == source);
        let state = match known {
            Some(at) => self.sources.parked.remove(at).1,
            None if self.sources.parked.len() + 1 < SOURCES => Box::default(),
            None => self.close_oldest(),
        };
        let before = std::mem::replace(&mut self.state, state);
        self.sources.parked.push((std::mem::replace(&mut self.sources.current, source), before));
        self.heads.turn_to(self.state.way);
    }

    /// Counts what the source that has been silent for longest has said; gives a state for another.
    fn close_oldest(&mut self) -> Box<SourceState> {
        let (_, oldest) = self.sources.parked.remove(0);
        let current = std::mem::replace(&mut self.state, oldest);
        self.hand_over();
        let slot = self.state.slot;
        self.state = current;
        let mut state = Box::<SourceState>::default();
        state.slot = slot;
        state
    }

    /// What every source has said is counted.
    pub(super) fn close_all(&mut self) {
        self.hand_over();
        for (_, state) in std::mem::take(&mut self.sources.parked) {
            self.state = state;
            self.hand_over();
        }
    }

    /// Puts a record that begins in its place. A survey keeps only the last of each source.
    pub(super) fn place(&mut self, record: Record) {
        let slot = self.state.slot.filter(|_| self.tally.is_some());
        let at = match slot {
            Some(slot) => {
                self.records[slot] = record;
                slot
            }
            None => {
                self.records.push(record);
                self.records.len() - 1
            }
        };
        self.state.current = Some(at);
        self.state.slot = Some(at);
    }

    /// The record of the source that is read now to which lines may still belong; text outside may follow it.
    pub(super) fn current_mut(&mut self) -> Option<&mut Record> {
        self.records.get_mut(self.state.current?)
    }

    /// The same.
    pub(super) fn current(&self) -> Option<&Record> {
        self.records.get(self.state.current?)
    }

    /// How many records from the beginning on no later line can change any more.
    pub(in super::super) fn settled(&self) -> usize {
        let desks = self.sources.parked.iter().map(|(_, state)| state).chain([&self.state]);
        let open = desks.filter_map(|state| state.current.into_iter().chain(state.texts.iter().copied()).min());
        open.min().unwrap_or(self.records.len()).min(self.records.len())
    }

    /// Takes a record away; those behind it move up.
    pub(super) fn remove(&mut self, at: usize) {
        if at >= self.records.len() {
            return;
        }
        self.records.remove(at);
        self.bookmarks.iter_mut().filter(|place| **place > at).for_each(|place| *place -= 1);
        let states = self.sources.parked.iter_mut().map(|(_, state)| &mut **state).chain([&mut *self.state]);
        for state in states {
            let places = state.current.iter_mut().chain(&mut state.texts);
            places.filter(|place| **place > at).for_each(|place| *place -= 1);
        }
    }
}
