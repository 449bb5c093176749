//! What a link tells, and what it can be told to stop at.

use std::net::SocketAddr;
use std::time::Instant;

use crate::At;

use super::{CutMode, Hit, Phase, Side, Toward};

/// A gate by the number that its owner gave it.
pub type GateId = usize;

/// A connection of a link, counted from 1 in the order in which the link accepted them.
pub type ConnectionId = u64;

/// A point in the traffic of one link at which the stream is stopped.
#[derive(Debug, Clone)]
pub struct GateSpec {
    /// Its owner's number for it.
    pub id: GateId,
    /// Where.
    pub point: Point,
    /// The number of the match, from 1.
    pub nth: u32,
    /// What happens at the match that counts.
    pub first: FirstMatch,
    /// What the link itself does at later matches.
    pub repeat: Option<Repeat>,
}

/// What a gate does at the match that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FirstMatch {
    /// The stream parks, until it is resumed.
    #[default]
    Parks,
    /// The link does what it does at later ones, too.
    Acts,
}

/// Where a gate stops the stream.
#[derive(Debug, Clone)]
pub enum Point {
    /// At a phase of a request.
    Request {
        /// The request method; any when absent.
        method: Option<String>,
        /// The request path without its query, with `*` for any run of characters; any when absent.
        path: Option<String>,
        /// Paths that are not meant although they fit `path`.
        without: Vec<String>,
        /// The phase.
        phase: Phase,
        /// How many bytes of the head or body may pass first. Where a body's length is not said by its head, a place from its end
        /// or in its middle is known too late: there it is its end.
        at: At,
        /// Where the head or body is shorter than `at`: it is not met. Else its end is the place.
        exact: bool,
    },
    /// After so many bytes of a connection in one direction.
    Bytes {
        /// The direction.
        toward: Side,
        /// How many bytes may pass first.
        at: u64,
    },
    /// When a connection was accepted; nothing was forwarded, and the server was not connected to.
    Connect,
    /// When the server was connected to; nothing was forwarded, in neither direction.
    Connected,
    /// When a connection has answered its last request and carries none.
    Idle,
}

/// An action that a link repeats by itself.
#[derive(Debug, Clone, Copy)]
pub struct Repeat {
    /// How many more times; without end when absent.
    pub more: Option<u32>,
    /// What to do.
    pub action: RepeatAction,
}

/// What a link can repeat by itself.
#[derive(Debug, Clone, Copy)]
pub enum RepeatAction {
    /// Break the connection.
    Cut(CutMode, Toward),
    /// Hold the connection for good.
    Hold,
    /// Refuse new connections from now on (and break nothing).
    Refuse,
    /// Count it.
    Nothing,
}

/// What an action on a link has met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Effect {
    /// Bytes that were in the link and never arrived.
    pub withheld: u64,
    /// Live connections that were broken.
    pub broken: u64,
    /// Live connections that were held.
    pub held: u64,
    /// New connections that were refused or swallowed.
    pub refused: u64,
}

impl Effect {
    /// Whether it met anything at all.
    pub fn fired(self) -> bool {
        self != Self::default()
    }
}

/// A request as it passed a link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct RequestSeen {
    /// The connection.
    pub connection: ConnectionId,
    /// The request's number on the link, from 1, in the order of their heads.
    pub number: u64,
    /// Its method.
    pub method: String,
    /// Its path without the query.
    pub path: String,
    /// Its idempotency key.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub key: Option<String>,
    /// The furthest phase that was completed; nothing when not even the head was forwarded.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub phase: Option<Phase>,
    /// Bytes of it (head and body) that were forwarded to the server.
    pub request_bytes: u64,
    /// Bytes of its response that were forwarded to the client.
    pub response_bytes: u64,
    /// How long its head is.
    #[cfg_attr(feature = "serde", serde(default))]
    pub request_head: u64,
    /// How long the head of its response is; 0 before it has come.
    #[cfg_attr(feature = "serde", serde(default))]
    pub response_head: u64,
    /// The response's status.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub status: Option<u16>,
    /// Whether the response was forwarded whole.
    pub finished: bool,
}

/// How a connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSeen {
    /// The connection.
    pub connection: ConnectionId,
    /// Whether the server's end is open: it was connected to, and has not ended its stream.
    pub server_open: bool,
    /// Whether the client's end is open.
    pub client_open: bool,
    /// Whether a fault holds it.
    pub held: bool,
    /// Whether all of it was plain HTTP/1 so far.
    pub http1: bool,
    /// Bytes that were written to the server's socket.
    pub sent: u64,
    /// Bytes that were written to the client's socket.
    pub received: u64,
    /// How many of its requests were answered whole.
    pub answered: u64,
    /// Its requests that are not answered whole, in order.
    pub requests: Vec<RequestSeen>,
}

/// Something that happened on a link.
#[derive(Debug, Clone)]
pub struct LinkEvent {
    /// The link's name.
    pub link: String,
    /// When.
    pub at: Instant,
    /// What.
    pub what: LinkEventKind,
}

/// What can happen on a link.
#[derive(Debug, Clone)]
pub enum LinkEventKind {
    /// A connection was accepted.
    Opened {
        /// The connection.
        connection: ConnectionId,
        /// The address of the client's end.
        client: SocketAddr,
    },
    /// The server of a connection was connected to; nothing was forwarded yet.
    Connected(ConnectionId),
    /// A connection has ended, both ways.
    Closed(ConnectionId),
    /// How many bytes of a connection were written to the server's socket in all; told before its end.
    Sent {
        /// The connection.
        connection: ConnectionId,
        /// How many bytes.
        bytes: u64,
    },
    /// The head of a request has arrived.
    Request(RequestSeen),
    /// A request has ended: its response was forwarded, or its connection is gone.
    RequestDone(RequestSeen),
    /// A gate has stopped a stream. It stays so until [`resume`](super::EventLink::resume), unless that was called before.
    Parked {
        /// The gate.
        gate: GateId,
        /// The connection.
        connection: ConnectionId,
        /// The request at which it is parked.
        request: Option<RequestSeen>,
    },
    /// The action of a gate was repeated.
    Repeated {
        /// The gate.
        gate: GateId,
        /// The connection.
        connection: ConnectionId,
        /// The request at which it happened.
        request: Option<RequestSeen>,
        /// What it met.
        effect: Effect,
    },
    /// A message was too short for the exact place of a gate.
    Missed {
        /// The gate.
        gate: GateId,
        /// The request; the message is this, or its response.
        request: RequestSeen,
    },
    /// A toxic has hit a request, its answer, or a connection for the first time.
    Hit(Hit),
    /// A connection does not speak plain HTTP/1 (any more): its bytes pass, its requests are not recognised.
    NotHttp(ConnectionId),
}
