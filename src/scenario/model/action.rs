use crate::file::Spanned;
use serde::Deserialize;

use super::{BeginAction, CallAction, ProcessRef, ToxicAction, UntoxicAction};
use crate::evidence::CallResults;
use crate::proxy::{CutMode, Toward};

/// What a step can do.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Boot a process that has `boot = false`, or one that has ended.
    Start(StartAction),
    /// Ask a process to end, the way its role declares. Planned.
    Stop(ProcessRef),
    /// SIGKILL to the process group. Unplanned.
    Kill(ProcessRef),
    /// Send a signal.
    Signal(SignalAction),
    /// SIGSTOP to the process group. Unplanned.
    Pause(ProcessRef),
    /// SIGCONT to the process group.
    Resume(ProcessRef),
    /// `stop`, wait for the end, `start`. Planned.
    Restart(ProcessRef),
    /// Ask a driven client for an operation and wait for its result.
    Call(CallAction),
    /// Ask a driven client for an operation and go on.
    Begin(BeginAction),
    /// Cancel a call that was begun. Planned.
    Cancel(CallRef),
    /// Wait for the result of a call that was begun.
    Finish(FinishAction),
    /// Open a connection of the harness's own HTTP client, and send nothing on it.
    Connect(ConnectAction),
    /// Close a connection that was opened so.
    Close(ConnectionRef),
    /// Break a connection (in a gated step), or every connection of a link. Unplanned.
    Cut(CutAction),
    /// Black hole: forward nothing any more; later connects are accepted and swallowed. Unplanned.
    Hold(LinkAction),
    /// End a `hold`, or resume a stream that a `keep` left parked.
    Release(ReleaseAction),
    /// Refuse new connections on a link (nothing listens there). Unplanned.
    Refuse(LinkName),
    /// Accept connections on a link again.
    Accept(LinkName),
    /// Add a toxic to a link: a fault that stays until it is taken away. Unplanned.
    Toxic(Box<ToxicAction>),
    /// Take a toxic away, or all of a link.
    Untoxic(UntoxicAction),
}

/// Boots a process.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StartAction {
    /// The process.
    pub process: Spanned<String>,
    /// `false`: go on as soon as it runs; a later `on.ready` waits for it. Default `true`: wait until it is ready.
    pub ready: Option<bool>,
}

/// A signal to a process group.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignalAction {
    /// The process.
    pub process: Spanned<String>,
    /// Its name, such as `SIGTERM`.
    pub signal: Spanned<String>,
    /// Whether what follows from it is planned; there is no default, because only the author knows.
    pub planned: bool,
}

/// A call by name.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CallRef {
    /// The call.
    pub call: Spanned<String>,
}

/// Waits for a call that was begun.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FinishAction {
    /// The call.
    pub call: Spanned<String>,
    /// The result that it must have, or a list of those that it may have; default `ok`.
    #[serde(default)]
    pub result: CallResults,
    /// Fields that the answer must have (a subset comparison).
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub returns: Option<toml::Value>,
    /// Keep the answer under this name.
    pub save: Option<Spanned<String>>,
}

/// Opens a connection that stays silent.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConnectAction {
    /// A process with the role `http`; or `client`.
    pub process: Option<Spanned<String>>,
    /// `"http"`: the HTTP client of the harness itself, through a link of its own that is called `http`.
    pub client: Option<Spanned<String>>,
    /// The connection's name, for `close`.
    #[serde(rename = "as")]
    pub name: Spanned<String>,
}

impl ConnectAction {
    /// The client that connects.
    pub fn who(&self) -> Option<&Spanned<String>> {
        self.process.as_ref().or(self.client.as_ref())
    }
}

/// A connection by name.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConnectionRef {
    /// The connection.
    pub connection: Spanned<String>,
}

/// Breaks connections.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CutAction {
    /// How.
    pub mode: CutMode,
    /// Towards whom; default both.
    #[serde(default)]
    pub toward: Toward,
    /// Every connection of this process's link, instead of the gated connection.
    pub link: Option<Spanned<String>>,
}

/// The gated connection, or a whole link.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LinkAction {
    /// The whole link of this process, instead of the gated connection.
    pub link: Option<Spanned<String>>,
}

/// A link by the name of its process.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LinkName {
    /// The link of this process.
    pub link: Spanned<String>,
}

/// What to release: exactly one of the two.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReleaseAction {
    /// A link that is held.
    pub link: Option<Spanned<String>>,
    /// The `keep` name of a gate.
    pub gate: Option<Spanned<String>>,
}
