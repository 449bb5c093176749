//! What a system file can say, as types. It is documented in `docs/systems.md`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::file::Span;
use crate::log::{Format, Level};

/// One system file: how to boot the processes of a system, when they are ready, how they log, what its words mean.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SystemFile {
    /// The system's name.
    pub name: String,
    /// One sentence about it.
    pub summary: String,
    /// How its processes log.
    pub log: Log,
    /// The kinds of process that it can boot. `server` is booted by itself.
    #[schemars(with = "BTreeMap<String, Role>")]
    pub roles: BTreeMap<Spanned<String>, Role>,
    /// What a driven client can be asked for.
    #[serde(default)]
    pub operations: BTreeMap<String, Operation>,
    /// Log lines by the names that scenarios use.
    #[serde(default)]
    pub lines: BTreeMap<String, Line>,
    /// Ends of a process by the names that scenarios use.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Exit>")]
    pub exits: BTreeMap<String, Spanned<Exit>>,
    /// Defects that can be planted.
    pub defects: Option<Defects>,
    /// Variants of it, by name: the same programs with another environment. `--system SYSTEM+NAME` runs one.
    #[serde(default)]
    pub variants: BTreeMap<String, Variant>,
    /// What must hold of the data at the end.
    #[serde(default, rename = "invariant")]
    #[schemars(with = "Vec<Invariant>")]
    pub invariants: Vec<Spanned<Invariant>>,
    /// Policies of its own, by the names that scenarios use.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
    /// Where the data are read at the end when the server has ended.
    #[serde(default)]
    pub final_read: FinalReadPlace,
    /// Scenarios that mean nothing on this system, by their names, each with the reason.
    #[serde(default)]
    pub not_applicable: BTreeMap<String, String>,
}

/// How the processes log.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Log {
    /// The format of their records.
    pub format: Format,
    /// The field that names the call which a record is about.
    #[serde(default = "default_call_field")]
    pub call_field: String,
    /// The targets whose DEBUG records are in the transcript; other DEBUG records are judged, but not shown.
    #[serde(default)]
    pub transcript_targets: Vec<String>,
    /// Named lines that are judged, but not in the transcript: polls, heartbeats, retries, probes.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub transcript_omits: Vec<Spanned<String>>,
    /// Fields that are not in the transcript: counts of retries and probes.
    #[serde(default)]
    pub transcript_omits_fields: Vec<String>,
    /// Identifiers to replace in the transcript: their names, and regular expressions of their shape.
    #[serde(default)]
    pub ids: BTreeMap<String, String>,
}

fn default_call_field() -> String {
    "call".to_owned()
}

/// What processes may and must say, when a scenario names this policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Policy {
    /// One sentence: what it is for.
    pub summary: String,
    /// The highest level that is allowed before the first fault; default `INFO`.
    pub before: Level,
    /// The highest level that is allowed from the first fault on; default `DEBUG`.
    pub after: Level,
    /// Whether tracebacks are allowed; default `false`.
    pub tracebacks: bool,
    /// Whether a failed call must be reported exactly once; default `true`.
    pub reports: bool,
    /// Whether a client must say something at WARN or ERROR after the first fault; default `false`.
    pub loud: bool,
    /// Named lines that are allowed in every process, at any level and any time.
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<Spanned<String>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            summary: "Quiet about what was planned, each failure reported once".to_owned(),
            before: Level::Info,
            after: Level::Debug,
            tracebacks: false,
            reports: true,
            loud: false,
            allow: Vec::new(),
        }
    }
}

impl Policy {
    /// The policies that every system has.
    pub const BUILT_IN: [&str; 2] = ["quiet", "loud"];

    /// A policy that every system has.
    pub fn built_in(name: &str) -> Option<Self> {
        match name {
            "quiet" => Some(Self::default()),
            "loud" => {
                Some(Self { summary: "As quiet, and somebody reports".to_owned(), loud: true, ..Self::default() })
            }
            _ => None,
        }
    }
}

/// What a process of this role is to the harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
}

