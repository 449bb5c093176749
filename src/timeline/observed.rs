//! What a run has shown so far: a reducer over what happens, without processes or sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;

use crate::evidence::{Call, CallEffect, CallResult, Fault, abridge};
use crate::proxy::{ConnectionId, ConnectionSeen, GateId, Hit, LinkEventKind, RequestSeen};
use crate::system::SystemFile;

/// Something that happened, of the actor with this index.
#[derive(Debug)]
pub(super) enum Happening {
    /// A link has told something.
    Link(usize, LinkEventKind),
    /// The connections of a link were asked how they stand.
    Standing(usize, Vec<ConnectionSeen>),
    /// A client was asked for a call. Of its link: what had been written to the server before, by connection.
    Asked(Box<Call>, Vec<(ConnectionId, u64)>),
    /// A client has answered a call.
    Answered(usize, Value),
    /// A client has ended, with whatever it was asked for.
    Ended(usize),
    /// The timeline is over: what has not ended now never will have.
    Closed,
}

/// What an answer came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is the result of this call; or it is none, and nobody needs to hear of it.
    Result(Option<usize>),
    /// Nobody had asked for it.
    Unasked,
}

/// One actor, as far as it matters here.
#[derive(Debug, Clone)]
pub(super) struct ActorFacts {
    pub name: String,
    /// Whether all its traffic passes a link that counts.
    pub linked: bool,
    /// Whether it answers calls by a protocol that can be broken.
    pub driven: bool,
}

/// A stream that is stopped at a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parked {
    pub gate: GateId,
    pub actor: usize,
    pub connection: ConnectionId,
    pub request: Option<RequestSeen>,
}

/// How far a new connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    OnItsWay,
    /// The server was connected to, or a gate stops it before that.
    Arrived,
    /// It has ended, and the server was never connected to.
    Closed,
}

/// One connection of a link.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionFacts {
    opened: u64,
    /// The address of the client's end.
    client: Option<SocketAddr>,
    /// The server was connected to.
    connected: bool,
    closed: bool,
    /// Something of it was no HTTP/1.
    foreign: bool,
    /// Bytes that were written to the server.
    sent: u64,
    /// How it stood when it was last asked.
    standing: Option<ConnectionSeen>,
    /// When its last request was answered.
    answered: Option<u64>,
}

/// What a run has shown so far.
#[derive(Debug)]
pub(super) struct Observed<'a> {
    system: &'a SystemFile,
    pub actors: Vec<ActorFacts>,
    pub calls: Vec<Call>,
    /// What had been written to the server when each call was asked for, by connection.
    sent_before: Vec<BTreeMap<ConnectionId, u64>>,
    /// By actor and time.
    pub requests: Vec<(usize, u64, RequestSeen)>,
    /// When requests had ended, by actor and number.
    pub request_ends: BTreeMap<(usize, u64), u64>,
    connections: BTreeMap<(usize, ConnectionId), ConnectionFacts>,
    /// What toxics have hit, on the link of which actor, when.
    pub hits: Vec<(usize, u64, Hit)>,
    pub parked: Vec<Parked>,
    /// Those that were parked at a gate, and have closed before anybody waited for it.
    gone: Vec<Parked>,
    pub faults: Vec<Fault>,
    pub notes: Vec<String>,
    closed: bool,
}

impl<'a> Observed<'a> {
    pub fn new(system: &'a SystemFile, actors: Vec<ActorFacts>) -> Self {
        Self {
            system,
            actors,
            calls: Vec::new(),
            sent_before: Vec::new(),
            requests: Vec::new(),
            request_ends: BTreeMap::new(),
            connections: BTreeMap::new(),
            hits: Vec::new(),
            parked: Vec::new(),
            gone: Vec::new(),
            faults: Vec::new(),
            notes: Vec::new(),
            closed: false,
        }
    }

