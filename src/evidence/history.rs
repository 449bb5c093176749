use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CallResults;

/// How a call ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CallResult {
    /// It was done.
    #[default]
    Ok,
    /// The server answered with an error.
    Rejected,
    /// The server could not be reached, for longer than the client's patience.
    Unreachable,
    /// What came back was not the protocol, or the connection broke too often.
    Transport,
    /// The server is shutting down, as planned.
    Shutdown,
    /// The caller cancelled.
    Cancelled,
    /// Its client died.
    Lost,
}

impl CallResult {
    /// The word as it is written in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Rejected => "rejected",
            Self::Unreachable => "unreachable",
            Self::Transport => "transport",
            Self::Shutdown => "shutdown",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }

    /// Whether the caller is owed a report: the call failed, and not because that was planned.
    pub fn must_be_reported(self) -> bool {
        matches!(self, Self::Rejected | Self::Unreachable | Self::Transport)
    }
}

/// What a call did to the server's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CallEffect {
    /// It was done, exactly once.
    Applied,
    /// It was not done.
    NotApplied,
    /// It may or may not have been done, but at most once.
    Unknown,
}

/// One call of the history.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Call {
    /// Its name in the scenario.
    pub name: String,
    /// The process that was asked.
    pub process: String,
    /// Its number among the calls of that process, from 1: what the client's log calls it by.
    pub number: u64,
    /// The operation.
    pub op: String,
    /// Its arguments, as they were sent.
    pub args: Value,
    /// When it was asked for, µs since the run began.
    pub begun: u64,
    /// When its result came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// How it ended; nothing when it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<CallResult>,
    /// What it did.
    pub effect: CallEffect,
    /// What it returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What the client said of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The results that the scenario allows; none when it has not come to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<CallResults>,
    /// The results of further answers: a client that keeps to the protocol gives one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<CallResult>,
    /// What the scenario demands of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Value>,
}
