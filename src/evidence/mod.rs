//! Everything that was observed in a run. The verdict, the transcript and every report are functions of it alone.

mod history;
mod results;
mod saved;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::log::{Record, Stream};
use crate::proxy;

pub use history::{Call, CallEffect, CallResult};
pub use results::CallResults;
pub use saved::SavedError;

/// The version of [`Evidence`] as JSON. In version 1 nothing said its version, nor where the files were.
pub const EVIDENCE_VERSION: u32 = 2;

fn first_version() -> u32 {
    1
}

/// What one run of a scenario showed. Times are microseconds since the run began.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Evidence {
    /// The version of this format.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The scenario's name: its file name without the ending.
    pub scenario: String,
    /// Where the scenario file was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario_path: Option<String>,
    /// Where the system file was; in angle brackets what is part of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_path: Option<String>,
    /// The scenario file, as it was read, but for secrets.
    pub scenario_source: String,
    /// The system file, as it was read, but for secrets.
    pub system_source: String,
    /// The variant of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The defect that was planted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// Whether the faults of the timeline were left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_faults: bool,
    /// The run's folder.
    pub folder: String,
    /// When the run began, as seconds since 1970.
    pub began: f64,
    /// How long it took.
    pub took: u64,
    /// Every process, in the order of the transcript.
    pub processes: Vec<ProcessEvidence>,
    /// The ports of the run: that of the server by the server's name, those of the links by the names of who calls through them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: BTreeMap<String, u16>,
    /// Every call, in the order in which the scenario asked for them.
    pub history: Vec<Call>,
    /// Every request that passed a link, by link and in the order of their heads.
    pub requests: Vec<SeenRequest>,
    /// What toxics have hit, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<ToxicHit>,
    /// Every fault, in order.
    pub faults: Vec<Fault>,
    /// Every step that was taken.
    pub steps: Vec<StepEvidence>,
    /// Why the timeline could not be finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<StepFailure>,
    /// When the harness began to end what was still running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teardown: Option<u64>,
    /// The data that were there at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_read: Option<FinalRead>,
    /// What should be known about this run and is no finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One process, over all its boots.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct ProcessEvidence {
    /// Its name, with its number when there are several.
    pub name: String,
    /// Its role.
    pub role: String,
    /// Every boot of it.
    pub boots: Vec<Boot>,
    /// Everything it logged.
    pub records: Vec<Record>,
    /// How many bytes of its output were read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub output: u64,
    /// Streams that could not be read to their end: somebody holds them open who is no process of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Stream>,
    /// Bytes of its output that were not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// Whether its format has no levels, so that it is judged for stack traces only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub traces_only: bool,
    /// Descendants that it left behind, as command lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<String>,
}

/// One boot of a process.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Boot {
    /// Its process id.
    pub pid: u32,
    /// When it was started.
    pub started: u64,
    /// When it was ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<u64>,
    /// How many records of its standard output and of its standard error came before it was ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_ready: Option<[usize; 2]>,
    /// How many records the process had when this boot began.
    pub first_record: usize,
    /// How many records the process had when the harness began to end it after the timeline; the rest is not in the transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teardown_record: Option<usize>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<ProcessExit>,
    /// The name of the exit that the scenario demands of this boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// How the harness asked it to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// It did not end within its bound and was killed for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// When the harness insisted on its end, after it had asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<u64>,
    /// It did not end within its bound after the scenario had told it to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_stop: Option<LateStop>,
}

/// A process that has not ended within its bound after a stop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct LateStop {
    /// The step that told it to stop.
    pub step: usize,
    /// When.
    pub told: u64,
    /// The bound, in microseconds.
    pub within: u64,
    /// What was open to it at the bound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

