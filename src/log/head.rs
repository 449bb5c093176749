//! The line that begins a record.

use regex::Regex;

use super::{Format, Level, python, tracing};

/// What the first line of a record says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub level: Option<Level>,
    pub target: Option<String>,
    pub thread: Option<String>,
    pub message: String,
    pub fields: Vec<(String, String)>,
}

/// A format, ready to be used.
#[derive(Debug)]
pub(super) enum Heads {
    Tracing,
    Python,
    Regex(Box<Regex>),
    Raw,
}

impl Heads {
    pub fn new(format: &Format) -> Result<Self, String> {
        Ok(match format {
            Format::Tracing => Self::Tracing,
            Format::Python => Self::Python,
            Format::Regex(expression) => Self::Regex(Box::new(Regex::new(expression).map_err(|why| why.to_string())?)),
            Format::Raw => Self::Raw,
        })
    }

    /// The head that this line is, if it is one.
    pub fn read(&self, line: &str) -> Option<Head> {
        match self {
            Self::Tracing => tracing::head(line),
            Self::Python => python::head(line),
            Self::Regex(expression) => {
                let found = expression.captures(line)?;
                let group = |name: &str| found.name(name).map(|group| group.as_str().to_owned());
                Some(Head {
                    level: group("level").and_then(|word| level(&word)),
                    target: group("target"),
                    thread: group("thread"),
                    message: group("message").unwrap_or_else(|| line.to_owned()),
                    fields: Vec::new(),
                })
            }
            Self::Raw => Some(Head { message: line.to_owned(), ..Head::default() }),
        }
    }
}

/// A level by any of its usual names.
pub(super) fn level(word: &str) -> Option<Level> {
    Some(match word {
        "TRACE" => Level::Trace,
        "DEBUG" => Level::Debug,
        "INFO" | "NOTICE" => Level::Info,
        "WARN" | "WARNING" => Level::Warn,
        "ERROR" | "CRITICAL" | "FATAL" => Level::Error,
        _ => return None,
    })
}
