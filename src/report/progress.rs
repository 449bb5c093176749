//! Tells people how scenarios end, one line each, and at the end what is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use super::console::{Console, Verbosity};
use crate::run::{Accepted, Counts, Ending, FailureReason, Report, Reporter, SuiteCase};

/// Tells people what happens; what is broken, on standard error.
#[derive(Debug)]
pub struct Progress {
    console: Console,
    /// What is wrong with scenarios that failed as expected, by name.
    known: BTreeMap<String, String>,
    details: Vec<String>,
    /// What was said of scenarios that are left out: in further rounds it is not said again.
    left_out: Vec<String>,
}

impl Progress {
    /// Tells nothing yet.
    pub fn new(console: Console) -> Self {
        Self { console, known: BTreeMap::new(), details: Vec::new(), left_out: Vec::new() }
    }

    /// Prints a line.
    pub fn say(&self, line: impl std::fmt::Display) {
        self.console.say(line);
    }

    /// Says what goes on from now on: so many scenarios are run.
    pub fn begin(&mut self, all: usize) {
        self.console.begin(all);
    }

    /// Tells everything that is wrong, and the last line.
    pub fn finish(&mut self, counts: &Counts, took: Duration) {
        self.console.finish();
        let known = self.known.values().filter(|_| self.console.verbosity > Verbosity::Quiet);
        known.chain(&self.details).for_each(|detail| self.say(format_args!("\n{detail}")));
        self.say(self.console.terminal.summary(counts, took));
    }

    /// Prints a line about what is as it must be.
    fn tell(&self, line: impl std::fmt::Display) {
        if self.console.verbosity > Verbosity::Quiet {
            self.say(line);
        }
    }

    fn detail(&mut self, report: &Report) {
        let mut text = self.console.terminal.failure(report);
        if let Some(why) = &report.unsaved {
            text.push_str(&format!("  its evidence could not be saved: {why}\n"));
        }
        self.details.push(text);
    }
}

impl Reporter for Progress {
    fn begun(&mut self, case: &SuiteCase) {
        self.console.begun(&case.label());
        if self.console.verbosity == Verbosity::Verbose {
            self.say(format_args!("begin {}", case.label()));
        }
    }

    fn ended(&mut self, case: &SuiteCase, ending: &Ending) {
        let terminal = self.console.terminal;
        let failed = matches!(ending, Ending::Failed(..) | Ending::Unlike(_) | Ending::Broken(_));
        self.console.ended(&case.label(), failed);
        match ending {
            Ending::Passed(report) => self.tell(terminal.verdict(report)),
            Ending::Controlled(finding) => {
                self.tell(format_args!("pass  {:<38} fails under its control, with {finding}", case.label()));
            }
            Ending::Expected(report) => {
                self.tell(terminal.verdict(report));
                self.known.entry(case.label()).or_insert_with(|| terminal.failure(report));
            }
            Ending::Unlike(report) | Ending::Failed(report, FailureReason::Findings) => {
                self.say(terminal.verdict(report));
                self.detail(report);
            }
            Ending::Failed(report, FailureReason::Moves(moving)) => {
                self.say(terminal.word_for(report, "its transcript moves"));
                self.details.push(terminal.moving(&report.scenario, moving));
            }
            Ending::Failed(report, FailureReason::UnlikeExpected) => {
                self.say(terminal.word_for(report, "not as its system file expects"));
                self.detail(report);
            }
            Ending::Failed(report, FailureReason::Uncontrolled(wanted)) => {
                let found: Vec<String> = report.findings.iter().map(|finding| finding.kind.to_string()).collect();
                let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
                let why = format!("its control must fail with {wanted}; found: {found}");
                self.say(terminal.word_for(report, &why));
                self.detail(report);
            }
            Ending::Broken(why) => {
                eprintln!("{}", super::inert(&format!("quietdown: {}: {why}", case.label()), false));
            }
            Ending::LeftOut(why) => {
                let line = terminal.not_applicable(&case.label(), why);
                if !self.left_out.contains(&line) {
                    self.tell(&line);
                    self.left_out.push(line);
                }
            }
            Ending::NotRun => {}
        }
    }

    fn accepted(&mut self, snapshot: &Accepted) {
        let place = snapshot.place.display();
        match &snapshot.diff {
            None => self.say(format_args!("new   {place}")),
            Some(diff) => self.say(format_args!("taken {place}\n{}", self.console.terminal.diff(diff))),
        }
    }
}
