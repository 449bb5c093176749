mod toxics;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::by_side::BySide;
use super::connection;
use super::control::{Control, Shared, State};
use super::event::{ConnectionId, ConnectionSeen, Effect, GateId, GateSpec, LinkEvent};
use super::listener::Listener;
use super::{CutMode, Side, Toward, Upstream};
pub use toxics::ToxicError;

/// How a link is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where clients connect to; port 0 for an ephemeral one.
    pub listen: SocketAddr,
    /// Where it leads to; nowhere means that it refuses.
    pub upstream: Option<Upstream>,
    /// Whether it is up.
    pub enabled: bool,
    /// What decides whatever toxics leave to chance: with the same seed, name and order of connections, they do the same.
    pub seed: u64,
    /// `SO_RCVBUF` of both sockets of a connection, in bytes (the kernel doubles it, socket(7)): how far a peer can send ahead of what
    /// the link has read, and so of a gate. Without it the kernel decides, by how fast it was read before.
    pub receive_buffer: Option<u32>,
    /// How a client sees that the server cannot be reached.
    pub unreachable: Unreachable,
}

/// How a client sees that the server behind a link cannot be reached. Its own connect has succeeded by then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unreachable {
    /// By a reset: it must not look as if somebody were there.
    #[default]
    Reset,
    /// By the end of the stream; by a reset, if it has sent something already. So does Toxiproxy.
    Close,
}

impl Default for Settings {
    /// An ephemeral port of 127.0.0.1 that leads nowhere yet.
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 0).into(),
            upstream: None,
            enabled: true,
            seed: 0,
            receive_buffer: None,
            unreachable: Unreachable::Reset,
        }
    }
}

/// The path from one client to the server, and everything that can be done to it.
///
/// Dropping it ends every connection at once and frees the port.
#[derive(Debug)]
pub struct EventLink {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What a link carries, and has carried. Two equal readings with nothing in flight mean that no byte has passed between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections that exist now.
    pub connections: u64,
    /// Requests whose head has come, and which are neither answered whole nor lost with their connection.
    pub requests: u64,
    /// Bytes forwarded so far, both ways.
    pub bytes: u64,
}

