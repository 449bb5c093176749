//! Sweeps: the same scenario once for every fault at every place of every request.
//!
//! A run without further faults records the requests ([`Recorded`]); they give the points ([`SweepPoint`]), numbered the same way
//! every time. A point is made into an ordinary scenario ([`Composition`]), which is run and judged like any other.

mod base;
mod compose;
mod ledger;
mod minimal;
mod oracle;
mod outcome;
mod point;
mod recorded;
mod timelines;
mod write;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use base::Base;
use compose::Composer;

pub use compose::Composition;
pub use ledger::{LEDGER_VERSION, Ledger, LedgerError, Subject};
pub use minimal::Minimal;
pub use outcome::{Outcome, Verdict, cause, headline};
pub use point::{Persistence, Sizes, Spot, Strike, SweepPlace, SweepPoint, phase_name};
pub use recorded::Recorded;
#[cfg(feature = "cli")]
pub(crate) use recorded::call_of;

use crate::finding::Finding;
use crate::proxy::Phase;
use crate::run::{Report, Runner};
use crate::scenario::{Scenario, SweepFault};
use crate::system::System;
use crate::timeline::HarnessError;

/// A scenario that is swept.
#[derive(Debug)]
pub struct Sweep<'a> {
    scenario: &'a Scenario,
    system: &'a System,
    runner: Runner,
    base: Base,
    requests: Vec<Recorded>,
    every_byte: bool,
    deadline: Option<Instant>,
}

/// Why a scenario cannot be swept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The harness itself failed.
    #[error(transparent)]
    Harness(#[from] HarnessError),
    /// It fails without any further fault.
    #[error("{scenario} fails by itself, before anything is swept; run it first")]
    Fails {
        /// The scenario.
        scenario: String,
        /// What is wrong with it.
        report: Box<Report>,
    },
    /// There is no request on any link.
    #[error("{scenario} makes no request through a link, so there is nothing to sweep")]
    NoRequests {
        /// The scenario.
        scenario: String,
    },
}

impl<'a> Sweep<'a> {
    /// Runs the scenario once and records its requests.
    ///
    /// # Errors
    /// When that run fails, or makes no request.
    pub fn record(
        scenario: &'a Scenario,
        system: &'a System,
        runner: &Runner,
        every_byte: bool,
    ) -> Result<Self, SweepError> {
        let base = Base::new(scenario, system);
        let runner = runner.clone().without_transcripts();
        let (text, numbers) = Composer { base: &base, requests: &[] }.whole();
        let clean = Scenario::parse(&scenario.path, &text).ok();
        let report = runner.run(clean.as_ref().unwrap_or(scenario), system)?;
        if !report.passed() {
            return Err(SweepError::Fails { scenario: scenario.name.clone(), report: Box::new(report) });
        }
        let requests = recorded::record(&base, &numbers, &report.evidence, &system.file);
        if requests.is_empty() {
            return Err(SweepError::NoRequests { scenario: scenario.name.clone() });
        }
        Ok(Self { scenario, system, runner, base, requests, every_byte, deadline: None })
    }

    /// Adds the requests that only a fault brings about: each call's is struck once, and what follows is recorded.
    ///
    /// # Errors
    /// When one of these runs could not be made, or fails.
    pub fn with_second_generation(mut self) -> Result<Self, SweepError> {
        let first = self.requests.len();
        for request in 0..first {
            let place = SweepPlace { phase: Phase::RequestSent, spot: None };
            let cause = Strike { request, place, fault: SweepFault::Rst, persistence: Persistence::Once };
            let Some(composition) = self.composed(&[cause], &BTreeSet::new(), "the first generation") else { continue };
            let Ok(scenario) = Scenario::parse(&self.scenario.path, &composition.text) else { continue };
            let report = self.runner.run(&scenario, self.system)?;
            if !report.passed() {
                let scenario = format!("{} with a reset at {}", self.scenario.name, self.requests[request].label());
                return Err(SweepError::Fails { scenario, report: Box::new(report) });
            }
            let found = recorded::brought_about(&self.requests[request], cause, &report.evidence, &self.system.file);
            self.requests.extend(found);
        }
        Ok(self)
    }

    /// Sweeps requests that were recorded before.
    pub fn with_requests(
        scenario: &'a Scenario,
        system: &'a System,
        runner: &Runner,
        every_byte: bool,
        requests: Vec<Recorded>,
    ) -> Self {
        let runner = runner.clone().without_transcripts();
        Self { scenario, system, runner, base: Base::new(scenario, system), requests, every_byte, deadline: None }
    }

    /// Begins nothing from this moment on: the end of its budget.
    #[must_use]
    pub fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Whether the budget is over.
    pub fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The scenario that is swept.
    pub fn scenario(&self) -> &Scenario {
        self.scenario
    }

