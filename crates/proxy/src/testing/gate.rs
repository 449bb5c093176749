use std::sync::Arc;

use super::expectation::Expected;
use super::link::Inner;
use super::thread::block_on;
use super::{Cut, GateError, Place};
use crate::engine::{ConnectionId, CutMode, Effect, GateId, RequestSeen, Side, Toward};

/// A place at which one stream is stopped, and says what becomes of it.
///
/// Each of [`cut`](Self::cut) and [`hold`](Self::hold) waits until the stream is there. [`resume`](Self::resume) does not: a
/// stream that comes later passes without a stop.
///
/// **Dropping it** lets go of what is stopped or held there. It panics if nothing came, unless it is [`optional`](Self::optional).
#[derive(Debug)]
#[must_use = "a gate that is dropped stops nothing"]
pub struct Gate {
    link: Arc<Inner>,
    id: GateId,
    place: Place,
    held: std::sync::Mutex<Option<ConnectionId>>,
}

/// A stream that has come to a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reached {
    /// Its connection.
    pub connection: ConnectionId,
    /// Its request; absent at places that are none of a request.
    pub request: Option<RequestSeen>,
}

impl Gate {
    pub(super) fn new(link: Arc<Inner>, id: GateId, place: Place) -> Self {
        Self { link, id, place, held: std::sync::Mutex::new(None) }
    }

    /// It need not be met.
    pub fn optional(self) -> Self {
        self.link.change_expected(self.id, Expected::ANY);
        self
    }

    /// Waits until a stream is stopped here. The other side of the connection can be looked at meanwhile: it has had exactly what
    /// comes before this place.
    ///
    /// # Errors
    /// When nothing came in time; with what the link has seen instead.
    pub async fn reached(&self) -> Result<Reached, GateError> {
        let id = self.id;
        self.link.until(id, &self.place, move |told| told.first(id)).await
    }

    /// As [`reached`](Self::reached), for tests that are not async.
    ///
    /// # Errors
    /// The same.
    pub fn reached_blocking(&self) -> Result<Reached, GateError> {
        block_on(self.reached())
    }

    /// Breaks the connection that is stopped here, on both sides; returns when it is broken. What had not passed is lost.
    ///
    /// # Errors
    /// When nothing came in time.
    pub async fn cut(&self, cut: Cut) -> Result<Effect, GateError> {
        self.cut_with(cut.into(), Toward::Both).await
    }

    /// As [`cut`](Self::cut), for tests that are not async.
    ///
    /// # Errors
    /// The same.
    pub fn cut_blocking(&self, cut: Cut) -> Result<Effect, GateError> {
        block_on(self.cut(cut))
    }

    /// Breaks the connection for one side only. The other side keeps its socket: nothing comes, and what it sends goes nowhere.
    ///
    /// # Errors
    /// When nothing came in time.
    pub async fn cut_toward(&self, side: Side, cut: Cut) -> Result<Effect, GateError> {
        let toward = match side {
            Side::Client => Toward::Client,
            Side::Server => Toward::Server,
        };
        self.cut_with(cut.into(), toward).await
    }

    async fn cut_with(&self, mode: CutMode, toward: Toward) -> Result<Effect, GateError> {
        let Reached { connection, .. } = self.reached().await?;
        let effect = self.link.engine.cut(connection, mode, toward).await;
        self.link.engine.resume(self.id);
        Ok(effect)
    }

    /// Makes a black hole of the connection that is stopped here, until the gate is dropped.
    ///
    /// # Errors
    /// When nothing came in time.
    pub async fn hold(&self) -> Result<Effect, GateError> {
        let Reached { connection, .. } = self.reached().await?;
        let effect = self.link.engine.hold(connection).await;
        *self.held() = Some(connection);
        self.link.engine.resume(self.id);
        Ok(effect)
    }

    /// As [`hold`](Self::hold), for tests that are not async.
    ///
    /// # Errors
    /// The same.
    pub fn hold_blocking(&self) -> Result<Effect, GateError> {
        block_on(self.hold())
    }

    /// Lets the stream go on. Where none has come yet, the one that comes is not stopped.
    pub fn resume(&self) {
        self.link.engine.resume(self.id);
    }

    /// Whether a stream has come here so far.
    pub fn is_met(&self) -> bool {
        self.link.told(|told| told.met(self.id) > 0)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<ConnectionId>> {
        self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(connection) = self.held().take() {
            self.link.engine.release(connection);
        }
        self.link.disarm(self.id);
    }
}
