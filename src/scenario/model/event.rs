use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crate::file::Spanned;
use serde::Deserialize;

use crate::file::{At, LevelRule, Span, TextRule, Times};
use crate::proxy::{Phase, Side};

/// What a step can wait for. `request`, `bytes`, `connect`, `connected` and `idle` are gates: the proxy stops the stream there.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Gate: a phase of an HTTP/1 request.
    Request(RequestGate),
    /// Gate: a byte of a connection in one direction.
    Bytes(BytesGate),
    /// Gate: a connection was accepted; nothing was forwarded yet.
    Connect(ConnectionGate),
    /// Gate: a connection has reached the server; nothing was forwarded yet, in neither direction.
    Connected(ConnectionGate),
    /// Gate: a keep-alive connection has answered its last request and carries none.
    Idle(ConnectionGate),
    /// A log line.
    Line(LineEvent),
    /// A process has ended.
    Exit(ExitEvent),
    /// A process is ready.
    Ready(ProcessRef),
    /// No record and no traffic for a time.
    Quiet(QuietEvent),
    /// A delay: the last resort, where no event exists.
    After(AfterEvent),
}

/// Gate at a phase of an HTTP/1 request.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestGate {
    /// The client process whose link is watched.
    pub process: Spanned<String>,
    /// The request method, upper case; any when absent.
    pub method: Option<Spanned<String>>,
    /// The request path without its query, with `*` for any run of characters; any when absent.
    pub path: Option<Spanned<String>>,
    /// The system's operation instead of `method` and `path`.
    pub op: Option<Spanned<String>>,
    /// Where in the request.
    pub phase: Spanned<Phase>,
    /// How many bytes of the head or body may pass first; default 0. Negative from its end: -1 stops before the last byte;
    /// `"middle"`: half of them. Only with head and body phases.
    pub at: Option<Spanned<At>>,
    /// The number of the matching request, counted from 1 since the process instance booted; default 1.
    pub nth: Option<NonZeroU32>,
    /// Let the proxy repeat the action by itself on later matches: a total number, or `"every"`.
    pub times: Option<Times>,
    /// Leave the stream parked after the action, until `do.release = { gate = "NAME" }`.
    pub keep: Option<Spanned<String>>,
}

/// Gate at a byte of a connection.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BytesGate {
    /// The client process whose link is watched.
    pub process: Spanned<String>,
    /// The direction that is counted and parked.
    pub toward: Side,
    /// How many bytes may pass first.
    pub at: u64,
    /// The number of the connection of the process instance, from 1; default 1.
    pub nth: Option<NonZeroU32>,
    /// Leave the stream parked after the action, until `do.release = { gate = "NAME" }`.
    pub keep: Option<Spanned<String>>,
}

/// Gate at a state of a connection.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConnectionGate {
    /// The client process whose link is watched.
    pub process: Spanned<String>,
    /// The number of the occurrence, counted from 1 since the process instance booted; default 1.
    pub nth: Option<NonZeroU32>,
    /// Let the proxy repeat the action by itself on later matches: a total number, or `"every"`.
    pub times: Option<Times>,
    /// Leave the stream parked after the action, until `do.release = { gate = "NAME" }`.
    pub keep: Option<Spanned<String>>,
}

/// A log line to wait for: by its name in the system file, or literally.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LineEvent {
    /// The process (or one instance of it) that logs it.
    pub process: Spanned<String>,
    /// A name of `[lines.…]` in the system file.
    pub line: Option<Spanned<String>>,
    /// Literal level, `"WARN"` or `">= WARN"`; needs `system`.
    pub level: Option<LevelRule>,
    /// Literal target (logger name), with `*` for any run of characters.
    pub target: Option<String>,
    /// What the message contains, or `{ glob = "…" }`, `{ regex = '…' }`.
    pub message: Option<TextRule>,
    /// Fields that the record carries, by name: as text, or `{ glob = "…" }`, `{ regex = '…' }`.
    #[serde(default)]
    pub fields: BTreeMap<String, TextRule>,
    /// The number of the match, counted from 1 since the instance booted; default: the first match that no earlier step has consumed.
    pub nth: Option<NonZeroU32>,
}

/// The end of a process.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExitEvent {
    /// The process.
    pub process: Spanned<String>,
    /// A name of `[exits.…]` in the system file; any exit when absent.
    pub status: Option<Spanned<String>>,
}

/// A process by name.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProcessRef {
    /// The process.
    pub process: Spanned<String>,
}

/// Silence.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QuietEvent {
    /// How long nothing may be logged and nothing may pass any link.
    #[serde(rename = "for")]
    pub duration: Span,
}

/// A delay.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AfterEvent {
    /// How long.
    pub time: Span,
}
