//! Many scenarios, side by side, and what came of each.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::queue::{drive, side_by_side};
use super::{Report, Runner};
use crate::finding::{Finding, FindingKind};
use crate::scenario::{NotApplicable, Scenario, needs_embedded_proxy};
use crate::system::System;
use crate::timeline::HarnessError;
use crate::transcript::{self, Comparison, Moving, moving};

/// A scenario with the system that it runs on.
#[derive(Debug, Clone)]
pub struct SuiteCase {
    /// The scenario.
    pub scenario: Scenario,
    /// The system, in the variant that is meant.
    pub system: System,
    /// Why it is not run there.
    pub left_out: Option<NotApplicable>,
}

impl SuiteCase {
    /// Its name for people: the scenario's, with that of the system's variant.
    pub fn label(&self) -> String {
        self.system.label(&self.scenario.name)
    }
}

/// What came of a scenario.
#[derive(Debug)]
pub enum Ending {
    /// Nothing is wrong.
    Passed(Box<Report>),
    /// Under its control it failed with this finding, as it must.
    Controlled(FindingKind),
    /// It failed as its system file declares.
    Expected(Box<Report>),
    /// Only its snapshot is wrong, and further rounds tell whether its transcript moves.
    Unlike(Box<Report>),
    /// Something is wrong.
    Failed(Box<Report>, FailureReason),
    /// The harness failed: nothing is known about the system.
    Broken(HarnessError),
    /// It was not run.
    LeftOut(NotApplicable),
    /// It was not begun, because another had failed and [`Suite::fail_fast`] is set.
    NotRun,
}

/// In what way a scenario failed.
#[derive(Debug)]
pub enum FailureReason {
    /// As its report says.
    Findings,
    /// Its transcript is another one than in the first round.
    Moves(Moving),
    /// Its system file declares another failure.
    UnlikeExpected,
    /// Its control was planted, and this finding was not made.
    Uncontrolled(FindingKind),
}

/// A snapshot that was written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The snapshot.
    pub place: PathBuf,
    /// What changed; nothing where it is new.
    pub diff: Option<String>,
}

/// Which transcripts become snapshots, where nothing else is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Accept {
    /// None.
    #[default]
    Never,
    /// Those of scenarios without one.
    Missing,
    /// Each.
    Always,
}

/// Is told what happens while scenarios run. Several run at once; calls come one after the other.
pub trait Reporter: Send {
    /// A scenario begins.
    fn begun(&mut self, case: &SuiteCase) {
        let _ = case;
    }
    /// A scenario has ended.
    fn ended(&mut self, case: &SuiteCase, ending: &Ending);
    /// A snapshot was written.
    fn accepted(&mut self, snapshot: &Accepted) {
        let _ = snapshot;
    }
}

/// Both are told, one after the other.
impl<A: Reporter, B: Reporter> Reporter for (&mut A, &mut B) {
    fn begun(&mut self, case: &SuiteCase) {
        self.0.begun(case);
        self.1.begun(case);
    }

    fn ended(&mut self, case: &SuiteCase, ending: &Ending) {
        self.0.ended(case, ending);
        self.1.ended(case, ending);
    }

    fn accepted(&mut self, snapshot: &Accepted) {
        self.0.accepted(snapshot);
        self.1.accepted(snapshot);
    }
}

/// One that need not be there.
impl<R: Reporter> Reporter for Option<R> {
    fn begun(&mut self, case: &SuiteCase) {
        self.iter_mut().for_each(|reporter| reporter.begun(case));
    }

    fn ended(&mut self, case: &SuiteCase, ending: &Ending) {
        self.iter_mut().for_each(|reporter| reporter.ended(case, ending));
    }

    fn accepted(&mut self, snapshot: &Accepted) {
        self.iter_mut().for_each(|reporter| reporter.accepted(snapshot));
    }
}

