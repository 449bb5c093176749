//! A client that goes away while a gate stops a stream of its connection.
//!
//! The end of a stream keeps its place behind the bytes that a gate withholds: its sender may wait for the answer to
//! them, and a server ends its stream behind its last answer as a matter of course. But a client that has closed its
//! socket waits for nothing, and the server would be told of it anywhere else: it is told here.

use super::Connection;
use super::ends::Ends;
use crate::Side;
use crate::gates::Outcome;
use crate::peer::Watch;

/// Returns when the client that is watched is gone; never when none is. `much` as for [`Watch::gone`].
pub(super) async fn gone(watch: &mut Option<Watch>, much: bool) {
    match watch {
        Some(watch) => watch.gone(much).await,
        None => std::future::pending().await,
    }
}

impl Connection {
    /// Watches the client while a gate stops a stream, and only then.
    pub(super) fn watch_client(&self, ends: &mut Ends) {
        let parks = |outcome| matches!(outcome, Some(Outcome::Park(_)));
        let is_parked = self.requests.is_parked() || self.stops.iter().any(|stop| stop.met && parks(stop.outcome));
        if !is_parked || self.client_left || self.held {
            ends.watch = None;
        } else if ends.watch.is_none() {
            // Without a descriptor for it, the client is seen to be gone when the stream goes on.
            ends.watch = ends.sockets[Side::Client].as_ref().and_then(|client| Watch::of(client).ok());
        }
    }

    /// Goes on without a client that has left: what it sent past a gate is lost, the end of its stream passes. False when
    /// something was answered that nobody takes: the server is to be told as the client's own socket would have.
    pub(super) fn goes_on_without_client(&mut self) -> bool {
        let (up_limit, down_limit) = (self.limit(Side::Server), self.limit(Side::Client));
        if self.streams[Side::Server].forwarded >= up_limit {
            self.streams[Side::Server].discard();
            self.streams[Side::Server].ended = true;
        }
        self.streams[Side::Client].buffer.is_empty() || self.streams[Side::Client].forwarded < down_limit
    }
}
