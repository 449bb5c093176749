use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll};

use tokio::sync::{mpsc, watch};

use super::gate::Reached;
use crate::{ConnectionId, Effect, GateId, LinkEvent, LinkEventKind, RequestSeen};

/// How many requests are kept: the latest.
const KEPT: usize = 10_000;
/// How many of them a message names.
const NAMED: usize = 5;

/// What a link has told. Whoever reads it has taken in all that was told by then.
#[derive(Debug)]
pub(super) struct Record {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    events: mpsc::UnboundedReceiver<LinkEvent>,
    told: Told,
}

/// What a link has told, put in order.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub requests: VecDeque<RequestSeen>,
    gates: BTreeMap<GateId, Met>,
    connections: u64,
    not_http: u64,
}

/// What a gate or rule has met.
#[derive(Debug, Default)]
struct Met {
    count: u64,
    first: Option<Reached>,
    effect: Effect,
    /// Where it has acted.
    connections: Vec<ConnectionId>,
    /// Messages that were too short for its place.
    missed: Option<RequestSeen>,
}

impl Record {
    pub fn new(events: mpsc::UnboundedReceiver<LinkEvent>) -> Self {
        Self { state: Mutex::new(State { events, told: Told::default() }), changed: watch::Sender::new(()) }
    }

    /// Takes in what is told, as it comes. Never ends.
    pub async fn follow(&self) {
        std::future::poll_fn(|cx| self.take_in(cx)).await
    }

    fn take_in(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        let State { events, told } = &mut *state;
        let mut any = false;
        while let Poll::Ready(Some(event)) = events.poll_recv(cx) {
            told.take_in(event.what);
            any = true;
        }
        drop(state);
        if any {
            self.changed.send_replace(());
        }
        Poll::Pending
    }

    /// Reads what was told.
    pub fn read<T>(&self, read: impl FnOnce(&Told) -> T) -> T {
        let mut state = self.state();
        let State { events, told } = &mut *state;
        let mut any = false;
        while let Ok(event) = events.try_recv() {
            told.take_in(event.what);
            any = true;
        }
        let value = read(told);
        drop(state);
        if any {
            self.changed.send_replace(());
        }
        value
    }

    /// Forgets a gate that is no more.
    pub fn forget(&self, gate: GateId) {
        self.state().told.gates.remove(&gate);
    }

    /// Waits until what was told holds something.
    pub async fn until<T>(&self, found: impl Fn(&Told) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(value) = self.read(&found) {
                return value;
            }
            // The sender lives as long as this record.
            let _ = changed.changed().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Told {
    fn take_in(&mut self, event: LinkEventKind) {
        match event {
            LinkEventKind::Opened { .. } => self.connections += 1,
            LinkEventKind::Request(seen) => {
                if self.requests.len() == KEPT {
                    self.requests.pop_front();
                }
                self.requests.push_back(seen);
            }
            LinkEventKind::RequestDone(seen) => {
                if let Some(known) = self.requests.iter_mut().rfind(|known| known.number == seen.number) {
                    *known = seen;
                }
            }
            LinkEventKind::Parked { gate, connection, request } => {
                let met = self.gates.entry(gate).or_default();
                met.count += 1;
                met.first.get_or_insert(Reached { connection, request });
            }
            LinkEventKind::Repeated { gate, connection, request, effect } => {
                let met = self.gates.entry(gate).or_default();
                met.count += 1;
                met.effect = met.effect.and(effect);
                met.first.get_or_insert(Reached { connection, request });
                if !met.connections.contains(&connection) {
                    met.connections.push(connection);
                }
            }
            LinkEventKind::Missed { gate, request } => self.gates.entry(gate).or_default().missed = Some(request),
            LinkEventKind::NotHttp(_) => self.not_http += 1,
            LinkEventKind::Connected(_)
            | LinkEventKind::Sent { .. }
            | LinkEventKind::Closed(_)
            | LinkEventKind::Hit(_) => {}
        }
    }

    pub fn met(&self, gate: GateId) -> u64 {
        self.gates.get(&gate).map_or(0, |met| met.count)
    }

    pub fn first(&self, gate: GateId) -> Option<Reached> {
        self.gates.get(&gate)?.first.clone()
    }

    pub fn effect(&self, gate: GateId) -> Effect {
        self.gates.get(&gate).map(|met| met.effect).unwrap_or_default()
    }

    /// The connections on which a rule has acted.
    pub fn connections(&self, gate: GateId) -> Vec<ConnectionId> {
        self.gates.get(&gate).map(|met| met.connections.clone()).unwrap_or_default()
    }

    /// What the link has seen, for whoever has waited for something else.
    pub fn seen(&self, gate: GateId) -> String {
        let mut text =
            format!("the link has seen {} connections and {} requests", self.connections, self.requests.len());
        for seen in self.requests.iter().rev().take(NAMED).rev() {
            let status = seen.status.map_or("no answer".to_owned(), |status| status.to_string());
            let _ = write!(text, ", `{} {}` ({status})", seen.method, seen.path);
        }
        if self.not_http > 0 {
            let _ = write!(text, "; {} connections do not speak plain HTTP/1", self.not_http);
        }
        if let Some(RequestSeen { method, path, request_head, response_head, .. }) =
            self.gates.get(&gate).and_then(|met| met.missed.as_ref())
        {
            let _ = write!(
                text,
                "; `{method} {path}` was too short for this place (head {request_head} bytes, head of the response {response_head} bytes)"
            );
        }
        text
    }
}
