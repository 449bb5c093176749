//! What the page shows, as values: the view model, which the page has as JSON. `docs/reports.md` describes it.
//!
//! Texts that may repeat are [`TextId`]s, places in the table of texts; they are printable when they come here. Times are
//! microseconds since the run began.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::results::TestStatus;
use super::texts::TextId;

/// The version of the view model.
pub const HTML_VERSION: u32 = 1;

/// Everything but the timelines, which stand beside it one by one.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct HtmlView {
    /// The version of this format: 1.
    pub version: u32,
    /// The program that wrote it, with its version.
    pub tool: String,
    /// What was done, such as `run` or `sweep every-operation`.
    pub title: TextId,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Each scenario, log, or point of a sweep.
    pub tests: Vec<TestView>,
    /// How the points of a sweep lie in its matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<MatrixView>,
    /// The table of texts.
    pub texts: Vec<String>,
}

/// One scenario, log, or point of a sweep.
#[derive(Debug, Serialize)]
pub struct TestView {
    /// Its name.
    pub name: TextId,
    /// Its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<TextId>,
    /// How it ended.
    pub status: HtmlStatus,
    /// Why, where its findings do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<TextId>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingView>,
    /// The number of its timeline, whose JSON is in the element `timeline-NUMBER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<usize>,
    /// The command that shows it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<TextId>,
}

/// How a test or a point ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HtmlStatus {
    /// As it must.
    Passed,
    /// Not as it must.
    Failed,
    /// It failed as its system file declares.
    ExpectedFailure,
    /// The harness failed.
    Broken,
    /// It was not run.
    NotApplicable,
    /// It shows nothing.
    NotTested,
    /// A point whose fault met nothing.
    NotFired,
    /// A point that was not run.
    NotRun,
}