impl EventLink {
    /// Listens on an ephemeral port of 127.0.0.1. Without an `upstream` it refuses: a server that is not there looks not there.
    ///
    /// # Errors
    /// When no port can be had.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(
        name: &str,
        upstream: Option<SocketAddr>,
        events: mpsc::UnboundedSender<LinkEvent>,
    ) -> io::Result<Self> {
        Self::with(name, Settings { upstream: upstream.map(Upstream::Addr), ..Settings::default() }, Some(events))
    }

    /// Opens a link with settings of its own. Without `events` nobody is told what happens; gates still park.
    ///
    /// # Errors
    /// When the address to listen on cannot be had.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn with(name: &str, settings: Settings, events: Option<mpsc::UnboundedSender<LinkEvent>>) -> io::Result<Self> {
        let Settings { listen, upstream, enabled, seed, receive_buffer, unreachable } = settings;
        let state = State { upstream, disabled: !enabled, ..State::default() };
        let mut shared = Shared::new(name, Listener::new(listen, receive_buffer)?, seed, state, events);
        (shared.receive_buffer, shared.unreachable) = (receive_buffer, unreachable);
        let shared = Arc::new(shared);
        shared.follow()?;
        let running = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            // Owned by this task: when it is aborted, so is every connection.
            let connections = Mutex::new(JoinSet::new());
            let connections = || connections.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let mut accepting = pin!(running.listener.run(|client| begin(&running, client, &mut connections())));
            poll_fn(|cx| {
                // It never ends; and those that it has begun are there when their ends are asked for.
                let _ = accepting.as_mut().poll(cx);
                while let Poll::Ready(Some(_)) = connections().poll_join_next(cx) {}
                Poll::<()>::Pending
            })
            .await;
        });
        Ok(Self { shared, task })
    }

    /// Where clients connect to.
    pub fn addr(&self) -> SocketAddr {
        self.shared.listener.addr()
    }

    /// Where new connections lead to; nowhere means that they are refused.
    pub fn set_upstream(&self, upstream: Option<SocketAddr>) {
        self.lead_to(upstream.map(Upstream::Addr));
    }

    /// As [`set_upstream`](Self::set_upstream), for servers with a name too.
    pub fn lead_to(&self, upstream: Option<Upstream>) {
        self.shared.state().upstream = upstream;
        // The socket is bound and ours: if memory is lacking, the next change tries again.
        let _ = self.shared.follow();
    }

    /// Arms a gate. Its `nth` counts matches from now, or from the last [`reset_counts`](Self::reset_counts).
    pub fn arm(&self, gate: GateSpec) {
        self.shared.state().gates.arm(gate);
    }

    /// Takes a gate away, and lets go of what it has stopped.
    pub fn disarm(&self, gate: GateId) {
        let mut state = self.shared.state();
        state.gates.disarm(gate);
        state.gates.parked.retain(|(id, _)| *id != gate);
        state.connections.values().for_each(|control| control.order(|orders| orders.disarmed.push(gate)));
    }

    /// Lets every gate that has not parked yet count from 0: the client was booted again.
    pub fn reset_counts(&self) {
        self.shared.state().gates.reset_counts();
    }

    /// Lets go of the stream that is parked at a gate, or of the one that will come there, if none has yet.
    pub fn resume(&self, gate: GateId) {
        let mut state = self.shared.state();
        let parked = state.gates.release(gate);
        for control in parked.iter().filter_map(|connection| state.connections.get(connection)) {
            control.order(|orders| orders.resumed.push(gate));
        }
    }

    /// Breaks one connection; returns when it is broken.
    ///
    /// Only the side that is named sees it; the other keeps its socket, which is drained until that side ends it, or
    /// until it is cut too.
    pub async fn cut(&self, connection: ConnectionId, mode: CutMode, toward: Toward) -> Effect {
        let control = self.shared.state().connections.get(&connection).cloned();
        order(control, |answer| move |orders| orders.cut = Some((mode, toward, answer))).await
    }

    /// Black hole: forwards nothing of one connection any more, neither bytes nor its end.
    pub async fn hold(&self, connection: ConnectionId) -> Effect {
        let control = self.shared.state().connections.get(&connection).cloned();
        // The later order counts.
        order(control, |answer| move |orders| (orders.hold, orders.release) = (Some(answer), false)).await
    }

    /// Breaks every connection; returns when they are broken.
    pub async fn cut_all(&self, mode: CutMode, toward: Toward) -> Effect {
        // Idle ones first: a client that loses a request may try again at once, and must not find a connection in its pool that
        // is about to be cut, too.
        let standing = self.standing().await;
        let busy = |id: &ConnectionId| standing.iter().any(|seen| seen.connection == *id && !seen.requests.is_empty());
        let (busy, idle): (Vec<ConnectionId>, Vec<ConnectionId>) = self.connections().into_iter().partition(busy);
        let mut total = Effect::default();
        for connection in idle.into_iter().chain(busy) {
            total = total.and(self.cut(connection, mode, toward).await);
        }
        total
    }

    /// Holds every connection, and those that come: they are accepted and swallowed.
    pub async fn hold_all(&self) -> Effect {
        self.shared.state().holding = true;
        let mut total = Effect::default();
        for connection in self.connections() {
            total = total.and(self.hold(connection).await);
        }
        total
    }

    /// Ends every hold: what was withheld passes now, in order.
    pub fn release_all(&self) {
        let mut state = self.shared.state();
        state.holding = false;
        state.connections.values().for_each(|control| control.order(|orders| orders.release = true));
    }

    /// Ends the hold of one connection: what was withheld of it passes now.
    pub fn release(&self, connection: ConnectionId) {
        if let Some(control) = self.shared.state().connections.get(&connection) {
            control.order(|orders| orders.release = true);
        }
    }

    /// Ends every hold by breaking what it held: what a black hole has swallowed does not come out of it. So are connections
    /// broken of which a toxic withholds something.
    pub async fn break_held(&self) {
        self.shared.state().holding = false;
        let all: Vec<ConnectionId> = {
            let state = self.shared.state();
            let held = state.connections.iter().filter(|(_, control)| {
                control.held.load(Ordering::Relaxed) || control.withholds.load(Ordering::Relaxed)
            });
            held.map(|(id, _)| *id).collect()
        };
        for connection in all {
            self.cut(connection, CutMode::Rst, Toward::Both).await;
        }
    }

    /// Refuses new connections; those that exist go on. Who is refused is never seen here, so the effect counts the
    /// refusal itself, and nothing if nobody was listening before.
    pub fn refuse(&self) -> Effect {
        self.shared.refuse()
    }

    /// Accepts connections again.
    pub fn accept(&self) {
        self.shared.state().refused = false;
        // The socket is bound and ours: if memory is lacking, the next change tries again.
        let _ = self.shared.follow();
    }

    /// Takes it down or up again. Down is a server whose process has ended: nobody listens, and every connection is closed,
    /// when this returns.
    ///
    /// # Errors
    /// When it cannot listen again.
    pub async fn set_enabled(&self, enabled: bool) -> io::Result<()> {
        self.shared.state().disabled = !enabled;
        self.shared.follow()?;
        if !enabled {
            self.close_all().await;
        }
        Ok(())
    }

    /// Whether it is up.
    pub fn is_enabled(&self) -> bool {
        !self.shared.state().disabled
    }

    /// Closes both ends of every connection, as a process does that ends; returns when they are closed.
    pub async fn close_all(&self) -> Effect {
        let mut total = Effect::default();
        for connection in self.connections() {
            let control = self.shared.state().connections.get(&connection).cloned();
            total = total.and(order(control, |answer| move |orders| orders.close = Some(answer)).await);
        }
        total
    }

    /// The gates at which a stream is parked now.
    pub fn parked(&self) -> Vec<(GateId, ConnectionId)> {
        self.shared.state().gates.parked.clone()
    }

    /// What the link carries, and has carried.
    pub fn counters(&self) -> Counters {
        Counters {
            connections: self.shared.state().connections.len() as u64,
            requests: self.shared.in_flight.load(Ordering::Relaxed),
            bytes: self.shared.moved.iter().map(|bytes| bytes.load(Ordering::Relaxed)).sum(),
        }
    }

    /// Bytes of one direction so far: read from the one end, forwarded to the other.
    pub fn bytes(&self, toward: Side) -> (u64, u64) {
        let of = |counters: &BySide<AtomicU64>| counters[toward].load(Ordering::Relaxed);
        (of(&self.shared.received), of(&self.shared.moved))
    }

    /// Tells what happens from now on, where nobody is told yet; false where somebody is.
    pub fn tell_to(&self, events: mpsc::UnboundedSender<LinkEvent>) -> bool {
        self.shared.events.set(events).is_ok()
    }

    /// Bytes that were written to the server's socket, by connection, of those that exist now.
    pub fn sent(&self) -> Vec<(ConnectionId, u64)> {
        let state = self.shared.state();
        state.connections.iter().map(|(id, control)| (*id, control.sent.load(Ordering::Relaxed))).collect()
    }

    /// Asks every connection how it stands. When this returns, whatever they had to tell before was told: those that are not named
    /// have told their end, or came later.
    pub async fn standing(&self) -> Vec<ConnectionSeen> {
        let controls: Vec<Arc<Control>> = self.shared.state().connections.values().cloned().collect();
        let mut answers = Vec::new();
        for control in controls {
            let (answer, seen) = oneshot::channel();
            control.order(|orders| orders.asked.push(answer));
            answers.push(seen);
        }
        let mut all = Vec::new();
        for answer in answers {
            all.extend(answer.await.ok());
        }
        all
    }

    /// The server is gone, or will be in a moment: nothing is written to it any more on the connections that exist, whatever the kernel
    /// would still take; who sends something finds them reset. What it has sent still passes. The orders are given at once; the
    /// future waits until they are obeyed.
    pub fn lose_server(&self) -> impl Future<Output = ()> + Send + use<> {
        let controls: Vec<Arc<Control>> = self.shared.state().connections.values().cloned().collect();
        let mut answers = Vec::new();
        for control in controls {
            let (answer, obeyed) = oneshot::channel();
            control.order(|orders| orders.server_lost.push(answer));
            answers.push(obeyed);
        }
        async move {
            for answer in answers {
                // Without an answer it has ended.
                let _ = answer.await;
            }
        }
    }

    /// What a hold of the whole link has met since: connections that came and were swallowed, bytes that came and were
    /// withheld.
    pub fn later_effect(&self) -> Effect {
        self.shared.state().later
    }

    /// Its runtime is gone: nobody who has ordered something, or will, waits for an answer.
    pub(crate) fn abandon(&self) {
        std::mem::take(&mut self.shared.state().connections).values().for_each(|control| control.close());
    }

    fn connections(&self) -> Vec<ConnectionId> {
        self.shared.state().connections.keys().copied().collect()
    }
}