    /// The system that it runs on.
    pub fn system(&self) -> &System {
        self.system
    }

    /// The line of the scenario whose step makes the request that a point strikes last, from 1.
    pub fn line_of(&self, point: &SweepPoint) -> Option<usize> {
        let strike = point.strikes.last()?;
        let step = match self.call_of(strike) {
            Some(call) => self.base.calls[call].begin,
            None => self.requests[strike.request].steps.0.min(self.base.places.len().checked_sub(1)?),
        };
        Some(crate::file::line_of(&self.scenario.source, *self.base.places.get(step)?))
    }

    /// The requests that are swept.
    pub fn requests(&self) -> &[Recorded] {
        &self.requests
    }

    /// Every point, in order: first those of the first generation.
    pub fn points(&self) -> Vec<SweepPoint> {
        let mut strikes = Vec::new();
        for (request, recorded) in self.requests.iter().enumerate() {
            for place in SweepPlace::all(recorded.sizes, self.every_byte) {
                for fault in SweepFault::ALL {
                    for persistence in [Persistence::Once, Persistence::Every] {
                        let strike = Strike { request, place, fault, persistence };
                        strikes.extend(self.is_possible(&strike).then_some(strike));
                    }
                }
            }
        }
        let both = |strike: Strike| self.requests[strike.request].cause.into_iter().chain([strike]).collect();
        strikes.into_iter().zip(1..).map(|(strike, number)| SweepPoint { number, strikes: both(strike) }).collect()
    }

    /// Whether a fault has a meaning there. A cancellation needs a call that has not ended, and happens once. Told to stop are
    /// clients that run freely: a driven one has no calls in flight then.
    fn is_possible(&self, strike: &Strike) -> bool {
        let request = &self.requests[strike.request];
        let of_call = request.call.is_some();
        match strike.fault {
            SweepFault::ClientStop => {
                let at = Composer { base: &self.base, requests: &self.requests }.insertion(strike);
                self.base.free_at(at).any(|free| of_call || *free == request.process)
            }
            SweepFault::ClientCancel => {
                of_call && strike.persistence == Persistence::Once && strike.place.phase != Phase::ResponseSent
            }
            _ => true,
        }
    }

    /// The scenario that a point is.
    pub fn scenario_of(&self, point: &SweepPoint) -> Option<Composition> {
        self.composed(&point.strikes, &BTreeSet::new(), &format!("point {}", point.number))
    }

    fn composed(&self, strikes: &[Strike], without: &BTreeSet<usize>, what: &str) -> Option<Composition> {
        let composer = Composer { base: &self.base, requests: &self.requests };
        let said: Vec<String> = strikes.iter().map(|strike| strike.describe(&self.requests)).collect();
        let summary = format!("{}: {}", self.base.name, said.join(", then "));
        let comment = format!("Made by `quietdown sweep`: {what} of {}.", self.base.name);
        composer.compose(strikes, without, &summary, &comment)
    }

    /// Runs a composed scenario and judges it.
    fn try_out(&self, number: usize, composition: &Composition) -> (Outcome, Option<Report>) {
        let broken = |why: String| {
            let finding = Finding::new(crate::finding::FindingKind::StepFailed, why);
            (Outcome { findings: vec![finding], ..Outcome::new(number, Verdict::Broken) }, None)
        };
        let path = self.scenario.path.with_file_name(format!("{}-{number}.toml", self.base.name));
        let scenario = match Scenario::parse(Path::new(&path), &composition.text) {
            Ok(scenario) => scenario,
            Err(wrong) => return broken(format!("the point is no scenario:\n{wrong}")),
        };
        if let Err(wrong) = scenario.check(self.system) {
            return broken(format!("the point is no scenario:\n{wrong}"));
        }
        match self.runner.run(&scenario, self.system) {
            Ok(report) => (outcome::judged(number, &report, composition), Some(report)),
            Err(why) => broken(why.to_string()),
        }
    }

    /// Runs a point.
    pub fn run(&self, point: &SweepPoint) -> (Outcome, Option<Report>) {
        let (outcome, report) = match self.scenario_of(point) {
            Some(composition) => self.try_out(point.number, &composition),
            None => (Outcome::new(point.number, Verdict::NotFired), None),
        };
        (Outcome { strikes: point.strikes.clone(), ..outcome }, report)
    }

    /// The options of the processes, which say how long each waits and how often it tries again.
    pub fn schedules(&self) -> Vec<String> {
        let processes = self.base.head.get("processes").and_then(toml::Value::as_table).into_iter().flatten();
        processes
            .filter_map(|(name, process)| {
                let options = process.get("options")?.as_table()?.iter();
                let options: Vec<String> = options.map(|(option, value)| format!("{option} = {value}")).collect();
                (!options.is_empty()).then(|| format!("{name}: {}", options.join(", ")))
            })
            .collect()
    }
}
