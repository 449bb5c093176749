//! The toxics of a link, in the order in which they came.

use std::net::SocketAddr;
use std::sync::Arc;

use super::Side;
use super::toxic::Toxic;

/// A toxic by a number that is never given again, so that one of the same name is another one.
pub(super) type Serial = u64;

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub serial: Serial,
    pub toxic: Arc<Toxic>,
    /// How many requests it was asked about and means by head and client.
    counted: u64,
}

#[derive(Debug, Default)]
pub(super) struct Toxics {
    entries: Vec<Entry>,
    last: Serial,
}

impl Toxics {
    /// Takes a toxic in; false when its name is taken.
    pub fn add(&mut self, toxic: Toxic) -> bool {
        if self.named(&toxic.name).is_some() {
            return false;
        }
        self.last += 1;
        self.entries.push(Entry { serial: self.last, toxic: Arc::new(toxic), counted: 0 });
        true
    }

    /// Replaces a toxic by another one of its name; false when there is none.
    pub fn replace(&mut self, toxic: Toxic) -> bool {
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.toxic.name == toxic.name) else { return false };
        entry.toxic = Arc::new(toxic);
        true
    }

    /// Takes a toxic away; false when there is none of this name.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.toxic.name != name);
        self.entries.len() < before
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn named(&self, name: &str) -> Option<&Arc<Toxic>> {
        self.entries.iter().map(|entry| &entry.toxic).find(|toxic| toxic.name == name)
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Toxic>> {
        self.entries.iter().map(|entry| &entry.toxic)
    }

    /// The toxics of one direction.
    pub fn toward(&self, side: Side) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.toxic.toward == side)
    }

    /// Whether any toxic chooses among requests.
    pub fn choose(&self) -> bool {
        self.entries.iter().any(|entry| entry.toxic.only.is_some())
    }

    /// Counts a request that has come; gives the toxics that choose it.
    pub fn choosing(&mut self, method: &str, path: &str, client: Option<SocketAddr>) -> Vec<Serial> {
        let mut chosen = Vec::new();
        if !self.choose() {
            return chosen;
        }
        let client = client.map(|client| client.to_string()).unwrap_or_default();
        for entry in &mut self.entries {
            let Some(only) = entry.toxic.only.as_ref().filter(|only| only.names(method, path, &client)) else {
                continue;
            };
            entry.counted += 1;
            if only.counts(entry.counted) {
                chosen.push(entry.serial);
            }
        }
        chosen
    }
}
