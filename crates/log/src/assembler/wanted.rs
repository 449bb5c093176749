//! Records that somebody waits for: they are kept when there is no room for others.

use super::Record;
use crate::bounds::WANTED;

/// Tells whether a record is one that somebody waits for.
type Predicate = Box<dyn Fn(&Record) -> bool + Send + Sync>;

/// What is waited for, and how many bytes of each were kept for that.
#[derive(Default)]
pub(in super::super) struct Wanted(Vec<(Predicate, usize)>);

impl Wanted {
    pub(in super::super) fn add(&mut self, wanted: Predicate) {
        self.0.push((wanted, 0));
    }

    /// Whether somebody waits for a record, and has not got enough of its kind.
    pub(super) fn affords(&mut self, record: &Record, cost: usize) -> bool {
        let found = self.0.iter_mut().find(|(wanted, spent)| *spent + cost <= WANTED && wanted(record));
        found.map(|(_, spent)| *spent += cost).is_some()
    }
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wanted({})", self.0.len())
    }
}
