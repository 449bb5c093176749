use std::collections::BTreeMap;

use serde::Deserialize;

use crate::file::Spanned;
use crate::log::{Format, Level};

/// How the processes log.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Log {
    /// The format of their records.
    pub format: Format,
    /// What words mean that are levels beside those which every format knows, such as `{ LOG = "info" }`.
    #[serde(default)]
    pub levels: BTreeMap<String, Level>,
    /// A regular expression of what stands before each line, at its very beginning, and is taken off. Its group `source`, if it has
    /// one, tells the sources apart that write into one stream.
    pub prefix: Option<Spanned<String>>,
    /// A regular expression of the lines that belong to the record before them, beside indented ones and those of stack traces.
    pub continuation: Option<Spanned<String>>,
    /// What the frames of the application have in them, where the rules of the language cannot know it: packages or folders, such
    /// as `org.apache.kafka` or `site-packages/ours/`.
    #[serde(default)]
    pub application: Vec<Spanned<String>>,
    /// Whether a process may write text outside any record before it is ready.
    pub banner: Option<bool>,
    /// Regular expressions of what is a secret, beside what is known as one: `Authorization`, cookies, passwords, values of
    /// environment variables that look like keys. Group 1, if there is one, is the secret. It is masked before anything is written or
    /// judged.
    #[serde(default)]
    pub secrets: Vec<Spanned<String>>,
    /// The field that names the call which a record is about.
    #[serde(default = "default_call_field")]
    pub call_field: String,
    /// The targets whose DEBUG records are in the transcript; other DEBUG records are judged, but not shown.
    #[serde(default)]
    pub transcript_targets: Vec<String>,
    /// Named lines that are judged, but not in the transcript: polls, heartbeats, retries, probes. Above DEBUG only lifecycle lines.
    #[serde(default)]
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

/// How the processes of one role log, where that is not as `[log]` says.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RoleLog {
    /// The format of their records.
    pub format: Option<Format>,
    /// What words mean that are levels, beside those of `[log]`.
    #[serde(default)]
    pub levels: BTreeMap<String, Level>,
    /// A regular expression of what stands before each line and is taken off.
    pub prefix: Option<Spanned<String>>,
    /// A regular expression of the lines that belong to the record before them.
    pub continuation: Option<Spanned<String>>,
    /// What the frames of the application have in them, beside what `[log]` says.
    #[serde(default)]
    pub application: Vec<Spanned<String>>,
    /// Whether they may write text outside any record before they are ready.
    pub banner: Option<bool>,
}
