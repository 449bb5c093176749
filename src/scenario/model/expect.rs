use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::file::Count;
use crate::log::Level;

/// Expectations beyond the default policy.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// Lines that must be there.
    #[serde(default)]
    #[schemars(with = "Vec<ExpectLine>")]
    pub line: Vec<Spanned<ExpectLine>>,
}

/// A line that must be there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectLine {
    /// The process that logs it; with several instances, each of them.
    #[schemars(with = "String")]
    pub process: Spanned<String>,
    /// A name of `[lines.…]` in the system file.
    #[schemars(with = "Option<String>")]
    pub line: Option<Spanned<String>>,
    /// Literal level; needs `system`.
    pub level: Option<Level>,
    /// Literal target (logger name).
    pub target: Option<String>,
    /// Literal text that the message contains.
    pub message: Option<String>,
    /// Fields that the record carries, by name, as text.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// How often: `1`, `"1.."`, `"0..=3"`; default `"1.."`.
    #[serde(default)]
    pub count: Count,
}

/// Proof that the scenario tests something: what it must fail on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Control {
    /// A planted defect that the system declares.
    #[schemars(with = "Option<String>")]
    pub defect: Option<Spanned<String>>,
    /// `true`: leave out every fault of the timeline, instead of planting a defect.
    #[serde(default)]
    pub without_faults: bool,
    /// The finding that must then be made.
    #[schemars(with = "crate::finding::FindingKind")]
    pub finding: Spanned<crate::finding::FindingKind>,
}
