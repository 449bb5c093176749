//! What a verdict can find: the names that reports, controls and transcripts share.

use serde::{Deserialize, Serialize};

/// The kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingKind {
    /// A traceback, in a record or outside any.
    Traceback,
    /// A record above INFO before the first fault.
    LevelAboveInfo,
    /// A record above DEBUG that no failure requires and no lifecycle line allows.
    LevelAboveDebug,
    /// A failed call, or an outage, that was not reported.
    NotReported,
    /// A failed call, or an outage, that was reported more than once.
    ReportedTwice,
    /// A call ended as `shutdown`, but no planned fault can have ended it: a crash was taken for a planned stop.
    OverSuppressed,
    /// A call ended with another result than the scenario says.
    CallResult,
    /// A call's answer does not contain what `returns` requires.
    CallReturns,
    /// A call did not end within its bound.
    CallNeverEnded,
    /// A fault that hit nothing: no byte withheld, no live connection broken, no signal to a live process.
    FaultNotFired,
    /// A step's event did not come, or its action had no effect, within its bound.
    StepFailed,
    /// A required line does not occur as often as it must.
    LineCount,
    /// A line occurs that must not.
    LinePresent,
    /// A process ended with another status than expected.
    ExitStatus,
    /// A process did not end within its bound and had to be killed.
    ExitLate,
    /// A process left descendants behind.
    DescendantLeft,
    /// Something that was acknowledged is missing.
    Lost,
    /// Something that was done once is there more than once.
    Duplicated,
    /// Something is there that no call added.
    Phantom,
    /// An item was handed out twice without having been returned.
    DeliveredTwice,
    /// Something that came earlier is found later.
    OutOfOrder,
    /// An item was taken from the queue, but no client received it.
    Stuck,
    /// An item is recorded as finished, but no client finished it.
    FinishedByNobody,
    /// One call was carried out by the server more than once.
    AppliedTwice,
    /// The final read itself failed.
    FinalRead,
    /// A process logged more than is kept, so part of its log is not judged.
    LogTruncated,
    /// The transcript differs from its snapshot.
    SnapshotDiffers,
    /// There is no snapshot.
    SnapshotMissing,
}

impl FindingKind {
    /// Whether it is about the system's data.
    pub fn is_of_data(self) -> bool {
        matches!(
            self,
            Self::Lost
                | Self::Duplicated
                | Self::Phantom
                | Self::DeliveredTwice
                | Self::OutOfOrder
                | Self::Stuck
                | Self::FinishedByNobody
                | Self::AppliedTwice
        )
    }

    /// The name as it is written in scenario files.
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => unreachable!("a unit variant is a string"),
        }
    }
}

impl std::fmt::Display for FindingKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.name())
    }
}

/// Something that is wrong with a run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// The process that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// The call that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Whether it came while the harness ended the run, and may follow from that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_end: bool,
    /// The evidence for it, as lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpt: Vec<String>,
}

impl Finding {
    /// A finding about the run as a whole.
    pub fn new(kind: FindingKind, message: impl Into<String>) -> Self {
        Self { kind, process: None, call: None, message: message.into(), after_end: false, excerpt: Vec::new() }
    }

    /// Says that it came while the harness ended the run.
    #[must_use]
    pub fn after_end(mut self, after_end: bool) -> Self {
        self.after_end = after_end;
        self
    }

    /// Names the process.
    #[must_use]
    pub fn process(mut self, process: impl Into<String>) -> Self {
        self.process = Some(process.into());
        self
    }

    /// Names the call.
    #[must_use]
    pub fn call(mut self, call: impl Into<String>) -> Self {
        self.call = Some(call.into());
        self
    }

    /// Adds lines of evidence.
    #[must_use]
    pub fn excerpt(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.excerpt.extend(lines);
        self
    }
}