/// How a process was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Asked {
    /// Gracefully, by the scenario.
    Stop,
    /// With SIGKILL, by the scenario.
    Kill,
    /// With a signal that the scenario names.
    Signal,
    /// Gracefully, after the timeline.
    Teardown,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct ProcessExit {
    /// When.
    pub at: u64,
    /// Its exit code, if it ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The signal that ended it, such as `SIGKILL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
}

impl std::fmt::Display for ProcessExit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.code, &self.signal) {
            (Some(code), _) => write!(f, "status {code}"),
            (None, Some(signal)) => f.write_str(signal),
            (None, None) => f.write_str("unknown status"),
        }
    }
}

/// A request as the proxy saw it pass.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct SeenRequest {
    /// The process whose link it passed.
    pub process: String,
    /// When its head had come.
    pub at: u64,
    /// When its answer had passed, or its connection was gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// What the proxy saw.
    #[serde(flatten)]
    pub seen: proxy::RequestSeen,
}

/// A toxic that has hit a request, its answer, or a connection.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct ToxicHit {
    /// The process on whose link it did.
    pub process: String,
    /// When.
    pub at: u64,
    /// What it hit, and where.
    #[serde(flatten)]
    pub hit: proxy::Hit,
}

/// A fault that the timeline injected.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Fault {
    /// When the action was begun, before it could have any effect.
    pub at: u64,
    /// The step, counted from 1.
    pub step: usize,
    /// The action, such as `cut`.
    pub action: String,
    /// The process, or the process of the link, that it was aimed at.
    pub target: String,
    /// Whether what follows from it is planned.
    pub planned: bool,
    /// What it broke; nothing means that it met nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<String>,
    /// The request that was in flight on the gated connection, as `METHOD PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The calls that it touched, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
}

/// A step that was taken.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct StepEvidence {
    /// Its number, from 1.
    pub number: usize,
    /// What it says, in one line.
    pub what: String,
    /// When its event had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<u64>,
    /// When its action had taken effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
}

/// Why a step could not be finished.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct StepFailure {
    /// Its number, from 1.
    pub step: usize,
    /// What went wrong.
    pub message: String,
    /// What was seen instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
}

/// The data that the server held at the end, read past the faults.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct FinalRead {
    /// From the server of the run, or from one that was booted again on its data.
    pub rebooted: bool,
    /// The answers, in the order of the invariants.
    pub answers: Vec<ReadAnswer>,
}

/// The answer to one read at the end.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct ReadAnswer {
    /// The invariant that it is for, counted from 0.
    pub invariant: usize,
    /// What was read.
    pub path: String,
    /// The key that it was read for, where there is one read for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// What was answered, or why there is nothing.
    pub answer: Result<Value, String>,
}

impl Evidence {
    /// What the harness was doing to the run when a record of a process came, if it was ending it: the record may follow from that.
    pub fn ending(&self, process: &ProcessEvidence, record: &Record) -> Option<&'static str> {
        let insisted = process.boots.iter().filter_map(|boot| boot.escalated).any(|at| record.at >= at);
        let ending = self.teardown.is_some_and(|at| record.at >= at);
        match (insisted, ending) {
            (true, _) => Some("after the harness insisted on its end"),
            (false, true) => Some("while the harness ended the run"),
            (false, false) => None,
        }
    }

    /// When the first fault was injected.
    pub fn first_fault(&self) -> Option<u64> {
        self.faults.iter().map(|fault| fault.at).min()
    }
}

/// The longest text that is kept as it is.
const TEXT_BOUND: usize = 4096;

/// A value with its long texts replaced by their length and a digest: evidence stays small, and equal values stay equal.
pub fn abridge(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > TEXT_BOUND => {
            // FNV-1a: it tells different texts apart, and nobody attacks it here.
            let digest = text
                .bytes()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            Value::String(format!("<text of {} bytes, {digest:016x}>", text.len()))
        }
        Value::Array(items) => items.into_iter().map(abridge).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, abridge(value))).collect(),
        other => other,
    }
}

// serde hands the field by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}