impl From<TestStatus> for HtmlStatus {
    fn from(status: TestStatus) -> Self {
        match status {
            TestStatus::Passed => Self::Passed,
            TestStatus::Failed => Self::Failed,
            TestStatus::ExpectedFailure => Self::ExpectedFailure,
            TestStatus::Broken => Self::Broken,
            TestStatus::NotApplicable => Self::NotApplicable,
            TestStatus::NotTested => Self::NotTested,
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub struct FindingView {
    /// Its kind, such as `traceback`.
    pub kind: TextId,
    /// The process that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<TextId>,
    /// What is wrong, in one sentence.
    pub message: TextId,
    /// Whether it came while the harness ended the run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub after_end: bool,
    /// The evidence for it, as lines; of a transcript that differs, a unified diff.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excerpt: Vec<TextId>,
    /// Where in the timeline it is; nothing where it has no place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceView>,
}

/// Something in a timeline, by its index there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceView {
    /// A record: the process, and the record among those that are kept.
    Record(usize, usize),
    /// A call.
    Call(usize),
    /// A step.
    Step(usize),
    /// The end of a boot: the process, and the boot.
    Exit(usize, usize),
}

/// The timeline of one run.
#[derive(Debug, Default, Serialize)]
pub struct TimelineView {
    /// How long it was.
    pub took: u64,
    /// Every process, in the order of the transcript.
    pub processes: Vec<ProcessView>,
    /// Every link.
    pub links: Vec<LinkView>,
    /// Every call.
    pub calls: Vec<CallView>,
    /// Every step that was taken, with what it broke.
    pub steps: Vec<StepView>,
    /// When the harness began to end what was still running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teardown: Option<u64>,
    /// Why the timeline could not be finished: the number of the step, and what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<(usize, TextId)>,
    /// The scenario file; only where something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<TextId>,
    /// The transcript; only where something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcript: Option<TextId>,
    /// What should be known about this run and is no finding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<TextId>,
}

/// One process.
#[derive(Debug, Serialize)]
pub struct ProcessView {
    /// Its name.
    pub name: TextId,
    /// Its role.
    pub role: TextId,
    /// Every boot of it.
    pub boots: Vec<BootView>,
    /// What it logged.
    pub records: RecordsView,
}

/// One boot of a process.
#[derive(Debug, Serialize)]
pub struct BootView {
    /// Its process id.
    pub pid: u32,
    /// When it was started.
    pub started: u64,
    /// When it was ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<u64>,
    /// When it ended, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<(u64, TextId)>,
    /// What else is to be said of its end: who asked for it, that it was late, what was open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<TextId>,
}

/// The records of a process, as columns: the first of each belongs to the first record.
#[derive(Debug, Default, Serialize)]
pub struct RecordsView {
    /// When its first line was complete.
    pub at: Vec<u64>,
    /// 0 text outside any record, 1 TRACE, 2 DEBUG, 3 INFO, 4 WARN, 5 ERROR, 6 a record of a format without levels.
    pub level: Vec<u8>,
    /// The target.
    pub target: Vec<TextId>,
    /// The message and the fields.
    pub text: Vec<TextId>,
    /// Further lines, by record.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub more: BTreeMap<usize, TextId>,
    /// The records with a stack trace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<usize>,
    /// How many there were beside these.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

/// The link of a process, with every request that passed it.
#[derive(Debug, Serialize)]
pub struct LinkView {
    /// The process that calls through it.
    pub process: TextId,
    /// Its requests, in the order of their heads.
    pub requests: Vec<RequestView>,
    /// What toxics have hit: when, and what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<(u64, TextId)>,
    /// How many requests there were beside these.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

/// A request as the proxy saw it pass.
#[derive(Debug, Serialize)]
pub struct RequestView {
    /// Its number on the link.
    pub number: u64,
    /// The connection.
    pub connection: u64,
    /// When its head had come.
    pub at: u64,
    /// When its answer had passed, or its connection was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// `METHOD PATH`.
    pub what: TextId,
    /// How many of the six phases were completed, from the request's head to the end of the response.
    pub phases: u8,
    /// Bytes that passed: of the request's head and body, of the response's head and body.
    pub bytes: [u64; 4],
    /// The response's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether the response passed whole; true where it is not said.
    #[serde(skip_serializing_if = "is_true")]
    pub finished: bool,
    /// The call that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<usize>,
}

/// A call of the history.
#[derive(Debug, Serialize)]
pub struct CallView {
    /// Its name in the scenario.
    pub name: TextId,
    /// The process that was asked.
    pub process: TextId,
    /// The operation.
    pub op: TextId,
    /// When it was asked for.
    pub begun: u64,
    /// When its result came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<TextId>,
    /// Whether that is a result that the scenario allows; true where it is not said.
    #[serde(skip_serializing_if = "is_true")]
    pub as_expected: bool,
    /// What it did to the server's data.
    pub effect: TextId,
    /// What the client said of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<TextId>,
}

/// A step that was taken.
#[derive(Debug, Serialize)]
pub struct StepView {
    /// Its number, from 1.
    pub number: usize,
    /// What it says.
    pub what: TextId,
    /// Its line in the scenario file, from 1; nothing for what is in no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// When its event had come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<u64>,
    /// When its action had taken effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// The fault that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultView>,
}

/// A fault that was injected.
#[derive(Debug, Serialize)]
pub struct FaultView {
    /// When its action was begun.
    pub at: u64,
    /// The action, such as `cut`.
    pub action: TextId,
    /// The process, or the process of the link, that it was aimed at.
    pub target: TextId,
    /// Whether what follows from it is planned.
    pub planned: bool,
    /// What it broke; nothing means that it met nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fired: Option<TextId>,
    /// The request that was in flight on the gated connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<TextId>,
}

/// The matrix of a sweep.
#[derive(Debug, Default, Serialize)]
pub struct MatrixView {
    /// Its rows: the requests.
    pub requests: Vec<TextId>,
    /// Its columns: the phases.
    pub phases: Vec<&'static str>,
    /// The cell of each test, as row and column.
    pub cells: Vec<(usize, usize)>,
}

// serde hands the field by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_true(yes: &bool) -> bool {
    *yes
}

// The same.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &usize) -> bool {
    *n == 0
}
