//! What came of many scenarios, as values: what every report for machines is written from.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::run::{Counts, Ending, FailureReason, Report, Reporter, SuiteCase};

/// The version of [`Results`] as JSON.
pub const RESULTS_VERSION: u32 = 2;

/// What came of a run of many scenarios, or of a sweep of one, as `--json` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Results {
    /// The version of this format: 2. Version 1 had no points, no lines and no `not-tested`.
    pub version: u32,
    /// The program that wrote it, with its version.
    pub tool: String,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How many ended how.
    pub summary: ResultsSummary,
    /// Each scenario, in the order in which they ended.
    pub tests: Vec<TestResult>,
}

/// How many scenarios ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ResultsSummary {
    /// As they must.
    pub passed: usize,
    /// Not as they must.
    pub failed: usize,
    /// They failed as their system file declares.
    pub expected_failures: usize,
    /// The harness failed: nothing is known about the system.
    pub broken: usize,
    /// They were not run.
    pub not_applicable: usize,
    /// They show nothing: the fault met nothing, or there was no time left for them.
    #[serde(default)]
    pub not_tested: usize,
}

/// How a scenario ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TestStatus {
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
    /// It shows nothing: the fault met nothing, or there was no time left for it.
    NotTested,
}

/// What came of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TestResult {
    /// Its name, with that of the system's variant; of a sweep's point with its number. Unique in a report.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// The line of its file that a failure is about, from 1: that of the step which broke something or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The number of the sweep's point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<usize>,
    /// The system that it ran on.
    pub system: String,
    /// How it ended.
    pub status: TestStatus,
    /// Why, where its findings do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The folder with its evidence, where it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<PathBuf>,
    /// The scenario file that shows a sweep's failure again, where one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_by: Option<PathBuf>,
}

/// Keeps what came of each scenario.
#[derive(Debug)]
pub struct Recorder {
    began: SystemTime,
    tests: Vec<TestResult>,
    names: HashSet<String>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { began: SystemTime::now(), tests: Vec::new(), names: HashSet::new() }
    }
}

impl Recorder {
    /// Everything that was kept.
    pub fn finish(self, counts: &Counts, took: Duration) -> Results {
        let since = self.began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Results {
            version: RESULTS_VERSION,
            tool: concat!("quietdown ", env!("CARGO_PKG_VERSION")).to_owned(),
            began_ms: millis(since),
            took_ms: millis(took),
            summary: ResultsSummary {
                passed: counts.passed,
                failed: counts.failed,
                expected_failures: counts.expected,
                broken: counts.broken,
                not_applicable: counts.left_out,
                not_tested: counts.not_run,
            },
            tests: self.tests,
        }
    }

    /// Adds what came of a test, under a name that no earlier one has: with `--repeat` a scenario ends several times.
    pub fn add(&mut self, mut test: TestResult) {
        if !self.names.insert(test.name.clone()) {
            let rounds = (2_u64..).map(|round| format!("{} (round {round})", test.name));
            test.name = rounds.into_iter().find(|name| !self.names.contains(name)).unwrap_or_default();
            self.names.insert(test.name.clone());
        }
        self.tests.push(test);
    }
}

impl Reporter for Recorder {
    fn ended(&mut self, case: &SuiteCase, ending: &Ending) {
        let (status, reason, report): (TestStatus, Option<String>, Option<&Report>) = match ending {
            Ending::Passed(report) => (TestStatus::Passed, None, Some(report)),
            Ending::Controlled(finding) => {
                (TestStatus::Passed, Some(format!("fails under its control, with {finding}")), None)
            }
            Ending::Expected(report) => {
                let reason = report.expected.as_ref().map(|expected| expected.reason.clone());
                (TestStatus::ExpectedFailure, reason, Some(report))
            }
            Ending::Unlike(report) => (TestStatus::Failed, None, Some(report)),
            Ending::Failed(report, why) => (TestStatus::Failed, reason(report, why), Some(report)),
            Ending::Broken(why) => (TestStatus::Broken, Some(why.to_string()), None),
            Ending::LeftOut(why) => (TestStatus::NotApplicable, Some(why.reason.clone()), None),
            Ending::NotRun => (TestStatus::NotTested, Some("not run: another had failed before".to_owned()), None),
        };
        let test = TestResult::new(case.label(), &case.scenario.path, &case.system.file.name, status);
        self.add(TestResult {
            reason,
            line: report.filter(|_| status == TestStatus::Failed).and_then(|report| line(case, report)),
            took_ms: report.map_or(0, |report| report.evidence.took / 1000),
            findings: report.map(|report| report.findings.clone()).unwrap_or_default(),
            evidence: report.and_then(|report| report.folder.clone()),
            ..test
        });
    }
}

/// The line of the step that a failure is about.
fn line(case: &SuiteCase, report: &Report) -> Option<usize> {
    let step = report.step().and_then(|number| case.scenario.file.steps.get(number.checked_sub(1)?))?;
    Some(crate::file::line_of(&case.scenario.source, step.span().start))
}

