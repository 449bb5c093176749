//! What a link and its connections share: orders in one direction, news in the other.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::by_side::BySide;
use super::event::{ConnectionId, ConnectionSeen, Effect, GateId, LinkEvent, LinkEventKind};
use super::gates::Gates;
use super::hit::Hits;
use super::listener::Listener;
use super::toxics::Toxics;
use super::upstream::Upstream;
use super::wakeup::Wakeup;
use super::{CutMode, Toward, Unreachable};

/// The state of one link.
#[derive(Debug)]
pub(super) struct Shared {
    pub name: String,
    pub listener: Listener,
    /// Who is told what happens; nobody, where nobody has asked for it yet.
    pub events: OnceLock<mpsc::UnboundedSender<LinkEvent>>,
    /// What decides whatever toxics leave to chance.
    pub seed: u64,
    /// Of both sockets of a connection, if it is not the kernel's to decide.
    pub receive_buffer: Option<u32>,
    /// How a client sees that the server cannot be reached.
    pub unreachable: Unreachable,
    /// Grows with every change of the toxics.
    pub toxics_version: AtomicU64,
    /// Bytes read so far, by the direction's [`Side`].
    pub received: BySide<AtomicU64>,
    /// Bytes forwarded so far, by the direction's [`Side`].
    pub moved: BySide<AtomicU64>,
    /// Requests whose head has come, and which are not done.
    pub in_flight: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub upstream: Option<Upstream>,
    /// Taken down: it refuses, and has no connections.
    pub disabled: bool,
    /// A fault refuses, whatever the upstream is.
    pub refused: bool,
    /// A fault swallows everything, new connections too.
    pub holding: bool,
    pub gates: Gates,
    pub toxics: Toxics,
    pub hits: Hits,
    pub connections: BTreeMap<ConnectionId, Arc<Control>>,
    pub last_connection: ConnectionId,
    pub last_request: u64,
    /// What link-wide faults have met since they were injected.
    pub later: Effect,
}

/// One connection, as its link sees it.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub wakeup: Wakeup,
    /// A fault holds it.
    pub held: AtomicBool,
    /// Its toxics have something that they have not let pass.
    pub withholds: AtomicBool,
    /// Bytes that were written to the server's socket.
    pub sent: AtomicU64,
    /// Some orders may have come.
    ordered: AtomicBool,
    orders: Mutex<Orders>,
}

/// What a connection is told.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub cut: Option<(CutMode, Toward, oneshot::Sender<Effect>)>,
    pub hold: Option<oneshot::Sender<Effect>>,
    /// To close both ends, as a process does that ends.
    pub close: Option<oneshot::Sender<Effect>>,
    pub release: bool,
    /// To say how it stands.
    pub asked: Vec<oneshot::Sender<ConnectionSeen>>,
    /// The server is gone: to write nothing to it any more.
    pub server_lost: Vec<oneshot::Sender<()>>,
    /// Gates that let go.
    pub resumed: Vec<GateId>,
    /// Gates that are no more.
    pub disarmed: Vec<GateId>,
    /// The connection has ended: nobody takes orders any more.
    closed: bool,
}

impl Shared {
    pub fn new(
        name: &str,
        listener: Listener,
        seed: u64,
        state: State,
        events: Option<mpsc::UnboundedSender<LinkEvent>>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            listener,
            events: events.map_or_else(OnceLock::new, OnceLock::from),
            seed,
            receive_buffer: None,
            unreachable: Unreachable::Reset,
            toxics_version: AtomicU64::new(0),
            received: Default::default(),
            moved: Default::default(),
            in_flight: AtomicU64::new(0),
            state: Mutex::new(state),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves no half-done change: every change is one statement or a pair of independent ones.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Refuses new connections. Who is refused is never seen here, so the effect counts the refusal itself, and nothing
    /// if nobody was listening before.
    pub fn refuse(&self) -> Effect {
        let was_listening = self.listener.is_listening();
        self.state().refused = true;
        // Ending to listen cannot fail.
        let _ = self.follow();
        Effect { refused: u64::from(was_listening), ..Effect::default() }
    }

    /// Listens if there is somewhere to lead to and nothing refuses. That fails only where the port is taken, or memory.
    pub fn follow(&self) -> io::Result<()> {
        let state = self.state();
        let listening = state.upstream.is_some() && !state.refused && !state.disabled;
        self.listener.set(listening)
    }

    /// Whether there is anybody to tell.
    pub fn is_heard(&self) -> bool {
        self.events.get().is_some()
    }

    /// Tells the owner of the link. Nobody may listen any more; the traffic goes on.
    pub fn tell(&self, what: LinkEventKind) {
        if let Some(events) = self.events.get() {
            let _ = events.send(LinkEvent { link: self.name.clone(), at: Instant::now(), what });
        }
    }
}

impl Control {
    /// Gives an order. One that comes too late is dropped, and with it the sender of its answer: nobody waits for it.
    pub fn order(&self, change: impl FnOnce(&mut Orders)) {
        let mut orders = self.orders();
        if !orders.closed {
            change(&mut orders);
        }
        drop(orders);
        self.ordered.store(true, Ordering::Release);
        self.wakeup.wake();
    }

    /// Takes the orders, if any have come.
    pub fn take(&self) -> Option<Orders> {
        self.ordered.swap(false, Ordering::AcqRel).then(|| std::mem::take(&mut *self.orders()))
    }

    /// Whether a cut is ordered.
    pub fn is_cut(&self) -> bool {
        self.orders().cut.is_some()
    }

    /// Takes no more orders, and drops those that have come.
    pub fn close(&self) {
        *self.orders() = Orders { closed: true, ..Orders::default() };
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_is_not_taken_keeps_nobody_waiting() {
        for late in [false, true] {
            let control = Control::default();
            let (answer, mut effect) = oneshot::channel();
            if late {
                control.close();
            }
            control.order(|orders| orders.hold = Some(answer));
            if !late {
                assert_eq!(effect.try_recv(), Err(oneshot::error::TryRecvError::Empty));
                control.close();
            }
            assert_eq!(effect.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        }
    }
}
