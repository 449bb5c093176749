use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::file::Span;

/// A process that imports what is expensive, and then forks a child for each boot.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Zygote {
    /// The program and its arguments: `["python3", "${zygote}", "--import", "MODULE"]`. `${zygote}` is the zygote for Python that is
    /// part of the harness, `${system}` the folder of the system file, `${quietdown}` the quietdown program.
    #[schemars(with = "Vec<String>")]
    pub command: Vec<Spanned<String>>,
    /// Environment variables, with the same `${…}`. Those that the interpreter reads when it starts belong here.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How long it may take to be ready; default 2 minutes.
    pub within: Option<Span>,
}
