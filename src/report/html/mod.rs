//! A report as one HTML file: findings, a timeline for each run, the matrix of a sweep. `docs/reports.md` shows it.
//!
//! `model` is what the page shows, as values; the rest here makes it from evidence and findings. `assets/` draws it: the values are
//! JSON in elements that are not executed, and become text only, never markup.

mod model;
mod page;
mod place;
mod records;
mod sweep;
mod texts;
mod timeline;

use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::run::{Ending, Report, Reporter, SuiteCase};

use super::results::{Results, TestResult};
pub use model::HTML_VERSION;
use model::{FindingView, HtmlView, PlaceView, TestView};
use place::Places;
use records::Allowance;
pub use sweep::{HtmlSweep, PointEnd};
use texts::Texts;

/// Keeps the timelines of runs, bounded, and makes the page of them.
///
/// ```no_run
/// # fn of(results: &quietdown::report::Results) -> Result<(), Box<dyn std::error::Error>> {
/// use quietdown::report::html::HtmlReport;
///
/// let page = HtmlReport::default().page("run", results)?; // without timelines
/// std::fs::write("report.html", page)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct HtmlReport {
    texts: Texts,
    allowance: Allowance,
    timelines: Vec<String>,
    /// How long these are in all.
    bytes: usize,
    /// What was kept of each run, in the order in which they ended.
    runs: Vec<Option<KeptRun>>,
}

/// What was kept of a run.
#[derive(Debug)]
struct KeptRun {
    /// Which timeline it is.
    timeline: usize,
    /// The places of its findings.
    places: Vec<Option<PlaceView>>,
}

impl HtmlReport {
    /// Adds the next test; `report` is there if it was run.
    pub fn add(&mut self, report: Option<&Report>) {
        let kept = report.and_then(|report| self.keep(&report.evidence, &report.findings, &report.transcript));
        self.runs.push(kept);
    }

    /// The page of tests, whose runs were [added](Self::add) in the same order.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn page(mut self, title: &str, results: &Results) -> Result<String, serde_json::Error> {
        let mut runs = std::mem::take(&mut self.runs).into_iter();
        let mut tests = Vec::with_capacity(results.tests.len());
        for test in &results.tests {
            let kept = runs.next().flatten();
            let command = command(test);
            tests.push(TestView {
                name: self.texts.id(&test.name),
                file: Some(self.texts.id(&test.file.to_string_lossy())),
                status: test.status.into(),
                reason: test.reason.as_ref().map(|reason| self.texts.id(reason)),
                took_ms: test.took_ms,
                findings: self.findings(&test.findings, kept.as_ref()),
                timeline: kept.map(|kept| kept.timeline),
                command: command.map(|command| self.texts.id(&command)),
            });
        }
        self.finish(title, results.began_ms, results.took_ms, tests, None)
    }

    fn keep(&mut self, evidence: &Evidence, findings: &[Finding], transcript: &str) -> Option<KeptRun> {
        let transcript = (!findings.is_empty()).then_some(transcript);
        let room = if transcript.is_some() { ROOM } else { ROOM_FOR_PASSES };
        if self.texts.bytes() + self.bytes > room {
            return None;
        }
        let told = timeline::timeline(evidence, transcript, &mut self.texts, &mut self.allowance);
        let json = serde_json::to_string(&told.timeline).ok()?;
        self.bytes += json.len();
        self.timelines.push(json);
        let mut places = Places::new(evidence, &told.kept);
        let places = findings.iter().map(|finding| places.of(finding)).collect();
        Some(KeptRun { timeline: self.timelines.len() - 1, places })
    }

    fn findings(&mut self, findings: &[Finding], kept: Option<&KeptRun>) -> Vec<FindingView> {
        let texts = &mut self.texts;
        let places = kept.map(|kept| kept.places.as_slice()).unwrap_or_default();
        let places = places.iter().copied().chain(std::iter::repeat(None));
        let view = |(finding, place): (&Finding, Option<PlaceView>)| FindingView {
            kind: texts.id(&finding.kind.name()),
            process: finding.process.as_ref().map(|process| texts.id(process)),
            message: texts.id(&finding.message),
            after_end: finding.after_end,
            excerpt: finding.excerpt.iter().take(EXCERPT).map(|line| texts.id(line)).collect(),
            place,
        };
        findings.iter().zip(places).map(view).collect()
    }

    fn finish(
        mut self,
        title: &str,
        began_ms: u64,
        took_ms: u64,
        tests: Vec<TestView>,
        sweep: Option<model::MatrixView>,
    ) -> Result<String, serde_json::Error> {
        let title = self.texts.id(title);
        let view = HtmlView {
            version: HTML_VERSION,
            tool: concat!("quietdown ", env!("CARGO_PKG_VERSION")).to_owned(),
            title,
            began_ms,
            took_ms,
            tests,
            sweep,
            texts: self.texts.into_table(),
        };
        page::page(&view, &self.timelines)
    }
}

/// The command that runs a scenario again that went wrong.
fn command(test: &TestResult) -> Option<String> {
    let scenario = test.file.extension().is_some_and(|ending| ending == "toml");
    if !test.is_bad() || !scenario || test.system.is_empty() {
        return None;
    }
    let variant =
        test.name.strip_prefix(&*test.file.file_stem()?.to_string_lossy()).and_then(|rest| rest.strip_prefix('+'));
    let variant = variant.and_then(|rest| rest.split(' ').next()).map(|name| format!(" --variant {name}"));
    Some(format!("quietdown run {} --system {}{}", test.file.display(), test.system, variant.unwrap_or_default()))
}

/// From how many bytes on no timeline of a run that passed is kept.
const ROOM_FOR_PASSES: usize = 15_000_000;
/// And from how many none at all.
const ROOM: usize = 18_000_000;

/// How many lines of evidence a finding shows.
const EXCERPT: usize = 400;

impl Reporter for HtmlReport {
    fn ended(&mut self, _: &SuiteCase, ending: &Ending) {
        let report = match ending {
            Ending::Passed(report) | Ending::Expected(report) | Ending::Unlike(report) => Some(report),
            Ending::Failed(report, _) => Some(report),
            Ending::Controlled(_) | Ending::Broken(_) | Ending::LeftOut(_) | Ending::NotRun => None,
        };
        self.add(report.map(AsRef::as_ref));
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::TestStatus;
    use super::*;

    #[test]
    fn only_a_scenario_that_went_wrong_has_a_command_that_runs_it_again() {
        let test = |name: &str, file: &str, status| command(&TestResult::new(name, file, "shop", status));
        let said = test("calm+fixed (round 2)", "scenarios/calm.toml", TestStatus::Failed);
        assert_eq!(said.as_deref(), Some("quietdown run scenarios/calm.toml --system shop --variant fixed"));
        assert_eq!(
            test("calm", "calm.toml", TestStatus::Broken).as_deref(),
            Some("quietdown run calm.toml --system shop")
        );
        assert_eq!(test("calm", "calm.toml", TestStatus::Passed), None);
        assert_eq!(test("app.log", "app.log", TestStatus::Failed), None, "a log is no scenario");
    }
}
