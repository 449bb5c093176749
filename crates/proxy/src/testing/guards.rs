use std::sync::Arc;

use super::link::Inner;
use super::thread::block_on;
use crate::engine::{Effect, Toxic, ToxicError};

/// A toxic on a link. Dropping it takes the toxic away: what it holds passes; only `timeout` closes what it has met.
#[derive(Debug)]
#[must_use = "a toxic ends when its guard is dropped"]
pub struct ToxicGuard {
    link: Arc<Inner>,
    name: String,
}

impl ToxicGuard {
    pub(super) fn new(link: Arc<Inner>, name: String) -> Self {
        Self { link, name }
    }

    /// Its name, as hits have it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Changes its values, for what is under way, too; its name and direction stay.
    ///
    /// # Errors
    /// When a value makes no sense; then nothing has changed.
    pub fn update(&self, update: impl FnOnce(&mut Toxic)) -> Result<(), ToxicError> {
        self.link.engine.update_toxic(&self.name, update).map(drop)
    }
}

impl Drop for ToxicGuard {
    fn drop(&mut self) {
        // It is there, unless the whole link was cleared.
        let _ = self.link.engine.remove_toxic(&self.name);
    }
}

/// A link that is a black hole. Dropping it lets all pass that was withheld, in order.
#[derive(Debug)]
#[must_use = "a hold ends when its guard is dropped"]
pub struct Held {
    link: Arc<Inner>,
    effect: Effect,
    /// What earlier holds have met.
    before: Effect,
}

impl Held {
    pub(super) fn new(link: Arc<Inner>, effect: Effect, before: Effect) -> Self {
        Self { link, effect, before }
    }

    /// What it has met: connections that were held, or came and were swallowed, and bytes that were withheld.
    pub fn effect(&self) -> Effect {
        self.link.thread.settle();
        self.effect.and(self.link.engine.later_effect().since(self.before))
    }

    /// Ends it by breaking what it held (RST): what a black hole has swallowed does not come out of it.
    pub async fn break_connections(self) {
        self.link.engine.break_held().await;
    }

    /// As [`break_connections`](Self::break_connections), for tests that are not async.
    pub fn break_connections_blocking(self) {
        block_on(self.break_connections());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.link.engine.release_all();
    }
}

/// A link that refuses new connections. Dropping it accepts them again.
#[derive(Debug)]
#[must_use = "a refusal ends when its guard is dropped"]
pub struct Refused {
    link: Arc<Inner>,
}

impl Refused {
    pub(super) fn new(link: Arc<Inner>) -> Self {
        Self { link }
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        self.link.engine.accept();
    }
}
