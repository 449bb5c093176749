//! Tells a terminal how scenarios end, one line each, and at the end what is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Terminal;
use crate::run::{Accepted, Counts, Ending, FailureReason, Reporter, SuiteCase};

/// Where people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressStream {
    /// Standard output.
    Stdout,
    /// Standard error, where standard output is for programs.
    Stderr,
}

/// Tells people what happens; what is broken, on standard error.
#[derive(Debug)]
pub struct Progress {
    terminal: Terminal,
    stream: ProgressStream,
    /// What is wrong with scenarios that failed as expected, by name.
    known: BTreeMap<String, String>,
    details: Vec<String>,
    /// What was said of scenarios that are left out: in further rounds it is not said again.
    left_out: Vec<String>,
}

impl Progress {
    /// Tells nothing yet.
    pub fn new(terminal: Terminal, stream: ProgressStream) -> Self {
        Self { terminal, stream, known: BTreeMap::new(), details: Vec::new(), left_out: Vec::new() }
    }

    /// Prints a line. Whoever has closed the pipe does not want to read more; the exit code still says how it went.
    pub fn say(&self, line: impl std::fmt::Display) {
        use std::io::Write;
        let line = line.to_string();
        let line = super::inert(&line, self.terminal.colours);
        match self.stream {
            ProgressStream::Stdout => super::note_loss(writeln!(std::io::stdout(), "{line}")),
            ProgressStream::Stderr => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }

    /// Tells everything that is wrong, and the last line.
    pub fn finish(&self, counts: &Counts, took: Duration) {
        self.known.values().chain(&self.details).for_each(|detail| self.say(format_args!("\n{detail}")));
        self.say(self.terminal.summary(counts, took));
    }
}

impl Reporter for Progress {
    fn ended(&mut self, case: &SuiteCase, ending: &Ending) {
        let terminal = self.terminal;
        match ending {
            Ending::Passed(report) => self.say(terminal.verdict(report)),
            Ending::Controlled(finding) => {
                self.say(format_args!("pass  {:<38} fails under its control, with {finding}", case.label()));
            }
            Ending::Expected(report) => {
                self.say(terminal.verdict(report));
                self.known.entry(case.label()).or_insert_with(|| terminal.failure(report));
            }
            Ending::Unlike(report) | Ending::Failed(report, FailureReason::Findings) => {
                self.say(terminal.verdict(report));
                self.details.push(terminal.failure(report));
            }
            Ending::Failed(report, FailureReason::Moves(moving)) => {
                self.say(terminal.word_for(report, "its transcript moves"));
                self.details.push(terminal.moving(&report.scenario, moving));
            }
            Ending::Failed(report, FailureReason::UnlikeExpected) => {
                self.say(terminal.word_for(report, "not as its system file expects"));
                self.details.push(terminal.failure(report));
            }
            Ending::Failed(report, FailureReason::Uncontrolled(wanted)) => {
                let found: Vec<String> = report.findings.iter().map(|finding| finding.kind.to_string()).collect();
                let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
                let why = format!("its control must fail with {wanted}; found: {found}");
                self.say(terminal.word_for(report, &why));
                self.details.push(terminal.failure(report));
            }
            Ending::Broken(why) => {
                eprintln!("{}", super::inert(&format!("quietdown: {}: {why}", case.label()), false));
            }
            Ending::LeftOut(why) => {
                let line = terminal.not_applicable(&case.label(), why);
                if !self.left_out.contains(&line) {
                    self.say(&line);
                    self.left_out.push(line);
                }
            }
        }
    }

    fn accepted(&mut self, snapshot: &Accepted) {
        let place = snapshot.place.display();
        match &snapshot.diff {
            None => self.say(format_args!("new   {place}")),
            Some(diff) => self.say(format_args!("taken {place}\n{}", self.terminal.diff(diff))),
        }
    }
}
