//! The gates of one proxy (an extension), and what they have met.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::ApiError;
use super::gate::{Cut, Spec, Then};
use crate::{ConnectionId, Effect, EventLink, FirstMatch, GateId, GateSpec, LinkEvent, LinkEventKind, RequestSeen};

/// How many meetings of a gate are kept: the latest.
const KEPT: usize = 100;

#[derive(Debug)]
pub(super) struct Gates {
    state: RefCell<State>,
    /// Tells that a gate has met something.
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    armed: Vec<Armed>,
    last: GateId,
}

#[derive(Debug)]
struct Armed {
    id: GateId,
    spec: Spec,
    met: VecDeque<Met>,
}

/// A stream that a gate has met.
#[derive(Debug)]
struct Met {
    connection: ConnectionId,
    request: Option<RequestSeen>,
    /// What was done to it, once that is done.
    effect: Option<Effect>,
}

impl Gates {
    pub fn new() -> Rc<Self> {
        Rc::new(Self { state: RefCell::default(), changed: watch::Sender::new(()) })
    }

    /// Arms a gate.
    pub fn arm(self: &Rc<Self>, link: &Rc<EventLink>, spec: Spec) -> Result<(), ApiError> {
        let mut state = self.state.borrow_mut();
        if state.armed.iter().any(|armed| armed.spec.name == spec.name) {
            return Err(ApiError::GateExists);
        }
        self.listen_to(link);
        state.last += 1;
        let armed = Armed { id: state.last, spec, met: VecDeque::new() };
        link.arm(armed.gate());
        state.armed.push(armed);
        Ok(())
    }

    /// Arms those that have met nothing yet on another link, where they count from the beginning.
    pub fn move_to(self: &Rc<Self>, link: &Rc<EventLink>) {
        let state = self.state.borrow();
        let waiting: Vec<GateSpec> = state.armed.iter().filter(|armed| armed.met.is_empty()).map(Armed::gate).collect();
        if !waiting.is_empty() {
            self.listen_to(link);
        }
        waiting.into_iter().for_each(|gate| link.arm(gate));
    }

    /// Takes a gate away, and lets go of what is parked there.
    pub fn remove(&self, link: &EventLink, name: &str) -> Result<(), ApiError> {
        let mut state = self.state.borrow_mut();
        let index = state.armed.iter().position(|armed| armed.spec.name == name).ok_or(ApiError::GateNotFound)?;
        link.disarm(state.armed.remove(index).id);
        drop(state);
        self.changed.send_replace(());
        Ok(())
    }

    /// Takes every gate away.
    pub fn clear(&self, link: &EventLink) {
        let armed = std::mem::take(&mut self.state.borrow_mut().armed);
        armed.iter().for_each(|armed| link.disarm(armed.id));
        self.changed.send_replace(());
    }

    /// Lets the stream go that is parked at a gate, after something was done to its connection.
    pub async fn resume(&self, link: &EventLink, name: &str, then: Option<Then>) -> Result<(), ApiError> {
        let id = self.id(name)?;
        let parked = link.parked().into_iter().find(|(gate, _)| *gate == id);
        let (_, connection) = parked.ok_or(ApiError::GateNotParked)?;
        if let Some(then) = then {
            let effect = act(link, connection, then).await;
            self.note_effect(id, connection, effect);
        }
        link.resume(id);
        Ok(())
    }

    /// Waits until a gate has met something, no longer than the time.
    pub async fn wait(&self, name: &str, time: Duration) -> Result<(), ApiError> {
        let mut changed = self.changed.subscribe();
        let met = async {
            loop {
                // The sender lives in the gates, which are borrowed meanwhile.
                if self.has_met(name)? || changed.changed().await.is_err() {
                    return Ok(());
                }
            }
        };
        // The time being over is an answer, too: the gate is still armed.
        tokio::time::timeout(time, met).await.unwrap_or(Ok(()))
    }

    /// A gate as it is answered.
    pub fn view(&self, link: &EventLink, name: &str) -> Result<Value, ApiError> {
        let state = self.state.borrow();
        let found = state.armed.iter().find(|armed| armed.spec.name == name);
        found.map(|armed| armed.view(&link.parked())).ok_or(ApiError::GateNotFound)
    }

