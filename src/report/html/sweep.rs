//! The page of a sweep: its matrix, and each point as a test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::model::{HtmlStatus, MatrixView, TestView};
use super::{HtmlReport, KeptRun};
use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::proxy::Phase;
use crate::sweep::{Outcome, Recorded, SweepPoint, Verdict, phase_name};

/// The columns of the matrix.
const PHASES: [Phase; 6] = [
    Phase::RequestHead,
    Phase::RequestBody,
    Phase::RequestSent,
    Phase::ResponseHead,
    Phase::ResponseBody,
    Phase::ResponseSent,
];

/// What came of a point, for the page.
#[derive(Debug, Clone, Copy)]
pub struct PointEnd<'a> {
    /// The point.
    pub point: &'a SweepPoint,
    /// What came of it; nothing where it was not run.
    pub outcome: Option<&'a Outcome>,
}

/// Keeps the timelines of points as they end.
#[derive(Debug, Default)]
pub struct HtmlSweep {
    page: HtmlReport,
    runs: BTreeMap<usize, KeptRun>,
}

impl HtmlSweep {
    /// Keeps the run of a point.
    pub fn keep(&mut self, number: usize, evidence: &Evidence, findings: &[Finding], transcript: &str) {
        if let Some(kept) = self.page.keep(evidence, findings, transcript) {
            self.runs.insert(number, kept);
        }
    }

    /// The page, with a matrix unless the points are timelines of several faults. Points that were run by an earlier sweep into the
    /// same folder have no timeline. `file` is where the scenario of a point is that failed.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn page(
        mut self,
        title: &str,
        ends: &[PointEnd<'_>],
        requests: &[Recorded],
        took: Duration,
        has_matrix: bool,
        file: impl Fn(&SweepPoint) -> Option<PathBuf>,
    ) -> Result<String, serde_json::Error> {
        let mut matrix = MatrixView { phases: PHASES.map(phase_name).to_vec(), ..MatrixView::default() };
        matrix.requests = requests.iter().map(|request| self.page.texts.id(&request.label())).collect();
        let mut tests = Vec::with_capacity(ends.len());
        for PointEnd { point, outcome } in ends {
            let struck: Vec<String> = point.strikes.iter().map(|strike| strike.describe(requests)).collect();
            let status = outcome.map_or(HtmlStatus::NotRun, |outcome| status(&outcome.verdict));
            let kept = self.runs.remove(&point.number);
            let file = file(point);
            let findings = outcome.map(|outcome| outcome.findings.as_slice()).unwrap_or_default();
            // The second generation is struck at the second.
            matrix.cells.extend(point.strikes.last().map(|strike| (strike.request, strike.place.phase as usize)));
            tests.push(TestView {
                name: self.page.texts.id(&format!("{}  {}", point.number, struck.join(", then "))),
                status,
                reason: None,
                took_ms: outcome.map_or(0, |outcome| outcome.took / 1000),
                findings: self.page.findings(findings, kept.as_ref()),
                timeline: kept.map(|kept| kept.timeline),
                command: file.as_ref().map(|file| self.page.texts.id(&format!("quietdown run {}", file.display()))),
                file: file.map(|file| self.page.texts.id(&file.to_string_lossy())),
            });
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let began = now.saturating_sub(took);
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.page.finish(title, millis(began), millis(took), tests, has_matrix.then_some(matrix))
    }
}

fn status(verdict: &Verdict) -> HtmlStatus {
    match verdict {
        Verdict::Passed => HtmlStatus::Passed,
        Verdict::Failed => HtmlStatus::Failed,
        Verdict::NotFired => HtmlStatus::NotFired,
        Verdict::Broken => HtmlStatus::Broken,
    }
}
