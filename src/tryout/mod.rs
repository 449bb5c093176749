//! What a server and its client do when they are disturbed, without a file: a clean run shows which requests there are, then each kind of
//! request is struck at each of its phases, by a planned end and by crashes, and what was wrong is told by its cause.
//!
//! Every run is a scenario on a system file that is written for the occasion: what was found can be saved, and shown again.

mod digest;
mod experiment;
mod files;
mod shape;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) use digest::is_of_the_end;
pub use digest::{Digest, Observation, Symptom};
pub use experiment::{Experiment, TryFault, When};
pub use files::Client;
pub use shape::Shape;

use crate::evidence::Evidence;
use crate::file::Diagnostics;
use crate::run::{Report, Runner, drive};
use crate::scenario::Scenario;
use crate::system::System;
use crate::timeline::HarnessError;

/// What is tried, and how.
#[derive(Debug, Clone)]
pub struct Tryout {
    /// The server's command, with `${port}` where its port belongs.
    pub server: Vec<String>,
    /// Who calls it.
    pub client: Client,
    /// The working directory of all processes, absolute.
    pub folder: PathBuf,
    /// The path that answers with 2xx when the server is ready; when absent, it is ready as soon as it listens.
    pub ready: Option<String>,
    /// Whether it is told to stop by SIGINT instead of SIGTERM.
    pub interrupt: bool,
    /// Within what each process must have come to its end, once it has to.
    pub bound: Duration,
    /// How many runs are made side by side.
    pub jobs: NonZeroUsize,
}

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TryoutError {
    /// What was written for the occasion is not in order: the commands have something in them that no file can say.
    #[error("{0}")]
    Wrong(#[from] Diagnostics),
    /// The system does not come up, undisturbed.
    #[error("undisturbed, it does not come up: {why}")]
    DoesNotBoot {
        /// Why.
        why: String,
        /// What was seen of it.
        report: Box<Report>,
    },
    /// No request was seen in the clean run.
    #[error(
        "no HTTP/1 request of the client was seen within {within:?}: does it call the URL that `${{server}}` in its command means?"
    )]
    NoRequests {
        /// For how long one was waited for.
        within: Duration,
        /// What was seen instead.
        report: Box<Report>,
    },
    /// The harness itself failed.
    #[error(transparent)]
    Harness(#[from] HarnessError),
}

/// What the clean run has shown.
#[derive(Debug)]
pub struct Clean {
    /// The system file.
    pub system: System,
    /// Each kind of request, in the order in which they came.
    pub shapes: Vec<Shape>,
    /// Whether the client has ended by itself.
    pub client_ends: bool,
    /// What is wrong although nothing was disturbed.
    pub report: Report,
}

/// What came of an experiment.
#[derive(Debug)]
pub struct Outcome {
    /// Which.
    pub experiment: Experiment,
    /// What was seen, or why the harness failed.
    pub result: Result<Report, TryoutError>,
}

impl Tryout {
    /// Runs everything once, undisturbed.
    ///
    /// # Errors
    /// When it does not come up, or nothing can be struck.
    pub fn clean(&self, runner: &Runner) -> Result<Clean, TryoutError> {
        let mut system = self.system(&[])?;
        let mut report = self.run(runner, &system, &self.clean_scenario())?;
        // A format that was guessed wrongly would make each line an accusation: such a process is judged for stack traces only.
        let strange: Vec<&str> =
            report.evidence.processes.iter().filter(|it| is_strange(it)).map(|it| &*it.role).collect();
        if !strange.is_empty() {
            system = self.system(&strange)?;
            report = self.run(runner, &system, &self.clean_scenario())?;
        }
        let evidence = &report.evidence;
        if let Some(failure) = evidence.failure.as_ref().filter(|failure| failure.step == 0) {
            return Err(TryoutError::DoesNotBoot { why: failure.message.clone(), report: Box::new(report) });
        }
        let shapes = Shape::of(evidence);
        if shapes.is_empty() {
            return Err(TryoutError::NoRequests { within: self.bound, report: Box::new(report) });
        }
        let client_ends = has_ended(evidence);
        Ok(Clean { system, shapes, client_ends, report })
    }

    /// Everything that is tried, what matters most first.
    pub fn experiments(&self, clean: &Clean) -> Vec<Experiment> {
        Experiment::all(&clean.shapes)
    }

    /// Makes the experiments, up to a deadline, and tells each outcome as it comes; that of those which were begun.
    pub fn make(
        &self,
        runner: &Runner,
        clean: &Clean,
        experiments: Vec<Experiment>,
        deadline: Instant,
        mut done: impl FnMut(&Outcome) + Send,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let run = |experiment: Experiment| {
            let result = self.try_one(runner, clean, &experiment);
            Outcome { experiment, result }
        };
        let keep = |outcome: Outcome| {
            done(&outcome);
            outcomes.push(outcome);
            true
        };
        drive(experiments, self.jobs, Some(deadline), run, keep);
        outcomes.sort_by_key(|outcome| outcome.experiment.number);
        outcomes
    }

    fn try_one(&self, runner: &Runner, clean: &Clean, experiment: &Experiment) -> Result<Report, TryoutError> {
        let text = self.scenario(clean, experiment);
        self.run(runner, &clean.system, &text)
    }

    fn run(&self, runner: &Runner, system: &System, text: &str) -> Result<Report, TryoutError> {
        let scenario = Scenario::parse(Path::new("try.toml"), text)?;
        scenario.check(system)?;
        Ok(runner.clone().without_snapshots().run(&scenario, system)?)
    }

    fn system(&self, strange: &[&str]) -> Result<System, TryoutError> {
        Ok(System::parse(&self.folder.join("system.toml"), &self.system_file(strange))?)
    }
}

/// Whether a process has written what is no record of any format, before anything was broken.
fn is_strange(process: &crate::evidence::ProcessEvidence) -> bool {
    process.records.iter().any(|record| record.outside && record.tracebacks.is_empty())
}

/// Whether the client has ended before the run was torn down.
fn has_ended(evidence: &Evidence) -> bool {
    let teardown = evidence.teardown.unwrap_or(u64::MAX);
    let client = evidence.processes.iter().find(|process| process.role == files::CLIENT);
    let exit = client.and_then(|client| client.boots.last()?.exit.as_ref());
    exit.is_some_and(|exit| exit.at < teardown)
}
