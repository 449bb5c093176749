//! What came of a sweep in the form of a run of many scenarios: each point is a test.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::results::{Recorder, TestResult, TestStatus};
use crate::finding::Finding;
use crate::run::Counts;
use crate::sweep::{Outcome, Recorded, Sweep, SweepPoint, Verdict, headline};

/// A sweep, as reports see it.
#[derive(Debug, Clone, Copy)]
pub struct SweptPoints<'a> {
    /// The scenario that was swept, with the requests that are struck.
    pub sweep: &'a Sweep<'a>,
    /// The points that were meant, in order.
    pub points: &'a [SweepPoint],
    /// What came of those that were run, by number.
    pub outcomes: &'a BTreeMap<usize, Outcome>,
    /// The scenario files that show failures again, by the number of the point.
    pub shown_by: &'a BTreeMap<usize, PathBuf>,
}

impl SweptPoints<'_> {
    /// Adds each point as a test of its own, and gives how many ended how.
    pub fn record(&self, recorder: &mut Recorder) -> Counts {
        let mut counts = Counts::default();
        for point in self.points {
            let test = self.test(point);
            match test.status {
                TestStatus::Passed => counts.passed += 1,
                TestStatus::Failed => counts.failed += 1,
                TestStatus::Broken => counts.broken += 1,
                _ => counts.not_run += 1,
            }
            recorder.add(test);
        }
        counts
    }

    fn test(&self, point: &SweepPoint) -> TestResult {
        let outcome = self.outcomes.get(&point.number);
        let findings = outcome.map(|outcome| outcome.findings.clone()).unwrap_or_default();
        let (status, reason) = match outcome.map(|outcome| &outcome.verdict) {
            Some(Verdict::Passed) => (TestStatus::Passed, None),
            Some(Verdict::Failed) => (TestStatus::Failed, None),
            Some(Verdict::Broken) => (TestStatus::Broken, None),
            Some(Verdict::NotFired) => (TestStatus::NotTested, Some(unmet(&findings))),
            None => (TestStatus::NotTested, Some("not run: the budget was over".to_owned())),
        };
        TestResult {
            reason,
            point: Some(point.number),
            line: (status == TestStatus::Failed).then(|| self.sweep.line_of(point)).flatten(),
            took_ms: outcome.map_or(0, |outcome| outcome.took / 1000),
            findings,
            shown_by: self.shown_by.get(&point.number).cloned(),
            ..TestResult::new(self.name(point), &self.sweep.scenario().path, &self.sweep.system().file.name, status)
        }
    }

    /// Its name: the number keeps apart what is called alike, which readers of reports would take for one.
    fn name(&self, point: &SweepPoint) -> String {
        let label = self.sweep.system().label(&self.sweep.scenario().name);
        format!("{label} #{}: {}", point.number, point.describe(self.sweep.requests()))
    }
}

/// Why a fault has met nothing.
fn unmet(findings: &[Finding]) -> String {
    let why = findings.first().map_or("it has no request", |finding| finding.message.as_str());
    format!("the fault met nothing: {why}")
}

/// A failure in one line: the fault, the place, and the cause.
pub fn failed_point(point: &SweepPoint, requests: &[Recorded], outcome: &Outcome) -> String {
    format!("point {}: {}: {}", point.number, point.describe(requests), headline(&outcome.findings))
}
