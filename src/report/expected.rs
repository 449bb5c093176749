//! What was expected where something else was found: one sentence for each kind of finding.

use crate::finding::FindingKind;

impl FindingKind {
    /// What should have been.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Traceback => "no stack trace",
            Self::LevelAboveInfo => "nothing above what the policy allows before the first fault",
            Self::LevelAboveDebug => {
                "nothing above what the policy allows after a fault, but for what failed unplanned"
            }
            Self::NotReported => "each failed call, and each outage, is reported",
            Self::ReportedTwice => "each failed call, and each outage, is reported once",
            Self::OverSuppressed => "only what was planned is quiet",
            Self::CallResult => "each call ends as the scenario says",
            Self::CallReturns => "each call returns what the scenario says",
            Self::CallNeverEnded => "each call ends",
            Self::FaultNotFired => "each fault meets something",
            Self::StepFailed => "each step's event comes and its action takes effect, within its bound",
            Self::LineCount => "the line is there as often as it must",
            Self::LinePresent => "the line is not there",
            Self::ExitStatus => "each process ends with the status that it must",
            Self::ExitLate => "each process ends within its bound",
            Self::DescendantLeft => "no process leaves others behind",
            Self::Lost => "what was acknowledged is there at the end",
            Self::Duplicated => "what was done once is there once",
            Self::Phantom => "only what somebody has done is there",
            Self::DeliveredTwice => "an item is handed out once, unless it was given back",
            Self::OutOfOrder => "what came first is first",
            Self::Stuck => "who has an item knows it",
            Self::FinishedByNobody => "only what somebody has finished is finished",
            Self::AppliedTwice => "each call is carried out once",
            Self::FinalRead => "the data can be read at the end",
            Self::LogTruncated => "a log that is kept whole can be judged whole",
            Self::SnapshotDiffers => "the transcript is that of the snapshot",
            Self::SnapshotMissing => "there is a snapshot",
        }
    }
}