impl Results {
    /// The results of one run that was saved.
    pub fn of_saved(report: &Report) -> Self {
        let status = match (report.passed(), report.failed_as_expected()) {
            (true, _) => TestStatus::Passed,
            (false, true) => TestStatus::ExpectedFailure,
            (false, false) => TestStatus::Failed,
        };
        let count = |wanted| usize::from(status == wanted);
        let expected = report.expected.as_ref();
        let evidence = &report.evidence;
        Self {
            version: RESULTS_VERSION,
            tool: concat!("quietdown ", env!("CARGO_PKG_VERSION")).to_owned(),
            began_ms: (evidence.began.max(0.0) * 1000.0) as u64,
            took_ms: evidence.took / 1000,
            summary: ResultsSummary {
                passed: count(TestStatus::Passed),
                failed: count(TestStatus::Failed),
                expected_failures: count(TestStatus::ExpectedFailure),
                ..ResultsSummary::default()
            },
            tests: vec![TestResult {
                reason: expected.map(|expected| expected.unlike.as_ref().unwrap_or(&expected.reason).clone()),
                took_ms: evidence.took / 1000,
                findings: report.findings.clone(),
                evidence: report.folder.clone(),
                ..TestResult::new(report.label(), format!("{}.toml", report.scenario), "", status)
            }],
        }
    }
}

fn reason(report: &Report, why: &FailureReason) -> Option<String> {
    match why {
        FailureReason::Findings => None,
        FailureReason::Moves(moving) => {
            Some(format!("two runs have different transcripts\n{}", moving.lines.join("\n")))
        }
        FailureReason::UnlikeExpected => report.expected.as_ref().and_then(|expected| expected.unlike.clone()),
        FailureReason::Uncontrolled(wanted) => Some(format!("under its control it must fail with {wanted}")),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl TestResult {
    /// A test of this name that has ended like this, of which nothing else is known yet.
    pub fn new(name: impl Into<String>, file: impl Into<PathBuf>, system: &str, status: TestStatus) -> Self {
        Self {
            name: name.into(),
            file: file.into(),
            line: None,
            point: None,
            system: system.to_owned(),
            status,
            reason: None,
            took_ms: 0,
            findings: Vec::new(),
            evidence: None,
            shown_by: None,
        }
    }

    /// What is wrong in one line: the first finding, or the reason.
    pub fn headline(&self) -> String {
        let first = self.findings.first().map(|finding| format!("{}: {}", finding.kind, finding.message));
        let reason = || self.reason.as_ref().and_then(|reason| reason.lines().next()).map(str::to_owned);
        first.or_else(reason).unwrap_or_default()
    }

    /// Everything that is wrong, as lines.
    pub fn details(&self) -> String {
        let mut text = self.reason.as_ref().map(|reason| format!("{reason}\n")).unwrap_or_default();
        for finding in &self.findings {
            let process = finding.process.as_ref().map(|process| format!(" {process}:")).unwrap_or_default();
            text.push_str(&format!("{}{process} {}\n", finding.kind, finding.message));
            for line in &finding.excerpt {
                text.push_str(&format!("  | {line}\n"));
            }
        }
        text
    }

    /// Whether it counts against the run.
    pub fn is_bad(&self) -> bool {
        matches!(self.status, TestStatus::Failed | TestStatus::Broken)
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::finding::FindingKind;

    /// A run in which everything happens, with evidence that would like to be something else.
    pub(crate) fn results() -> Results {
        let test = |name: &str, status, reason: Option<&str>, findings: Vec<Finding>| TestResult {
            reason: reason.map(str::to_owned),
            took_ms: 1500,
            evidence: (!findings.is_empty()).then(|| PathBuf::from(format!("/tmp/runs/{name}"))),
            findings,
            ..TestResult::new(name, format!("scenarios/{name}.toml"), "shop", status)
        };
        let hostile = Finding::new(FindingKind::Traceback, "KeyError: 100% <b>|x|</b>\u{1b}[31m ]]> ```\u{0}")
            .process("a")
            .excerpt(["::error::not from us".to_owned(), "##[command]neither".to_owned(), "```".to_owned()]);
        let plain = Finding::new(FindingKind::LineCount, "the line `closed` is there 0 times, and must be exactly 1");
        Results {
            version: RESULTS_VERSION,
            tool: "quietdown 0".to_owned(),
            began_ms: 1_700_000_000_000,
            took_ms: 4_200,
            summary: ResultsSummary {
                passed: 1,
                failed: 2,
                expected_failures: 1,
                broken: 1,
                not_applicable: 1,
                not_tested: 1,
            },
            tests: vec![
                test("idle", TestStatus::Passed, None, Vec::new()),
                test("loud", TestStatus::Failed, None, vec![hostile, plain.clone()]),
                test("moves", TestStatus::Failed, Some("two runs have different transcripts\n- a\n+ b"), Vec::new()),
                test("known", TestStatus::ExpectedFailure, Some("issue #12"), vec![plain]),
                test("harness", TestStatus::Broken, Some("too many open files"), Vec::new()),
                test("elsewhere", TestStatus::NotApplicable, Some("needs a runner"), Vec::new()),
                TestResult {
                    point: Some(12),
                    ..test("swept #12: rst once", TestStatus::NotTested, Some("the fault met nothing"), Vec::new())
                },
            ],
        }
    }
}
