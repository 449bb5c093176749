use crate::file::Spanned;
use serde::Deserialize;

use crate::log::Level;

/// What processes may and must say, when a scenario names this policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Policy {
    /// One sentence: what it is for.
    pub summary: String,
    /// The highest level that is allowed before the first fault; default `INFO`.
    pub before: Level,
    /// The highest level that is allowed from the first fault on; default `DEBUG`.
    pub after: Level,
    /// Whether tracebacks are allowed; default `false`.
    pub tracebacks: bool,
    /// The roles whose processes may write tracebacks although others may not.
    pub tracebacks_of: Vec<Spanned<String>>,
    /// Whether a failed call must be reported exactly once; default `true`.
    pub reports: bool,
    /// Whether a process may write text outside any record before it is ready; default `false`.
    pub banner: bool,
    /// Whether a client must say something at WARN or ERROR after the first fault; default `false`.
    pub loud: bool,
    /// Named lines that are allowed in every process, at any level and any time.
    pub allow: Vec<Spanned<String>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            summary: "Quiet about what was planned, each failure reported once".to_owned(),
            before: Level::Info,
            after: Level::Debug,
            tracebacks: false,
            tracebacks_of: Vec::new(),
            reports: true,
            banner: false,
            loud: false,
            allow: Vec::new(),
        }
    }
}

impl Policy {
    /// Whether a process of this role may write a traceback.
    pub fn allows_tracebacks_of(&self, role: &str) -> bool {
        self.tracebacks || self.tracebacks_of.iter().any(|allowed| allowed.as_ref() == role)
    }

    /// The policies that every system has.
    pub const BUILT_IN: [&str; 3] = ["quiet", "calm", "loud"];

    /// A policy that every system has.
    pub fn built_in(name: &str) -> Option<Self> {
        match name {
            "quiet" => Some(Self::default()),
            "calm" => Some(Self {
                summary: "INFO may be, WARN may not, and each failure is reported once".to_owned(),
                after: Level::Info,
                banner: true,
                ..Self::default()
            }),
            "loud" => {
                Some(Self { summary: "As quiet, and somebody reports".to_owned(), loud: true, ..Self::default() })
            }
            _ => None,
        }
    }
}
