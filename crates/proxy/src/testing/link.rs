use std::collections::BTreeMap;
use std::future::{IntoFuture, Ready};
use std::net::SocketAddr;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::expectation::{Expectation, Expected};
use super::guards::{Held, Refused, ToxicGuard};
use super::record::{Record, Told};
use super::thread::{LinkThread, block_on};
use super::{Cut, Gate, GateError, OpenError, Place, RuleBuilder, WrongPlace};
use crate::engine::{
    Effect, EventLink, FirstMatch, GateId, GateSpec, Hit, Repeat, RequestSeen, Settings, Toward, Toxic, ToxicError,
    Unreachable, Upstream,
};

/// How long a wait lasts at most, unless the link is told otherwise.
const WITHIN: Duration = Duration::from_secs(30);

/// The path from clients to a server, and everything that can be done to it.
///
/// It runs on its own thread: it works from async and from blocking tests, outlives the runtime of any of them, can be stored in
/// a `static`, and is not affected by `tokio::time::pause`, because its sockets are real.
///
/// **Dropping it** closes every connection as the exit of a process does: the peer sees the end of the stream (FIN), or a
/// reset (RST) if it has sent something that was not forwarded yet. After that nothing listens on its port. To choose between
/// the two, [`cut`](Self::cut) the connections first.
#[derive(Debug)]
pub struct Link(Arc<Inner>);

/// What a link shares with its gates and rules.
#[derive(Debug)]
pub(super) struct Inner {
    pub engine: EventLink,
    pub thread: LinkThread,
    pub record: Arc<Record>,
    pub within: Duration,
    last: AtomicUsize,
    expectations: Mutex<BTreeMap<GateId, Expectation>>,
}

/// The options of a new link. [`open`](Self::open) it, or `.await` it.
#[derive(Debug)]
#[must_use = "a link is open when `open` was called, or this was awaited"]
pub struct LinkBuilder {
    name: String,
    settings: Settings,
    within: Duration,
}

impl LinkBuilder {
    /// The name of the link and of its thread; `link` by default.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Where clients connect to; a free port of 127.0.0.1 by default.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.settings.listen = addr;
        self
    }

    /// The seed of all random choices of toxics: with the same seed, name and order of connections they are the same. 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// How a client sees that the server cannot be reached; by a reset, by default.
    pub fn unreachable(mut self, unreachable: Unreachable) -> Self {
        self.settings.unreachable = unreachable;
        self
    }

    /// The bound of every wait for its gates and rules; 30 seconds by default. It is a watchdog: a wait ends as soon as its event
    /// happens.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// Opens it. When this returns, clients can connect.
    ///
    /// # Errors
    /// When its thread cannot be started, or it cannot listen on its address.
    pub fn open(self) -> Result<Link, OpenError> {
        let (thread, engine, record) = LinkThread::open(&self.name, self.settings)?;
        let (within, last, expectations) = (self.within, AtomicUsize::new(0), Mutex::default());
        Ok(Link(Arc::new(Inner { engine, thread, record, within, last, expectations })))
    }
}

impl IntoFuture for LinkBuilder {
    type Output = Result<Link, OpenError>;
    type IntoFuture = Ready<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        std::future::ready(self.open())
    }
}

impl Link {
    /// A link to a server. It listens on its own port, at [`addr`](Self::addr).
    pub fn to(server: impl Into<Upstream>) -> LinkBuilder {
        let settings = Settings { upstream: Some(server.into()), ..Settings::default() };
        LinkBuilder { name: "link".to_owned(), settings, within: WITHIN }
    }

    /// Where clients connect to.
    pub fn addr(&self) -> SocketAddr {
        self.0.engine.addr()
    }

    /// Forwards new connections to another server; existing connections stay.
    pub fn lead_to(&self, server: impl Into<Upstream>) {
        self.0.engine.lead_to(Some(server.into()));
    }

    /// Stops the first stream that reaches a place, once, until the gate decides how it continues (a breakpoint). A stream must
    /// reach it, unless it is [`optional`](Gate::optional).
    ///
    /// # Panics
    /// When no stream can ever reach the place; the message says what to write instead. [`try_gate`](Self::try_gate) does not.
    #[track_caller]
    pub fn gate(&self, place: impl Into<Place>) -> Gate {
        self.try_gate(place).unwrap_or_else(|wrong| panic!("a gate that is never met: {wrong}"))
    }

    /// As [`gate`](Self::gate).
    ///
    /// # Errors
    /// When no stream can ever reach the place; the message says what to write instead.
    #[track_caller]
    pub fn try_gate(&self, place: impl Into<Place>) -> Result<Gate, WrongPlace> {
        let place = place.into();
        place.check()?;
        let what = format!("a gate at {place}");
        let id = self.0.expect(what, Expected::AT_LEAST_ONCE, Location::caller());
        self.0.engine.arm(GateSpec {
            id,
            point: place.point.clone(),
            nth: place.nth,
            first: FirstMatch::Parks,
            repeat: None,
        });
        Ok(Gate::new(Arc::clone(&self.0), id, place))
    }

