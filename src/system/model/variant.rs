use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::Deserialize;

use crate::finding::FindingKind;

/// The name of the system without a variant.
pub const PLAIN: &str = "plain";

/// The system with something about it changed: a fix, an older version, another setting.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variant {
    /// One sentence: what is different.
    pub summary: String,
    /// Environment variables for its processes, with the `${…}` of a command.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Arguments to add to their commands, with the same `${…}`.
    #[serde(default)]
    pub args: Vec<String>,
    /// The roles whose processes get them; all when absent.
    pub roles: Option<Vec<Spanned<String>>>,
    /// `false`: its transcripts are not compared with snapshots. Default `true`.
    pub snapshots: Option<bool>,
}

/// A scenario that fails on this system, and how: what is known to be wrong.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedFailure {
    /// The scenario, by its name.
    pub scenario: String,
    /// The variants on which it fails; `plain` (the default) is the system without one.
    pub variants: Option<Vec<Spanned<String>>>,
    /// The kinds of finding that it must show, all of them.
    pub findings: Vec<FindingKind>,
    /// Kinds that it may show, too. Any other is a failure.
    #[serde(default)]
    pub also: Vec<FindingKind>,
    /// A text that one of the findings must have, in its message or its excerpt.
    pub saying: Option<String>,
    /// Why it fails, in one sentence.
    pub reason: String,
}
