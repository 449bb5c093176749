//! What logs hold, as a value: what `quietdown log --json` writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::{Language, Level};
#[cfg(feature = "cli")]
pub(crate) use convert::{merge, results_of_logs};

#[cfg(feature = "cli")]
mod convert;

/// The version of [`LogResults`] as JSON.
pub const LOG_RESULTS_VERSION: u32 = 1;

/// What several logs hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogResults {
    /// The version of this format: 1.
    pub version: u32,
    /// The program that wrote it, with its version.
    pub tool: String,
    /// The verdict on all of them.
    pub verdict: LogVerdict,
    /// What all of them hold together.
    pub totals: LogCounts,
    /// The kinds of stack traces in all of them, each once, the most frequent first.
    #[serde(default)]
    pub kinds: Vec<MergedKind>,
    /// Each log.
    pub files: Vec<LogResult>,
}

/// How a log was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LogVerdict {
    /// It was understood, and nothing was found.
    Passed,
    /// Something was found.
    Failed,
    /// Nothing was found, but too much of it was not understood.
    NotUnderstood,
    /// It cannot be read, or the format that was said fits none of it.
    Wrong,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogCounts {
    /// How many bytes, decompressed.
    pub bytes: u64,
    /// How many lines.
    pub lines: u64,
    /// How many records, and texts outside any.
    pub records: u64,
    /// How many of them fit no format and hold no stack trace.
    pub not_understood: u64,
    /// How many records of each level.
    pub levels: BTreeMap<Level, u64>,
    /// How many records in formats that have no levels.
    pub without_level: u64,
    /// How many records in each format.
    pub formats: BTreeMap<String, u64>,
    /// How many stack traces.
    pub tracebacks: u64,
    /// How many records, and texts outside any, were logged outside of the period that was asked for; they are in no other count
    /// of records.
    #[serde(default)]
    pub outside_period: u64,
    /// Where a period was asked for: how many of the counted ones could not be dated, because no record before them has a time.
    #[serde(default)]
    pub undated: u64,
}

/// What one log holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogResult {
    /// Its path; `standard input`.
    pub file: String,
    /// How it was judged.
    pub verdict: LogVerdict,
    /// Why, where that is not plain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What was counted.
    pub counts: LogCounts,
    /// What most of that looks like which was not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<String>,
    /// Some of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<LogExample>,
    /// The kinds of stack traces, the most frequent first.
    pub tracebacks: Vec<LogKind>,
    /// How many stack traces are of kinds that are not told apart any more.
    pub other_tracebacks: u64,
}

/// A text that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogExample {
    /// The number of its line, from 1.
    pub line: u64,
    /// Its first line, bounded.
    pub text: String,
    /// What it looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<String>,
}

/// The stack traces of one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogKind {
    /// What stays the same when lines move in the source and messages change.
    pub fingerprint: String,
    /// Whether the baseline does not have it; nothing without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
    /// How many there are.
    pub count: u64,
    /// The language.
    pub language: String,
    /// The exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// Where it was raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// The innermost frame of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The root of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What the first one says.
    pub message: String,
    /// The record that the first one belongs to.
    pub record: String,
    /// The number of the line with which the first one begins, from 1.
    pub line: u64,
    /// The first lines of the first one.
    pub first: Vec<String>,
    /// When the earliest was logged, in UTC as RFC 3339 has it, as far as records have times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_time: Option<String>,
    /// When the latest was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_time: Option<String>,
}

impl LogKind {
    /// The frame to look at: the innermost of the application, or else the innermost.
    pub(crate) fn place(&self) -> Option<&str> {
        self.application.as_deref().or(self.frame.as_deref())
    }

    /// The language's name for people.
    pub(crate) fn language_name(&self) -> &str {
        let known = serde_json::from_value::<Language>(self.language.as_str().into());
        match known {
            Ok(language) => language.name(),
            Err(_) => &self.language,
        }
    }
}

/// The stack traces of one cause in several logs. What is said of the first one is of the first log that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MergedKind {
    /// The kind, with the count and the times of all logs.
    #[serde(flatten)]
    pub kind: LogKind,
    /// The logs that have it, in the order in which they were read.
    pub files: Vec<KindInLog>,
}

/// How often one log has stack traces of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct KindInLog {
    /// The path of the log; `standard input`.
    pub file: String,
    /// How many there are.
    pub count: u64,
    /// The number of the line with which the first one begins, from 1.
    pub line: u64,
}
