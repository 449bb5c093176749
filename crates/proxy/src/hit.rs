//! Which fault hit which request at which byte.

use std::collections::VecDeque;

use super::{ConnectionId, Side};

/// The first byte of a request, an answer or a connection that a toxic has done something to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Hit {
    /// The toxic, by name.
    pub toxic: String,
    /// What it did.
    pub effect: HitEffect,
    /// The connection.
    pub connection: ConnectionId,
    /// The direction: the end that the bytes go to.
    pub toward: Side,
    /// The byte, counted from 0 in this direction of the connection.
    pub offset: u64,
    /// The request that the byte belongs to, or that it is an answer to. Absent where no request is recognised.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub request: Option<RequestHit>,
}

/// The place of a hit in a request or its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct RequestHit {
    /// The request's number on the link, from 1.
    pub number: u64,
    /// Its method.
    pub method: String,
    /// Its path without the query.
    pub path: String,
    /// The byte, counted from 0 in the request or the answer.
    pub byte: u64,
}

/// What a toxic did to a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum HitEffect {
    /// It passed later.
    Delayed,
    /// It went nowhere.
    Dropped,
    /// It was changed.
    Changed,
    /// The connection was closed before it.
    Closed,
    /// The connection was reset before it.
    Reset,
}

impl HitEffect {
    /// Whether it ends the connection.
    pub(super) fn ends(self) -> bool {
        matches!(self, Self::Closed | Self::Reset)
    }
}

/// How many hits are kept.
const KEPT: usize = 10_000;

/// The latest hits of a link.
#[derive(Debug, Default)]
pub(super) struct Hits {
    kept: VecDeque<Hit>,
    forgotten: u64,
}

impl Hits {
    pub fn push(&mut self, hit: Hit) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
            self.forgotten += 1;
        }
        self.kept.push_back(hit);
    }

    /// The hits that are kept, oldest first, and how many older ones are not.
    pub fn all(&self) -> (Vec<Hit>, u64) {
        (self.kept.iter().cloned().collect(), self.forgotten)
    }
}
