//! What a scenario file can say, as types. The file format itself is documented in `docs/scenarios.md`.
//!
//! Enums are externally tagged on purpose: untagged, internally tagged and flattened ones lose the position of an error.

mod action;
mod call;
mod event;
mod expect;
mod sweep;
mod toxic;

use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::Deserialize;

pub use crate::file::{LevelRule, TextRule};
pub use action::*;
pub use call::*;
pub use event::*;
pub use expect::*;
pub use sweep::*;
pub use toxic::*;

use crate::file::Span;

/// One scenario file.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScenarioFile {
    /// One sentence: what is broken, and what must be seen.
    pub summary: String,
    /// The only system that this scenario can run on, when it uses literals of that system.
    pub system: Option<Spanned<String>>,
    /// What decides whatever toxics leave to chance (toxicity, jitter, slices); default 0. The same seed decides the same.
    #[serde(default)]
    pub seed: u64,
    /// The processes to boot, by name. The server (`server`) is there without being named.
    #[serde(default)]
    pub processes: BTreeMap<Spanned<String>, Process>,
    /// The timeline, in order.
    #[serde(default, rename = "step")]
    pub steps: Vec<Spanned<Step>>,
    /// What must be seen beyond the default policy.
    #[serde(default)]
    pub expect: Expect,
    /// How it is swept.
    pub sweep: Option<Spanned<SweepRules>>,
    /// The planted defect, or the removal of the fault, under which this scenario must fail.
    pub control: Option<Spanned<Control>>,
}

/// A process to boot.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Process {
    /// A role that the system file declares. Default: `server` for the process named `server`, else `client`.
    pub role: Option<Spanned<String>>,
    /// How many instances; they are called `name.1`, `name.2` … when there are several.
    pub count: Option<u32>,
    /// Through the fault proxy (the default), or straight to the server.
    #[serde(default)]
    pub via: Via,
    /// `false`: a `do.start` boots it later. Default `true`.
    pub boot: Option<bool>,
    /// Options by the names that the system file gives them.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub options: BTreeMap<Spanned<String>, toml::Value>,
    /// The name of the exit (`[exits.…]` of the system file) that this process must end with, when it is not the usual one.
    pub exit: Option<Spanned<String>>,
}

/// How a client reaches the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Through its own link of the fault proxy.
    #[default]
    Proxy,
    /// Straight to the server; nothing can be broken on the way.
    Direct,
}

/// One entry of the timeline: `on` (wait for), `do` (then do), or both.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// The event to wait for.
    pub on: Option<Spanned<Event>>,
    /// The action to take.
    #[serde(rename = "do")]
    pub action: Option<Spanned<Action>>,
    /// The watchdog of this step; default 10 s.
    pub within: Option<Span>,
}
