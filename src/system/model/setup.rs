use crate::file::Spanned;
use serde::Deserialize;

/// What makes the environment that the processes need: an interpreter with its packages, a program that is built.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setup {
    /// One sentence: what it makes, where, and how long it takes.
    pub summary: String,
    /// The program and its arguments, run in the folder of the system file. `${system}` is that folder, `${quietdown}` the quietdown program.
    pub command: Vec<Spanned<String>>,
    /// A quick command that ends with status 0 when the environment is there, with the same `${…}`.
    pub check: Vec<Spanned<String>>,
}
