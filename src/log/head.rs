//! The line with which a record begins.

use super::fields::Field;
use super::pattern::Pattern;
use super::{Format, Level, python, tracing};

/// What the first line of a record says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) level: Option<Level>,
    pub(super) target: Option<String>,
    pub(super) thread: Option<String>,
    pub(super) message: String,
    /// Its own fields, then those of its spans, innermost first.
    pub(super) fields: Vec<Field>,
    /// How many of the fields are its own.
    pub(super) own: usize,
}

/// Reads heads in one format.
#[derive(Debug)]
pub(super) enum Heads {
    Tracing,
    Python,
    Pattern(Pattern),
    Raw,
}

impl Heads {
    /// The reader of a format, or what is wrong with its expression.
    pub(super) fn new(format: &Format) -> Result<Self, regex::Error> {
        Ok(match format {
            Format::Tracing => Self::Tracing,
            Format::Python => Self::Python,
            Format::Regex(expression) => Self::Pattern(Pattern::new(expression)?),
            Format::Raw => Self::Raw,
        })
    }

    /// The head that this line is, if it is one.
    pub(super) fn parse(&self, line: &str) -> Option<Head> {
        match self {
            Self::Tracing => tracing::parse(line),
            Self::Python => python::parse(line),
            Self::Pattern(pattern) => pattern.parse(line),
            Self::Raw => None,
        }
    }
}

/// The level of this name, as any language's logging writes it.
pub(super) fn level(name: &str) -> Option<Level> {
    const NAMES: [(&str, Level); 19] = [
        ("INFO", Level::Info),
        ("DEBUG", Level::Debug),
        ("WARN", Level::Warn),
        ("WARNING", Level::Warn),
        ("ERROR", Level::Error),
        ("TRACE", Level::Trace),
        ("CRITICAL", Level::Error),
        ("FATAL", Level::Error),
        ("NOTICE", Level::Info),
        ("SEVERE", Level::Error),
        ("PANIC", Level::Error),
        ("ERR", Level::Error),
        ("T", Level::Trace),
        ("D", Level::Debug),
        ("I", Level::Info),
        ("W", Level::Warn),
        ("E", Level::Error),
        ("C", Level::Error),
        ("F", Level::Error),
    ];
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| *level)
}
