use serde::{Deserialize, Serialize};

/// A level of a log record, most talkative first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Finer than DEBUG.
    #[serde(alias = "trace")]
    Trace,
    /// For whoever looks for it.
    #[serde(alias = "debug")]
    Debug,
    /// For the operator, in the normal course of events.
    #[serde(alias = "info")]
    Info,
    /// Something is wrong, the program goes on.
    #[serde(alias = "warn")]
    Warn,
    /// Something failed.
    #[serde(alias = "error")]
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

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Level {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Level".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "enum": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "trace", "debug", "info", "warn", "error"],
            "description": "A level of a log record, most talkative first, in capital or small letters."
        })
    }
}

/// The level of a severity, or priority, of syslog.
pub(super) fn severity(priority: u32) -> Level {
    match priority & 7 {
        0..=3 => Level::Error,
        4 => Level::Warn,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