    /// The gates as they are answered, in the order in which they came.
    pub fn view_all(&self, link: &EventLink) -> Value {
        let parked = link.parked();
        self.state.borrow().armed.iter().map(|armed| armed.view(&parked)).collect()
    }

    fn has_met(&self, name: &str) -> Result<bool, ApiError> {
        let state = self.state.borrow();
        let found = state.armed.iter().find(|armed| armed.spec.name == name);
        found.map(|armed| !armed.met.is_empty()).ok_or(ApiError::GateNotFound)
    }

    fn id(&self, name: &str) -> Result<GateId, ApiError> {
        let state = self.state.borrow();
        let found = state.armed.iter().find(|armed| armed.spec.name == name);
        found.map(|armed| armed.id).ok_or(ApiError::GateNotFound)
    }

    /// Takes in what a link tells, from now on.
    fn listen_to(self: &Rc<Self>, link: &Rc<EventLink>) {
        let (told, events) = mpsc::unbounded_channel();
        if link.tell_to(told) {
            tokio::task::spawn_local(take_in(Rc::downgrade(self), Rc::downgrade(link), events));
        }
    }

    fn note(&self, gate: GateId, met: Met) -> Option<Then> {
        let mut state = self.state.borrow_mut();
        let armed = state.armed.iter_mut().find(|armed| armed.id == gate)?;
        if armed.met.len() == KEPT {
            armed.met.pop_front();
        }
        armed.met.push_back(met);
        let then = armed.spec.then;
        drop(state);
        self.changed.send_replace(());
        then
    }

    fn note_effect(&self, gate: GateId, connection: ConnectionId, effect: Effect) {
        let mut state = self.state.borrow_mut();
        let armed = state.armed.iter_mut().find(|armed| armed.id == gate);
        let met = armed.and_then(|armed| armed.met.iter_mut().rfind(|met| met.connection == connection));
        if let Some(met) = met {
            met.effect = Some(effect);
        }
    }
}

impl Armed {
    fn gate(&self) -> GateSpec {
        let first = FirstMatch::Parks;
        GateSpec { id: self.id, point: self.spec.point.clone(), nth: self.spec.nth, first, repeat: self.spec.repeat() }
    }

    fn view(&self, parked: &[(GateId, ConnectionId)]) -> Value {
        let mut view = self.spec.view();
        // What a link has parked is known here a moment later: until then it is not said.
        let state = match (self.met.is_empty(), parked.iter().any(|(gate, _)| *gate == self.id)) {
            (true, _) => "armed",
            (false, true) => "parked",
            (false, false) => "passed",
        };
        view.insert("state".to_owned(), json!(state));
        view.insert("met".to_owned(), self.met.iter().map(Met::view).collect());
        view.into()
    }
}

impl Met {
    fn view(&self) -> Value {
        let mut view = json!({ "connection": self.connection });
        if let Some(request) = &self.request {
            view["request"] = json!(request);
        }
        if let Some(effect) = self.effect {
            view["effect"] = json!(effect);
        }
        view
    }
}

/// Takes in what a link tells about its gates, and does there what they say.
async fn take_in(gates: Weak<Gates>, link: Weak<EventLink>, mut events: mpsc::UnboundedReceiver<LinkEvent>) {
    while let Some(event) = events.recv().await {
        let (Some(gates), Some(link)) = (gates.upgrade(), link.upgrade()) else { return };
        match event.what {
            LinkEventKind::Parked { gate, connection, request } => {
                if let Some(then) = gates.note(gate, Met { connection, request, effect: None }) {
                    gates.note_effect(gate, connection, act(&link, connection, then).await);
                    link.resume(gate);
                }
            }
            LinkEventKind::Repeated { gate, connection, request, effect } => {
                gates.note(gate, Met { connection, request, effect: Some(effect) });
            }
            _ => {}
        }
    }
}

async fn act(link: &EventLink, connection: ConnectionId, then: Then) -> Effect {
    match then {
        Then::Cut(Cut { mode, toward }) => link.cut(connection, mode, toward).await,
        Then::Hold => link.hold(connection).await,
    }
}