/// A kind of process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Role {
    /// What it is to the harness.
    pub kind: RoleKind,
    /// The program and its arguments. `${quietdown}` is the quietdown program, `${port}` a port that is reserved for the server of
    /// this run, `${server}` the URL at which this process reaches the server (its own link), `${run}` the run's folder,
    /// `${name}` the process's name, `${system}` the folder of the system file.
    #[schemars(with = "Vec<String>")]
    pub command: Vec<Spanned<String>>,
    /// Environment variables, with the same `${…}`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// When it is ready; at once when absent.
    pub ready: Option<Ready>,
    /// How it is asked to end.
    #[serde(default)]
    pub stop: Stop,
    /// The exit, by name, that it must end with when the scenario does not say otherwise.
    #[schemars(with = "String")]
    pub exit: Spanned<String>,
    /// Lines by name that it may log at any level and any time.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// The role whose rules its records obey.
    #[schemars(with = "String")]
    pub role: Spanned<String>,
    /// The name in its records, with `*` for any run of characters.
    pub thread: String,
}

/// When a process is ready: all that is given here must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ready {
    /// A named line has been logged.
    #[schemars(with = "Option<String>")]
    pub line: Option<Spanned<String>>,
    /// A GET of this path at the server's real address (never through a link) is answered with a 2xx status.
    pub http: Option<String>,
    /// A driven client has said `{"ready":true}`.
    #[serde(default)]
    pub driver: bool,
    /// The bound; default 30 s.
    pub within: Option<Span>,
}

/// How a process is asked to end.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Begun {
    /// A named line is logged.
    #[schemars(with = "String")]
    Line(Spanned<String>),
    /// A GET of this path at the server's real address is no longer answered with a 2xx status.
    Http(String),
}

/// How an option becomes part of a command.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    #[schemars(with = "Option<serde_json::Value>")]
    pub default: Option<toml::Value>,
}

/// What a driven client can be asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Operation {
    /// The method of the request that it makes.
    pub method: Option<String>,
    /// The path of that request, with `*` for any run of characters.
    pub path: Option<String>,
    /// Results that document that nothing was done, such as `rejected`.
    #[serde(default)]
    pub without_effect: Vec<crate::evidence::CallResult>,
    /// What the driver of this system calls it; the same name when absent.
    pub driver_op: Option<String>,
    /// Arguments that the driver of this system calls otherwise: the name in scenarios, and the driver's.
    #[serde(default)]
    pub rename_args: BTreeMap<String, String>,
}

/// A log line by its name: every part that is given must match.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Line {
    /// The level.
    pub level: Option<Level>,
    /// The target (logger name).
    pub target: Option<String>,
    /// Text that the message contains.
    pub message: Option<String>,
    /// Fields that the record carries.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// The end of a process: one of these.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exit {
    /// Exit codes as numbers, signals by their names.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub status: Vec<toml::Value>,
}

/// Defects that can be planted into this system.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Defects {
    /// The environment variable that plants one.
    pub env: String,
    /// Their names, each with what it does.
    pub names: BTreeMap<String, String>,
}

/// The same system with another environment: patched, configured otherwise.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variant {
    /// One sentence: what is different.
    pub summary: String,
    /// Environment variables of every process.
    pub env: BTreeMap<String, String>,
}

/// Where the data are read at the end when the server has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FinalReadPlace {
    /// From a server that is booted again: this system keeps its data.
    Reboot,
    /// Nowhere: this system's data end with it. The report says so.
    #[default]
    LiveOnly,
}

/// What must hold of the data.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// What a write acknowledged is present exactly once; what it may have done is present at most once; nothing else is there.
    AcknowledgedOnce(AcknowledgedOnce),
}

/// What a write acknowledged is present exactly once.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AcknowledgedOnce {
    /// The operation that writes one item.
    #[schemars(with = "String")]
    pub write: Spanned<String>,
    /// The argument that becomes part of the item.
    pub argument: String,
    /// The path of a GET that reads all items.
    pub read: String,
    /// The field of the answer that holds the list of items; the answer itself when absent.
    pub items: Option<String>,
    /// The item's field that holds the argument.
    pub field: String,
    /// The field, of the write's answer and of the item alike, that identifies the item.
    pub id: String,
}
