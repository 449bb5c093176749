use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::Deserialize;

use super::{LevelRule, TextRule};
use crate::file::Count;

/// Expectations beyond the default policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// The policy by its name: `quiet` (the default), `loud`, or one of `[policies.…]` in the system file.
    pub policy: Option<Spanned<String>>,
    /// Lines that must be there.
    #[serde(default)]
    pub line: Vec<Spanned<ExpectLine>>,
    /// Lines that must not be there.
    #[serde(default)]
    pub absent: Vec<Spanned<AbsentLine>>,
    /// What the transcript of this scenario does not pin.
    #[serde(default)]
    pub transcript: TranscriptRules,
}

/// What the transcript does not pin, beside what the system file says.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TranscriptRules {
    /// Named lines that come in any order: those that follow each other are sorted.
    #[serde(default)]
    pub unordered: Vec<Spanned<String>>,
    /// Named lines that may be there or not: they are judged, but not shown.
    #[serde(default)]
    pub optional: Vec<Spanned<String>>,
    /// Named lines of which equal ones are shown once, however often and wherever they come again.
    #[serde(default)]
    pub fold: Vec<Spanned<String>>,
    /// Identifiers to replace, beside those of the system: their names, and regular expressions of their shape.
    #[serde(default)]
    pub ids: BTreeMap<String, String>,
}

/// A line that must be there.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectLine {
    /// What others call it in `after`; its `line` when absent.
    pub name: Option<String>,
    /// The process that logs it; with several instances, each of them. Or `role`.
    pub process: Option<Spanned<String>>,
    /// The role whose processes log it, each of them; the parts of a composite process count.
    pub role: Option<Spanned<String>>,
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
    /// How often: `1`, `"1.."`, `"0..=3"`; default `"1.."`.
    #[serde(default)]
    pub count: Count,
    /// Only what comes after the first line of another expectation, which stands before this one in the file.
    pub after: Option<Spanned<String>>,
    /// Only what comes before, or after, the first fault.
    pub phase: Option<FaultPhase>,
}

/// A line that must not be there.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AbsentLine {
    /// The process that must not log it. Or `role`; every process when both are absent.
    pub process: Option<Spanned<String>>,
    /// The role whose processes must not log it.
    pub role: Option<Spanned<String>>,
    /// A name of `[lines.…]` in the system file.
    pub line: Option<Spanned<String>>,
    /// Literal level, `"WARN"` or `">= WARN"`; needs `system`.
    pub level: Option<LevelRule>,
    /// Literal target (logger name), with `*` for any run of characters.
    pub target: Option<String>,
    /// What the message contains, or `{ glob = "…" }`, `{ regex = '…' }`.
    pub message: Option<TextRule>,
    /// Fields that the record carries.
    #[serde(default)]
    pub fields: BTreeMap<String, TextRule>,
    /// Only what comes after the first line of an expectation.
    pub after: Option<Spanned<String>>,
    /// Only what comes before, or after, the first fault.
    pub phase: Option<FaultPhase>,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FaultPhase {
    /// Before the first fault.
    BeforeFault,
    /// From the first fault on.
    AfterFault,
}

impl ExpectLine {
    /// What others call it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref().or(self.line.as_ref().map(|line| line.as_ref().as_str()))
    }
}

impl From<&AbsentLine> for ExpectLine {
    fn from(absent: &AbsentLine) -> Self {
        let AbsentLine { process, role, line, level, target, message, fields, after, phase } = absent.clone();
        let count = Count { min: 0, max: Some(0) };
        Self { name: None, process, role, line, level, target, message, fields, count, after, phase }
    }
}

/// Proof that the scenario tests something: what it must fail on.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Control {
    /// A planted defect that the system declares.
    pub defect: Option<Spanned<String>>,
    /// `true`: leave out every fault of the timeline, instead of planting a defect.
    #[serde(default)]
    pub without_faults: bool,
    /// The finding that must then be made.
    pub finding: Spanned<crate::finding::FindingKind>,
}
