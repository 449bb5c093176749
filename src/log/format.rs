use schemars::JsonSchema;
use serde::Deserialize;

/// How the records of a system are written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// What `tracing-subscriber` writes in its default ("full") format, with or without thread names.
    Tracing,
    /// What Python's `logging` writes with `%(asctime)s %(levelname)s %(name)s: %(message)s`, or with `basicConfig`'s
    /// `LEVEL:logger:message`.
    Python,
    /// Lines that this regular expression matches begin a record; its groups `level`, `target`, `thread`, `message` are taken.
    Regex(String),
    /// Every line is a record of its own, without level.
    Raw,
}