    /// Takes in what has happened.
    pub fn apply(&mut self, at: u64, happening: Happening) -> Taken {
        match happening {
            Happening::Link(actor, what) => self.link(at, actor, what),
            Happening::Standing(actor, connections) => connections.into_iter().for_each(|it| self.stands(actor, it)),
            Happening::Asked(call, sent) => {
                self.calls.push(*call);
                self.sent_before.push(sent.into_iter().collect());
            }
            Happening::Answered(actor, answer) => return self.answered(at, actor, &answer),
            Happening::Ended(actor) if !self.closed => {
                let name = &self.actors[actor].name;
                for call in self.calls.iter_mut().filter(|call| call.process == *name && call.result.is_none()) {
                    call.result = Some(CallResult::Lost);
                    call.ended = Some(at);
                }
            }
            Happening::Ended(_) => {}
            Happening::Closed => self.closed = true,
        }
        Taken::Result(None)
    }

    fn link(&mut self, at: u64, actor: usize, what: LinkEventKind) {
        match what {
            LinkEventKind::Opened { connection, client } => {
                let known = self.connections.entry((actor, connection)).or_default();
                (known.opened, known.client) = (at, Some(client));
            }
            LinkEventKind::Connected(id) => self.connections.entry((actor, id)).or_default().connected = true,
            LinkEventKind::Request(seen) => self.requests.push((actor, at, seen)),
            LinkEventKind::RequestDone(seen) => {
                self.request_ends.insert((actor, seen.number), at);
                self.connections.entry((actor, seen.connection)).or_default().answered = Some(at);
                self.update_request(actor, seen);
            }
            LinkEventKind::Parked { gate, connection, request } => {
                self.parked.push(Parked { gate, actor, connection, request });
            }
            LinkEventKind::Repeated { gate, effect, .. } => {
                let fault = self.faults.iter_mut().find(|fault| fault.step == gate && fault.fired.is_none());
                if let Some(fault) = fault.filter(|_| effect.fired()) {
                    fault.fired = Some(super::names::describe(effect));
                }
            }
            LinkEventKind::NotHttp(connection) => {
                self.connections.entry((actor, connection)).or_default().foreign = true;
                self.notes.push(format!(
                    "connection {connection} of `{}` does not speak plain HTTP/1: its requests are not seen",
                    self.actors[actor].name
                ));
            }
            LinkEventKind::Sent { connection, bytes } => {
                self.connections.entry((actor, connection)).or_default().sent = bytes;
            }
            LinkEventKind::Closed(connection) => {
                self.connections.entry((actor, connection)).or_default().closed = true;
                let of_it = |parked: &mut Parked| parked.actor == actor && parked.connection == connection;
                self.gone.extend(self.parked.extract_if(.., of_it));
            }
            LinkEventKind::Hit(hit) => self.hits.push((actor, at, hit)),
            // Gates of a scenario do not ask for an exact place: where a message is shorter, they are met at its end.
            LinkEventKind::Missed { .. } => {}
        }
    }

    fn stands(&mut self, actor: usize, seen: ConnectionSeen) {
        seen.requests.iter().for_each(|request| self.update_request(actor, request.clone()));
        let known = self.connections.entry((actor, seen.connection)).or_default();
        known.sent = seen.sent;
        known.foreign |= !seen.http1;
        known.standing = Some(seen);
    }

    fn update_request(&mut self, actor: usize, seen: RequestSeen) {
        let known =
            self.requests.iter_mut().rev().find(|(owner, _, known)| *owner == actor && known.number == seen.number);
        if let Some((_, _, known)) = known {
            *known = seen;
        }
    }

