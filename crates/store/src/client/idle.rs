//! The connection that is kept for the next request.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::task::AbortHandle;

use super::connection::Connection;

/// At most one idle connection. It is watched while it idles, so that it is closed when the server closes it.
#[derive(Default)]
pub struct Idle {
    slot: Arc<Mutex<Slot>>,
}

#[derive(Default)]
struct Slot {
    connection: Option<Connection>,
    watch: Option<AbortHandle>,
}

impl Idle {
    /// Takes the connection, if there is one that has not been closed.
    pub fn take(&self) -> Option<Connection> {
        let mut slot = locked(&self.slot);
        if let Some(watch) = slot.watch.take() {
            watch.abort();
        }
        slot.connection.take()
    }

    /// Keeps a connection, unless there is one already.
    pub fn keep(&self, connection: Connection) {
        let mut slot = locked(&self.slot);
        if slot.connection.is_some() {
            return;
        }
        slot.connection = Some(connection);
        let watched = self.slot.clone();
        let watch = tokio::spawn(poll_fn(move |cx| {
            let mut slot = locked(&watched);
            // A watch that was aborted may be polled once more when another connection idles already: it then keeps that
            // one going, which does no harm.
            let Some(connection) = &mut slot.connection else { return Poll::Ready(()) };
            let ended = connection.poll_idle(cx);
            if ended.is_ready() {
                slot.connection = None;
            }
            ended
        }));
        if let Some(earlier) = slot.watch.replace(watch.abort_handle()) {
            earlier.abort();
        }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        drop(self.take());
    }
}

fn locked(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
