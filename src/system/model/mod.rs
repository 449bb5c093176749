//! What a system file can say, as types. It is documented in `docs/systems.md`.

use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::Deserialize;

mod log;
mod policy;
mod role;
mod setup;
mod variant;
mod zygote;

pub use log::{Log, RoleLog};
pub use policy::Policy;
pub use role::{Begun, OptionRule, Part, Ready, Role, RoleKind, Stop, StopBy};
pub use setup::Setup;
pub use variant::{ExpectedFailure, PLAIN, Variant};
pub use zygote::Zygote;

use super::invariant::Invariant;
use crate::file::{LevelRule, TextRule};

/// One system file: how to boot the processes of a system, when they are ready, how they log, what its words mean.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SystemFile {
    /// The system's name.
    pub name: String,
    /// One sentence about it.
    pub summary: String,
    /// How its processes log.
    pub log: Log,
    /// The kinds of process that it can boot. `server` is booted by itself.
    pub roles: BTreeMap<Spanned<String>, Role>,
    /// What a driven client can be asked for.
    #[serde(default)]
    pub operations: BTreeMap<String, Operation>,
    /// Log lines by the names that scenarios use.
    #[serde(default)]
    pub lines: BTreeMap<String, Line>,
    /// Ends of a process by the names that scenarios use.
    #[serde(default)]
    pub exits: BTreeMap<String, Spanned<Exit>>,
    /// Defects that can be planted.
    pub defects: Option<Defects>,
    /// What must hold of the data at the end.
    #[serde(default, rename = "invariant")]
    pub invariants: Vec<Spanned<Invariant>>,
    /// The policy of scenarios that name none: `quiet` (the default), `calm`, `loud`, or one of its own.
    pub policy: Option<Spanned<String>>,
    /// Policies of its own, by the names that scenarios use.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
    /// Where the data are read at the end when the server has ended.
    #[serde(default)]
    pub final_read: FinalReadPlace,
    /// `false`: its transcripts are not compared with snapshots, as where nobody knows yet what is said in which order.
    pub snapshots: Option<bool>,
    /// Scenarios that mean nothing on this system, by their names, each with the reason.
    #[serde(default)]
    pub not_applicable: BTreeMap<String, String>,
    /// Processes that import what is expensive, once for a whole run of the harness, and fork those of the roles that name them.
    #[serde(default)]
    pub zygotes: BTreeMap<String, Zygote>,
    /// What makes the environment that its processes need.
    pub setup: Option<Setup>,
    /// The system with something changed, by names that `--variant` uses.
    #[serde(default)]
    pub variants: BTreeMap<Spanned<String>, Variant>,
    /// Scenarios that fail, and how.
    #[serde(default, rename = "expected-failure")]
    pub expected_failures: Vec<Spanned<ExpectedFailure>>,
}

/// What a driven client can be asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Operation {
    /// The method of the request that it makes.
    pub method: Option<Spanned<String>>,
    /// The path of that request, with `*` for any run of characters. A request belongs to the operation that says it most exactly:
    /// `/items/3/parts` to one with `/items/*/parts`, not to one with `/items/*`.
    pub path: Option<Spanned<String>>,
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
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Line {
    /// The level, `"WARN"` or `">= WARN"`.
    pub level: Option<LevelRule>,
    /// The target (logger name), with `*` for any run of characters.
    pub target: Option<String>,
    /// Text that the message contains, or `{ glob = "…" }`, `{ regex = '…' }`.
    pub message: Option<TextRule>,
    /// Fields that the record carries, by name: as text, or `{ glob = "…" }`, `{ regex = '…' }`.
    #[serde(default)]
    pub fields: BTreeMap<String, TextRule>,
}

/// The end of a process: one of these.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exit {
    /// Exit codes as numbers, signals by their names; `"any"` is every end.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<serde_json::Value>"))]
    pub status: Vec<toml::Value>,
}

/// Defects that can be planted into this system.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Defects {
    /// The environment variable that plants one.
    pub env: String,
    /// Their names, each with what it does.
    pub names: BTreeMap<String, String>,
}

/// Where the data are read at the end when the server has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FinalReadPlace {
    /// From a server that is booted again: this system keeps its data.
    Reboot,
    /// Nowhere: this system's data end with it. The report says so.
    #[default]
    LiveOnly,
}