    fn answered(&mut self, at: u64, actor: usize, answer: &Value) -> Taken {
        let ActorFacts { name, driven, .. } = &self.actors[actor];
        let number = answer.get("call").and_then(Value::as_u64).unwrap_or_default();
        let known = self.calls.iter().position(|call| call.process == *name && call.number == number);
        let Some(index) = known else { return Taken::Unasked };
        let result = answer.get("result").cloned().and_then(|word| serde_json::from_value::<CallResult>(word).ok());
        // What is no result at all is as bad as what is not the protocol.
        let result = result.unwrap_or(CallResult::Transport);
        let call = &mut self.calls[index];
        if call.result.is_some() {
            if *driven {
                call.further.push(result);
            }
            return Taken::Result(None);
        }
        if self.closed {
            return Taken::Result(None);
        }
        call.ended = Some(at);
        call.result = Some(result);
        call.error = answer.get("error").map(|error| error.as_str().map_or_else(|| error.to_string(), str::to_owned));
        call.value = answer.get("value").cloned().map(abridge);
        Taken::Result(Some(index))
    }

    /// How far a connection has come that was opened from an address.
    pub fn progress(&self, actor: usize, client: SocketAddr) -> Progress {
        let own = self.connections.iter().rfind(|((owner, _), it)| *owner == actor && it.client == Some(client));
        let Some(((_, id), it)) = own else { return Progress::OnItsWay };
        let parked = || self.parked.iter().any(|parked| parked.actor == actor && parked.connection == *id);
        match () {
            () if it.connected || parked() => Progress::Arrived,
            () if it.closed => Progress::Closed,
            () => Progress::OnItsWay,
        }
    }

    /// The first stream that is parked at a gate, or was until its connection closed. With several instances the first is the one, and
    /// the others are to be let go.
    pub fn take_parked(&mut self, gate: GateId) -> Option<Parked> {
        let Some(found) = self.parked.iter().find(|parked| parked.gate == gate).cloned() else {
            // The gate has stopped a stream all the same. Whatever is done to it now meets nothing, and that is said.
            let at = self.gone.iter().position(|parked| parked.gate == gate)?;
            return Some(self.gone.swap_remove(at));
        };
        self.parked.retain(|parked| parked.gate != gate || parked.actor == found.actor);
        Some(found)
    }

    /// Whether a request is one that an operation makes.
    pub fn fits_operation(&self, op: &str, method: &str, path: &str) -> bool {
        if let Some((asked, pattern)) = crate::scenario::request_pattern(op) {
            return asked == method && crate::file::fits(&pattern, path);
        }
        self.system.makes(op, method, path)
    }

    /// What each call did: known where it succeeded, where provably no byte of it was written to a server, or where the operation
    /// documents it. Every link must have told all before.
    pub fn settle_effects(&mut self) {
        for index in 0..self.calls.len() {
            let call = &self.calls[index];
            let documented = call.result.is_some_and(|result| {
                self.system.operations.get(&call.op).is_some_and(|rule| rule.without_effect.contains(&result))
            });
            self.calls[index].effect = match call.result {
                Some(CallResult::Ok) => CallEffect::Applied,
                _ if documented || !self.may_have_passed(index) => CallEffect::NotApplied,
                _ => CallEffect::Unknown,
            };
        }
    }

    /// Whether a byte that was written to a server may have been one of a call.
    fn may_have_passed(&self, index: usize) -> bool {
        let call = &self.calls[index];
        let Some(actor) = self.actors.iter().position(|actor| actor.name == call.process && actor.linked) else {
            return true;
        };
        // What a client has sent may reach its link after it has given up; not after it has begun something else.
        let ended = call.ended.unwrap_or(u64::MAX);
        let next = self.calls.iter().filter(|other| other.process == call.process && other.begun >= ended);
        let until = next.map(|other| other.begun).min().unwrap_or(u64::MAX);
        let request_passed = self.requests.iter().any(|(owner, at, request)| {
            *owner == actor
                && (call.begun..=until).contains(at)
                && request.request_bytes > 0
                && self.may_be_of(&call.op, request)
        });
        request_passed
            || self.connections.iter().filter(|((owner, _), _)| *owner == actor).any(|((_, id), connection)| {
                let before = self.sent_before[index].get(id).copied().unwrap_or(0);
                let recognised: u64 = self
                    .requests
                    .iter()
                    .filter(|(owner, _, request)| *owner == actor && request.connection == *id)
                    .map(|(_, _, request)| request.request_bytes)
                    .sum();
                connection.sent > before
                    && connection.opened <= until
                    && (connection.foreign || connection.sent > recognised)
            })
    }

