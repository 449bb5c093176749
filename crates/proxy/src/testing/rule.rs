use std::panic::Location;
use std::sync::Arc;

use super::expectation::Expected;
use super::link::Inner;
use super::thread::block_on;
use super::{Cut, GateError, Place};
use crate::engine::{Effect, GateId, Repeat, RepeatAction, Toward};

/// A rule that is being written: what the link does at a place.
#[derive(Debug)]
#[must_use = "a rule does nothing before it says what"]
pub struct RuleBuilder<'a> {
    link: &'a Arc<Inner>,
    place: Place,
    times: Option<u32>,
}

/// What a link does by itself at a place, from the first match on.
///
/// **Dropping it** ends it, and what it holds or refuses. It panics if it was not met as [expected](Self::expect): at least once.
#[derive(Debug)]
#[must_use = "a rule that is dropped does nothing"]
pub struct Rule {
    link: Arc<Inner>,
    id: GateId,
    place: Place,
    action: RepeatAction,
}

impl<'a> RuleBuilder<'a> {
    pub(super) fn new(link: &'a Arc<Inner>, place: Place) -> Self {
        Self { link, place, times: None }
    }

    /// Only so many times: then everything has recovered. Each time, by default.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Breaks the connection, on both sides.
    #[track_caller]
    pub fn cut(self, cut: Cut) -> Rule {
        self.make(RepeatAction::Cut(cut.into(), Toward::Both), "a cut", Location::caller())
    }

    /// Makes a black hole of the connection.
    #[track_caller]
    pub fn hold(self) -> Rule {
        self.make(RepeatAction::Hold, "a hold", Location::caller())
    }

    /// Refuses new connections from then on.
    #[track_caller]
    pub fn refuse(self) -> Rule {
        self.make(RepeatAction::Refuse, "a refusal", Location::caller())
    }

    /// Does nothing but count: how often something comes there can be waited for, and expected.
    #[track_caller]
    pub fn count(self) -> Rule {
        self.make(RepeatAction::Nothing, "a count", Location::caller())
    }

    fn make(self, action: RepeatAction, what: &str, location: &'static Location<'static>) -> Rule {
        let Self { link, place, times } = self;
        let id = link.expect(format!("{what} at {place}"), Expected::AT_LEAST_ONCE, location);
        link.arm(id, &place, Repeat { more: times, action });
        Rule { link: Arc::clone(link), id, place, action }
    }
}

impl Rule {
    /// How often it must have acted when it is dropped: `2`, `1..=3`, `0..`. At least once, by default.
    pub fn expect(self, times: impl Into<Expected>) -> Self {
        self.link.change_expected(self.id, times.into());
        self
    }

    /// How often it has acted.
    pub fn met(&self) -> u64 {
        self.link.told(|told| told.met(self.id))
    }

    /// What that has met, in sum.
    pub fn effect(&self) -> Effect {
        self.link.told(|told| told.effect(self.id))
    }

    /// Waits until it has acted so many times.
    ///
    /// # Errors
    /// When it has not, in time.
    pub async fn reached(&self, times: u64) -> Result<(), GateError> {
        let id = self.id;
        self.link.until(id, &self.place, move |told| (told.met(id) >= times).then_some(())).await
    }

    /// As [`reached`](Self::reached), for tests that are not async.
    ///
    /// # Errors
    /// The same.
    pub fn reached_blocking(&self, times: u64) -> Result<(), GateError> {
        block_on(self.reached(times))
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        // Before its effects are undone: it must not act once more behind that.
        self.link.engine.disarm(self.id);
        match self.action {
            RepeatAction::Hold => {
                let held = self.link.told(|told| told.connections(self.id));
                held.into_iter().for_each(|connection| self.link.engine.release(connection));
            }
            RepeatAction::Refuse => self.link.engine.accept(),
            RepeatAction::Cut(..) | RepeatAction::Nothing => {}
        }
        self.link.disarm(self.id);
    }
}