impl Drop for EventLink {
    fn drop(&mut self) {
        // The task ends when the runtime runs again; nobody is to be accepted until then.
        let _ = self.shared.listener.set(false);
        self.task.abort();
    }
}

fn begin(shared: &Arc<Shared>, client: (TcpStream, SocketAddr), connections: &mut JoinSet<()>) {
    let control = Arc::new(Control::default());
    let mut state = shared.state();
    state.last_connection += 1;
    let id = state.last_connection;
    state.connections.insert(id, Arc::clone(&control));
    if state.holding {
        state.later.refused += 1;
    }
    drop(state);
    // Boxed: tokio moves a task around when it begins, and when it ends.
    connections.spawn(Box::pin(connection::serve(Arc::clone(shared), id, control, client)));
}

/// Gives an order to a connection and waits for what it met; nothing when the connection is gone.
async fn order<F: FnOnce(&mut super::control::Orders)>(
    control: Option<Arc<Control>>,
    make: impl FnOnce(oneshot::Sender<Effect>) -> F,
) -> Effect {
    let Some(control) = control else { return Effect::default() };
    let (answer, effect) = oneshot::channel();
    control.order(make(answer));
    effect.await.unwrap_or_default()
}

impl Effect {
    /// What has been met since an earlier reading.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            withheld: self.withheld - before.withheld,
            broken: self.broken - before.broken,
            held: self.held - before.held,
            refused: self.refused - before.refused,
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            withheld: self.withheld + other.withheld,
            broken: self.broken + other.broken,
            held: self.held + other.held,
            refused: self.refused + other.refused,
        }
    }
}