    /// Makes the link act by itself, from the first match of a place on.
    ///
    /// # Panics
    /// When no stream can ever reach the place; the message says what to write instead. [`try_on`](Self::try_on) does not.
    #[track_caller]
    pub fn on(&self, place: impl Into<Place>) -> RuleBuilder<'_> {
        self.try_on(place).unwrap_or_else(|wrong| panic!("a rule that is never met: {wrong}"))
    }

    /// As [`on`](Self::on).
    ///
    /// # Errors
    /// When no stream can ever reach the place; the message says what to write instead.
    pub fn try_on(&self, place: impl Into<Place>) -> Result<RuleBuilder<'_>, WrongPlace> {
        let place = place.into();
        place.check()?;
        Ok(RuleBuilder::new(&self.0, place))
    }

    /// Adds a toxic, which is removed when the guard is dropped. It is in effect when this returns. If its name is in use, a number
    /// is appended.
    ///
    /// # Errors
    /// When a value makes no sense.
    pub fn toxic(&self, mut toxic: Toxic) -> Result<ToxicGuard, ToxicError> {
        let name = toxic.name.clone();
        loop {
            match self.0.engine.add_toxic(toxic.clone()) {
                Ok(()) => return Ok(ToxicGuard::new(Arc::clone(&self.0), toxic.name)),
                Err(ToxicError::Exists(_)) => toxic.name = format!("{name}-{}", self.0.next()),
                Err(wrong) => return Err(wrong),
            }
        }
    }

    /// Breaks every open connection, on both sides; returns when they are broken.
    pub async fn cut(&self, cut: Cut) -> Effect {
        self.0.engine.cut_all(cut.into(), Toward::Both).await
    }

    /// As [`cut`](Self::cut), for tests that are not async.
    pub fn cut_blocking(&self, cut: Cut) -> Effect {
        block_on(self.cut(cut))
    }

    /// Turns the link into a black hole: no byte and no end of a stream passes, on open connections and on new ones, until the
    /// guard is dropped. Then everything passes, in order.
    pub async fn hold(&self) -> Held {
        let before = self.0.engine.later_effect();
        let effect = self.0.engine.hold_all().await;
        Held::new(Arc::clone(&self.0), effect, before)
    }

    /// As [`hold`](Self::hold), for tests that are not async.
    pub fn hold_blocking(&self) -> Held {
        block_on(self.hold())
    }

    /// Refuses new connections, as if nothing listened, until the guard is dropped. Existing connections continue.
    pub fn refuse(&self) -> Refused {
        self.0.engine.refuse();
        Refused::new(Arc::clone(&self.0))
    }

    /// The latest 10 000 requests, in order of arrival, with how much of each has passed.
    pub fn requests(&self) -> Vec<RequestSeen> {
        self.0.told(|told| told.requests.iter().cloned().collect())
    }

    /// The latest 10 000 hits: which toxic did what to which request, at which byte.
    pub fn hits(&self) -> Vec<Hit> {
        self.0.thread.settle();
        self.0.engine.hits().0
    }

    /// The number of open connections.
    pub fn connections(&self) -> u64 {
        self.0.thread.settle();
        self.0.engine.counters().connections
    }

    /// Checks that each gate and rule has been reached as often as it must, and names all that have not.
    ///
    /// # Panics
    /// When one has not. A gate or rule that is dropped says so by itself.
    #[track_caller]
    pub fn assert_all_met(&self) {
        let expectations: Vec<Expectation> = self.0.expectations().values().cloned().collect();
        let failures: Vec<String> =
            self.0.told(|told| expectations.iter().filter_map(|expectation| expectation.failure(told)).collect());
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.0.engine.refuse();
        self.0.thread.end();
        self.0.engine.abandon();
    }
}

impl Inner {
    fn next(&self) -> usize {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Gives a gate a number, and notes what it is expected to meet.
    pub fn expect(&self, what: String, expected: Expected, location: &'static Location<'static>) -> GateId {
        let gate = self.next();
        self.expectations().insert(gate, Expectation { gate, what, expected, location });
        gate
    }

    pub fn change_expected(&self, gate: GateId, expected: Expected) {
        if let Some(expectation) = self.expectations().get_mut(&gate) {
            expectation.expected = expected;
        }
    }

    pub fn arm(&self, id: GateId, place: &Place, repeat: Repeat) {
        let (point, nth) = (place.point.clone(), place.nth);
        self.engine.arm(GateSpec { id, point, nth, first: FirstMatch::Acts, repeat: Some(repeat) });
    }

    /// Takes a gate away.
    ///
    /// # Panics
    /// When it has not met what it was expected to, unless this thread panics already: then it is printed.
    pub fn disarm(&self, gate: GateId) {
        self.engine.disarm(gate);
        let expectation = self.expectations().remove(&gate);
        let failure = self.told(|told| expectation.and_then(|expectation| expectation.failure(told)));
        self.record.forget(gate);
        match failure {
            Some(failure) if std::thread::panicking() => eprintln!("{failure}"),
            Some(failure) => panic!("{failure}"),
            None => {}
        }
    }

    /// Reads what was told, when all that was under way is told.
    pub fn told<T>(&self, read: impl FnOnce(&Told) -> T) -> T {
        self.thread.settle();
        self.record.read(read)
    }

    /// Waits until a gate or rule has met something.
    pub async fn until<T: Send + 'static>(
        &self,
        gate: GateId,
        place: &Place,
        found: impl Fn(&Told) -> Option<T> + Send + Sync + 'static,
    ) -> Result<T, GateError> {
        let record = Arc::clone(&self.record);
        let waits = async move { record.until(found).await };
        if let Some(value) = self.thread.within(self.within, waits).await {
            return Ok(value);
        }
        let place = place.to_string();
        if !self.thread.is_running() {
            return Err(GateError::LinkClosed { place });
        }
        let seen = self.told(|told| told.seen(gate));
        Err(GateError::NotReached { place, within: self.within, seen })
    }

    fn expectations(&self) -> MutexGuard<'_, BTreeMap<GateId, Expectation>> {
        self.expectations.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