/// How many scenarios ended how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// As they must.
    pub passed: usize,
    /// Not as they must.
    pub failed: usize,
    /// They failed as their system file declares.
    pub expected: usize,
    /// The harness failed.
    pub broken: usize,
    /// They were not run.
    pub left_out: usize,
    /// They were not begun after one had failed.
    pub not_run: usize,
    /// Their evidence could not be saved.
    pub unsaved: usize,
    /// Of those that were not run, the ones that no system file declares, each once with its reason.
    pub undeclared: Vec<String>,
}

/// Scenarios to be run, and how.
#[derive(Debug)]
pub struct Suite<'a> {
    /// The scenarios.
    pub cases: &'a [SuiteCase],
    /// What runs each.
    pub runner: Runner,
    /// How many at once; twice the number of processors when absent, since a scenario mostly waits.
    pub jobs: Option<NonZeroUsize>,
    /// How often each is run. The first failure ends it after its round.
    pub repeat: NonZeroUsize,
    /// Whether each is run under its control instead.
    pub control: bool,
    /// Whether the runs' folders are kept where all is well, too.
    pub keep: bool,
    /// Which snapshots are written.
    pub accept: Accept,
    /// Whether none is begun any more once one has failed.
    pub fail_fast: bool,
}

impl Suite<'_> {
    /// Runs them all, and tells `reporter`.
    pub fn run(&self, reporter: &mut dyn Reporter) -> Counts {
        let reporter = Mutex::new(reporter);
        let first = Mutex::new(BTreeMap::new());
        let mut counts = Counts::default();
        for _ in 0..self.repeat.get() {
            let mut more = true;
            let failed = AtomicBool::new(false);
            let run = |case| {
                if self.fail_fast && failed.load(Ordering::Relaxed) {
                    return (case, Ending::NotRun);
                }
                lock(&reporter).begun(case);
                (case, self.one(case, &first, &reporter))
            };
            let done = |(case, ending): (&SuiteCase, Ending)| {
                lock(&reporter).ended(case, &ending);
                more &= counts.add(case, &ending);
                failed.fetch_or(counts.failed + counts.broken > 0, Ordering::Relaxed);
                true
            };
            drive(self.cases.iter().collect(), self.jobs.unwrap_or_else(side_by_side), None, run, done);
            // Where nothing applies another round shows nothing.
            if !more || counts.passed + counts.failed + counts.expected == 0 {
                break;
            }
        }
        counts
    }

    fn one(
        &self,
        case: &SuiteCase,
        first: &Mutex<BTreeMap<PathBuf, String>>,
        reporter: &Mutex<&mut dyn Reporter>,
    ) -> Ending {
        let SuiteCase { scenario, system, left_out } = case;
        let needs = || needs_embedded_proxy(&scenario.file).filter(|_| self.runner.has_foreign_proxy());
        let needs =
            || Some(NotApplicable { reason: format!("needs the embedded proxy: {}", needs()?), declared: false });
        if let Some(why) = left_out.clone().or_else(needs) {
            return Ending::LeftOut(why);
        }
        if self.control && scenario.file.control.is_none() {
            return Ending::LeftOut(NotApplicable { reason: "it has no [control]".to_owned(), declared: true });
        }
        if self.control {
            return self.controlled(case);
        }
        let mut report = match self.runner.run(scenario, system) {
            Ok(report) => report,
            Err(why) => return Ending::Broken(why),
        };
        let place = transcript::place(&scenario.path, &system.suffix());
        if let Some(first) = earlier(first, place.clone(), &report.transcript) {
            // How it relates to the snapshot was said of the first round; here is what moves.
            report.findings.retain(|finding| !of_snapshot(finding));
            if report.expected.is_none()
                && system.has_snapshots()
                && let Some(moving) = moving(&first, &report.transcript)
            {
                return Ending::Failed(report.into(), FailureReason::Moves(moving));
            }
        }
        if let Some(expected) = &report.expected {
            return match &expected.unlike {
                None => Ending::Expected(report.into()),
                Some(_) => Ending::Failed(report.into(), FailureReason::UnlikeExpected),
            };
        }
        let only_snapshot = report.findings.iter().all(of_snapshot);
        if only_snapshot && self.accepts(&report) {
            match accept(case, &report.transcript) {
                Ok(accepted) => accepted.iter().for_each(|accepted| lock(reporter).accepted(accepted)),
                Err(why) => return Ending::Broken(HarnessError::io(format!("writing {}", place.display()))(why)),
            }
            report.findings.clear();
            if let (false, Some(folder)) = (self.keep, report.folder.take()) {
                // What it shows was accepted.
                drop(std::fs::remove_dir_all(folder));
            }
        }
        match (report.passed(), only_snapshot && self.repeat.get() > 1) {
            (true, _) => Ending::Passed(report.into()),
            (false, true) => Ending::Unlike(report.into()),
            (false, false) => Ending::Failed(report.into(), FailureReason::Findings),
        }
    }

    fn accepts(&self, report: &Report) -> bool {
        match self.accept {
            Accept::Never => false,
            Accept::Missing => report.findings.iter().any(|finding| finding.kind == FindingKind::SnapshotMissing),
            Accept::Always => true,
        }
    }

    fn controlled(&self, case: &SuiteCase) -> Ending {
        let run = || {
            let (runner, wanted) = self.runner.clone().control(&case.scenario)?;
            let report = runner.run(&case.scenario, &case.system)?;
            if !report.fails_with(wanted) {
                return Ok(Ending::Failed(report.into(), FailureReason::Uncontrolled(wanted)));
            }
            if !self.keep {
                report.discard().map_err(HarnessError::io("removing the run's folder"))?;
            }
            Ok(Ending::Controlled(wanted))
        };
        run().unwrap_or_else(Ending::Broken)
    }
}

