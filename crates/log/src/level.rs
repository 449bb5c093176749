use serde::{Deserialize, Serialize};

/// A level of a log record, most talkative first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Finer than DEBUG.
    Trace,
    /// For whoever looks for it.
    Debug,
    /// For the operator, in the normal course of events.
    Info,
    /// Something is wrong, the program goes on.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// The name as it is written in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
