use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::Deserialize;

use super::RoleLog;

use crate::file::Span;

/// What a process of this role is to the harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RoleKind {
    /// Listens; is what every link leads to.
    Server,
    /// Is asked for operations, as JSON lines on its standard input.
    Driven,
    /// Works by itself.
    FreeRunning,
    /// Boots a server and clients of its own.
    Composite,
    /// The HTTP client of the harness itself: no process. No system file can say it.
    #[serde(skip)]
    Http,
}

/// A kind of process.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Role {
    /// What it is to the harness.
    pub kind: RoleKind,
    /// The program and its arguments. `${quietdown}` is the quietdown program, `${port}` a port that is reserved for the server of
    /// this run, `${server}` the URL at which this process reaches the server (its own link), `${run}` the run's folder,
    /// `${name}` the process's name, `${system}` the folder of the system file.
    pub command: Vec<Spanned<String>>,
    /// Environment variables, with the same `${…}`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Its working directory, with the same `${…}`; the folder of the run when absent.
    pub folder: Option<Spanned<String>>,
    /// The zygote (`[zygotes.NAME]`) that forks it. The first word of the command, the interpreter, is left out then.
    pub zygote: Option<Spanned<String>>,
    /// How its processes log, where that is not as `[log]` says.
    pub log: Option<RoleLog>,
    /// When it is ready; at once when absent.
    pub ready: Option<Ready>,
    /// How it is asked to end.
    #[serde(default)]
    pub stop: Stop,
    /// The exit, by name, that it must end with when the scenario does not say otherwise.
    pub exit: Spanned<String>,
    /// Lines by name that it may log at any level and any time.
    #[serde(default)]
    pub lifecycle: Vec<Spanned<String>>,
    /// The targets whose DEBUG records are in the transcript of this role, instead of those of `[log]`: what a free-running
    /// process has in flight when something happens is a matter of time.
    pub transcript_targets: Option<Vec<String>>,
    /// What a scenario can set, by name.
    #[serde(default)]
    pub options: BTreeMap<String, OptionRule>,
    /// The sub-processes of a composite role: a name for the transcript, and a pattern (with `*`) for the thread or process
    /// name in their records, with the role whose rules they obey.
    #[serde(default)]
    pub parts: BTreeMap<String, Part>,
}

/// A sub-process of a composite role.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// The role whose rules its records obey.
    pub role: Spanned<String>,
    /// The name in its records, with `*` for any run of characters.
    pub thread: String,
}

/// When a process is ready: all that is given here must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ready {
    /// A named line has been logged.
    pub line: Option<Spanned<String>>,
    /// A GET of this path at the server's real address (never through a link) is answered with a 2xx status.
    pub http: Option<String>,
    /// Somebody listens on the port of the server, by the kernel's word: no connection is made.
    #[serde(default)]
    pub listening: bool,
    /// A driven client has said `{"ready":true}`.
    #[serde(default)]
    pub driver: bool,
    /// The bound; default 30 s.
    pub within: Option<Span>,
}

/// How a process is asked to end.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stop {
    /// By which means.
    pub by: StopBy,
    /// When the stop has begun, as far as others can tell: a gate resumes then.
    pub begun: Option<Begun>,
    /// How long the process may take to end after it was asked; default 10 s. Then SIGINT, SIGTERM, SIGKILL follow.
    pub within: Option<Span>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { by: StopBy::Sigterm, begun: None, within: None }
    }
}

/// By which means a process is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StopBy {
    /// SIGTERM to the process itself.
    Sigterm,
    /// SIGINT to the process itself.
    Sigint,
    /// Its standard input is closed.
    StdinEof,
}

/// How it shows that a stop has begun.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Begun {
    /// A named line is logged.
    Line(Spanned<String>),
    /// A GET of this path at the server's real address is no longer answered with a 2xx status.
    Http(String),
}

/// How an option becomes part of a command.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OptionRule {
    /// What it is, with its unit.
    pub summary: String,
    /// Arguments to add, with `${value}` for what the scenario says. An option that is a switch adds them when `true`.
    #[serde(default)]
    pub args: Vec<String>,
    /// Environment variables to set, with `${value}`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The value when the scenario says nothing; without one the option is then left out.
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub default: Option<toml::Value>,
}