impl Counts {
    /// Counts one; says whether more rounds make sense after it.
    fn add(&mut self, case: &SuiteCase, ending: &Ending) -> bool {
        if let Ending::Passed(report) | Ending::Expected(report) | Ending::Unlike(report) | Ending::Failed(report, _) =
            ending
        {
            self.unsaved += usize::from(report.unsaved.is_some());
        }
        match ending {
            Ending::Passed(_) | Ending::Controlled(_) => self.passed += 1,
            Ending::Expected(_) => self.expected += 1,
            Ending::Unlike(_) => self.failed += 1,
            Ending::Failed(..) => {
                self.failed += 1;
                return false;
            }
            Ending::Broken(_) => {
                self.broken += 1;
                return false;
            }
            Ending::LeftOut(why) => {
                self.left_out += 1;
                let said = format!("{}: {}", case.label(), why.reason);
                if !why.declared && !self.undeclared.contains(&said) {
                    self.undeclared.push(said);
                }
            }
            Ending::NotRun => self.not_run += 1,
        }
        true
    }
}

/// Whether a finding is about the snapshot alone.
pub(crate) fn of_snapshot(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::SnapshotDiffers | FindingKind::SnapshotMissing)
}

/// The transcript that a scenario had in the first round; nothing if this is the first.
fn earlier(known: &Mutex<BTreeMap<PathBuf, String>>, place: PathBuf, transcript: &str) -> Option<String> {
    let mut known = lock(known);
    match known.get(&place) {
        Some(first) => Some(first.clone()),
        None => {
            known.insert(place, transcript.to_owned());
            None
        }
    }
}

fn accept(case: &SuiteCase, transcript: &str) -> std::io::Result<Option<Accepted>> {
    let suffix = case.system.suffix();
    let place = transcript::place(&case.scenario.path, &suffix);
    let diff = match transcript::compare(&case.scenario.path, &suffix, transcript)? {
        Comparison::Same => return Ok(None),
        Comparison::Missing(_) => None,
        Comparison::Differs(diff) => Some(diff),
    };
    transcript::write(&place, transcript)?;
    Ok(Some(Accepted { place, diff }))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic in another scenario's thread does not make these values wrong.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
