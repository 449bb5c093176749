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
/// It has a thread of its own: it works from async and from blocking tests, outlives the runtime of any of them, may stand in a
/// `static`, and is not stopped by `tokio::time::pause`, because its sockets are real.
///
/// **Dropping it** closes every connection as the end of a process does: the peer sees the end of the stream (FIN), or a
/// reset (RST) where it had sent something that was not forwarded yet. Then nobody listens on its port. [`cut`](Self::cut) the
/// connections before, where that must be one of the two.
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

/// How a link is to be opened. [`open`](Self::open) it, or `.await` it.
#[derive(Debug)]
#[must_use = "a link is open when `open` was called, or this was awaited"]
pub struct LinkBuilder {
    name: String,
    settings: Settings,
    within: Duration,
}

impl LinkBuilder {
    /// Its name, which the thread has, too; `link` by default.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Where clients connect to; a free port of 127.0.0.1 by default.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.settings.listen = addr;
        self
    }

    /// Decides whatever toxics leave to chance: with the same seed, name and order of connections, they do the same. 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// How a client sees that the server cannot be reached; by a reset, by default.
    pub fn unreachable(mut self, unreachable: Unreachable) -> Self {
        self.settings.unreachable = unreachable;
        self
    }

    /// How long its gates and rules are waited for at most; 30 seconds by default. It is a watchdog: what happens earlier is
    /// told at once.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// Opens it. When this returns, clients can connect.
    ///
    /// # Errors
    /// When there is no thread for it, or its address cannot be listened at.
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
    /// A link to a server. It listens on a port of its own, at [`addr`](Self::addr).
    pub fn to(server: impl Into<Upstream>) -> LinkBuilder {
        let settings = Settings { upstream: Some(server.into()), ..Settings::default() };
        LinkBuilder { name: "link".to_owned(), settings, within: WITHIN }
    }

    /// Where clients connect to.
    pub fn addr(&self) -> SocketAddr {
        self.0.engine.addr()
    }

    /// Leads new connections to another server; those that exist stay.
    pub fn lead_to(&self, server: impl Into<Upstream>) {
        self.0.engine.lead_to(Some(server.into()));
    }

    /// Stops the stream that comes to a place, once, until the gate says how it goes on. It must be met, unless it is
    /// [`optional`](Gate::optional).
    ///
    /// # Panics
    /// When the place can never be met; with what to write instead. [`try_gate`](Self::try_gate) does not.
    #[track_caller]
    pub fn gate(&self, place: impl Into<Place>) -> Gate {
        self.try_gate(place).unwrap_or_else(|wrong| panic!("a gate that is never met: {wrong}"))
    }

    /// As [`gate`](Self::gate).
    ///
    /// # Errors
    /// When the place can never be met; with what to write instead.
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

    /// What the link does by itself, from the first match of a place on.
    ///
    /// # Panics
    /// When the place can never be met; with what to write instead. [`try_on`](Self::try_on) does not.
    #[track_caller]
    pub fn on(&self, place: impl Into<Place>) -> RuleBuilder<'_> {
        self.try_on(place).unwrap_or_else(|wrong| panic!("a rule that is never met: {wrong}"))
    }

    /// As [`on`](Self::on).
    ///
    /// # Errors
    /// When the place can never be met; with what to write instead.
    pub fn try_on(&self, place: impl Into<Place>) -> Result<RuleBuilder<'_>, WrongPlace> {
        let place = place.into();
        place.check()?;
        Ok(RuleBuilder::new(&self.0, place))
    }

    /// Adds a toxic, which is taken away when the guard is dropped. It is in effect when this returns. Where its name is taken, it
    /// is given a number.
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

    /// Breaks every connection that is open, on both sides; returns when they are broken.
    pub async fn cut(&self, cut: Cut) -> Effect {
        self.0.engine.cut_all(cut.into(), Toward::Both).await
    }

    /// As [`cut`](Self::cut), for tests that are not async.
    pub fn cut_blocking(&self, cut: Cut) -> Effect {
        block_on(self.cut(cut))
    }

    /// Makes a black hole of it: no byte and no end of a stream passes, on the connections that are open and on those that come,
    /// until the guard is dropped. Then all passes, in order.
    pub async fn hold(&self) -> Held {
        let before = self.0.engine.later_effect();
        let effect = self.0.engine.hold_all().await;
        Held::new(Arc::clone(&self.0), effect, before)
    }

    /// As [`hold`](Self::hold), for tests that are not async.
    pub fn hold_blocking(&self) -> Held {
        block_on(self.hold())
    }

    /// Refuses new connections, as if nobody listened, until the guard is dropped. Those that exist go on.
    pub fn refuse(&self) -> Refused {
        self.0.engine.refuse();
        Refused::new(Arc::clone(&self.0))
    }

    /// The requests that have come, in order, with what of each has passed: the latest 10 000.
    pub fn requests(&self) -> Vec<RequestSeen> {
        self.0.told(|told| told.requests.iter().cloned().collect())
    }

    /// What toxics did to which request, at which byte: the latest 10 000.
    pub fn hits(&self) -> Vec<Hit> {
        self.0.thread.settle();
        self.0.engine.hits().0
    }

    /// How many connections are open.
    pub fn connections(&self) -> u64 {
        self.0.thread.settle();
        self.0.engine.counters().connections
    }

    /// Whether each gate and rule that is there has met what it is expected to; all that have not are named.
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
