//! The toxics of a link, as its owner sees them.

use std::sync::atomic::Ordering;

use super::EventLink;
use crate::toxics::Toxics;
use crate::{Hit, Toxic, WrongToxic};

/// Why a toxic cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToxicError {
    /// A value makes no sense.
    #[error(transparent)]
    Wrong(#[from] WrongToxic),
    /// The link has one of this name already, in whatever direction.
    #[error("there is a toxic `{0}` already")]
    Exists(String),
    /// The link has none of this name.
    #[error("there is no toxic `{0}`")]
    Missing(String),
}

impl EventLink {
    /// Adds a toxic, behind those that are there. It is in effect on every open connection when this returns: no byte that is
    /// forwarded later escapes it.
    ///
    /// # Errors
    /// When a value makes no sense or the name is taken.
    pub fn add_toxic(&self, toxic: Toxic) -> Result<(), ToxicError> {
        toxic.check()?;
        let name = toxic.name.clone();
        self.change(|toxics| toxics.add(toxic)).then_some(()).ok_or(ToxicError::Exists(name))
    }

    /// Changes the values of a toxic, on open connections too; its name and direction stay. What it already holds is held by
    /// the old ones.
    ///
    /// # Errors
    /// When there is none of this name, or a value makes no sense; then nothing has changed.
    pub fn update_toxic(&self, name: &str, update: impl FnOnce(&mut Toxic)) -> Result<Toxic, ToxicError> {
        let old = self.toxic(name).ok_or_else(|| ToxicError::Missing(name.to_owned()))?;
        let mut toxic = old.clone();
        update(&mut toxic);
        (toxic.name, toxic.toward) = (old.name, old.toward);
        toxic.check()?;
        let replaced = self.change(|toxics| toxics.replace(toxic.clone()));
        replaced.then_some(toxic).ok_or_else(|| ToxicError::Missing(name.to_owned()))
    }

    /// Takes a toxic away. What it holds passes now; only `timeout` closes what it has met.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn remove_toxic(&self, name: &str) -> Result<(), ToxicError> {
        self.change(|toxics| toxics.remove(name)).then_some(()).ok_or_else(|| ToxicError::Missing(name.to_owned()))
    }

    /// Takes every toxic away.
    pub fn clear_toxics(&self) {
        self.change(Toxics::clear);
    }

    /// A toxic by its name.
    pub fn toxic(&self, name: &str) -> Option<Toxic> {
        self.shared.state().toxics.named(name).map(|toxic| Toxic::clone(toxic))
    }

    /// The toxics, in the order in which they came and are applied.
    pub fn toxics(&self) -> Vec<Toxic> {
        self.shared.state().toxics.all().map(|toxic| Toxic::clone(toxic)).collect()
    }

    /// Which toxic hit which request at which byte: the latest 10 000, oldest first, and how many older ones there were.
    pub fn hits(&self) -> (Vec<Hit>, u64) {
        self.shared.state().hits.all()
    }

    /// Forgets the hits so far.
    pub fn forget_hits(&self) {
        self.shared.state().hits = Default::default();
    }

    /// Changes the toxics, and lets every connection see it.
    fn change<T>(&self, change: impl FnOnce(&mut Toxics) -> T) -> T {
        let mut state = self.shared.state();
        let answer = change(&mut state.toxics);
        self.shared.toxics_version.fetch_add(1, Ordering::Release);
        state.connections.values().for_each(|control| control.wakeup.wake());
        answer
    }
}
