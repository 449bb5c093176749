use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::Deserialize;

use crate::file::Span;

/// A process that imports what is expensive, and then forks a child for each boot.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Zygote {
    /// The program and its arguments: `["python3", "${zygote}", "--import", "MODULE"]`. `${zygote}` is the zygote for Python that is
    /// part of the harness, `${system}` the folder of the system file, `${quietdown}` the quietdown program.
    pub command: Vec<Spanned<String>>,
    /// Environment variables, with the same `${…}`. Those that the interpreter reads when it starts belong here.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How long it may take to be ready; default 2 minutes.
    pub within: Option<Span>,
}