    /// Whether a request may be one of an operation: it is what the system file says that the operation sends; or nobody knows what it
    /// sends; or nobody knows whose the request is, and it may change something.
    fn may_be_of(&self, op: &str, request: &RequestSeen) -> bool {
        let RequestSeen { method, path, .. } = request;
        if self.fits_operation(op, method, path) {
            return true;
        }
        if crate::scenario::request_pattern(op).is_some() {
            return false;
        }
        let declares = self.system.operations.get(op).is_some_and(|rule| rule.method.is_some() || rule.path.is_some());
        let reads = ["GET", "HEAD", "OPTIONS"].contains(&method.as_str());
        let somebodys = self.system.operations.keys().any(|other| self.system.makes(other, method, path));
        !declares || !(reads || somebodys)
    }

    /// Every connection that is open to the server, what it is doing, and since when; at this moment, if the links were just asked.
    pub fn open_connections(&self) -> Vec<String> {
        let open = self
            .connections
            .iter()
            .filter(|(_, it)| !it.closed && it.standing.as_ref().is_some_and(|standing| standing.server_open));
        open.flat_map(|((actor, id), it)| {
            let who = format!("connection {id} of `{}`", self.actors[*actor].name);
            self.states(*actor, it).into_iter().map(move |state| format!("{who}: {state}"))
        })
        .collect()
    }

    fn states(&self, actor: usize, it: &ConnectionFacts) -> Vec<String> {
        let Some(standing) = &it.standing else { return Vec::new() };
        let held = if standing.held { "; a fault holds it" } else { "" };
        let seconds = |at: u64| format!("{:.3} s", at as f64 / 1e6);
        let opened = seconds(it.opened);
        if !standing.requests.is_empty() {
            let state = |request: &RequestSeen| {
                let begun = self
                    .requests
                    .iter()
                    .find(|(owner, _, known)| *owner == actor && known.number == request.number)
                    .map_or(it.opened, |(_, at, _)| *at);
                let RequestSeen { method, path, request_bytes, response_bytes, .. } = request;
                let phase = match (request.status, request.phase) {
                    (Some(status), _) => format!("answered with {status}, {response_bytes} bytes of it so far"),
                    (None, Some(crate::proxy::Phase::RequestSent)) => "sent whole, not answered".to_owned(),
                    (None, _) => format!("{request_bytes} bytes of it sent, the rest is to come"),
                };
                format!("{method} {path} is in flight since {}: {phase}{held}", seconds(begun))
            };
            return standing.requests.iter().map(state).collect();
        }
        let (sent, received) = (standing.sent, standing.received);
        vec![match it.answered {
            _ if it.foreign => {
                format!("no HTTP/1, open since {opened}: {sent} bytes to the server, {received} to the client{held}")
            }
            None if sent == 0 => format!("silent: nothing was sent since it was opened at {opened}{held}"),
            None => format!("{sent} bytes of a request were sent, open since {opened}{held}"),
            Some(at) => format!("idle (keep-alive) since {}, after {} requests{held}", seconds(at), standing.answered),
        }]
    }

    /// Why a gate for HTTP/1 at the link of one of these actors cannot have been met: nothing where it can.
    pub fn why_no_http(&self, actors: &[usize]) -> Option<String> {
        let of = self.connections.iter().filter(|((actor, _), _)| actors.contains(actor));
        let (foreign, other): (Vec<_>, Vec<_>) = of.partition(|(_, it)| it.foreign);
        match (foreign.first(), other.is_empty()) {
            (Some(((actor, id), _)), _) => Some(format!(
                "connection {id} of `{}` does not speak HTTP/1, so no request is seen on it; on.bytes and on.connect stop any protocol",
                self.actors[*actor].name
            )),
            (None, true) => Some("no connection was made through its link".to_owned()),
            (None, false) => None,
        }
    }
}

#[cfg(test)]
mod tests;
