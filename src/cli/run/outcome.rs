//! What came of each scenario, and of all of them.

use std::collections::BTreeMap;

use quietdown::finding::FindingKind;
use quietdown::report::{Counts, Terminal};
use quietdown::run::Report;
use quietdown::scenario::NotApplicable;

use crate::cli::{BROKEN, FAILED, PASSED, WRONG};

/// What came of one scenario.
pub(super) enum Outcome {
    Passed(String),
    /// Nothing is wrong but that it is not as its snapshot, and more rounds come.
    Unlike(String, String),
    Failed(String, String),
    /// It failed as its system file declares.
    Expected(String, String),
    Broken(String),
    /// It cannot be run here.
    LeftOut(String, NotApplicable),
}

/// What came of all of them.
#[derive(Default)]
pub(super) struct Tally {
    passed: usize,
    broken: usize,
    left_out: usize,
    expected: usize,
    /// What is wrong with scenarios that failed as expected, by name.
    pub(super) known: BTreeMap<String, String>,
    /// What was left out without being declared, by name, each with the reason.
    undeclared: Vec<String>,
    pub(super) details: Vec<String>,
}

impl Tally {
    /// Counts one; says whether more rounds make sense after it.
    pub(super) fn count(&mut self, scenario: &str, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Passed(_) => self.passed += 1,
            Outcome::Expected(_, detail) => {
                self.expected += 1;
                self.known.entry(scenario.to_owned()).or_insert(detail);
            }
            Outcome::Unlike(_, detail) => self.details.push(detail),
            Outcome::Failed(_, detail) => {
                self.details.push(detail);
                return false;
            }
            Outcome::Broken(_) => {
                self.broken += 1;
                return false;
            }
            Outcome::LeftOut(_, why) => {
                self.left_out += 1;
                let said = format!("{scenario}: {}", why.reason);
                if !why.declared && !self.undeclared.contains(&said) {
                    self.undeclared.push(said);
                }
            }
        }
        true
    }

    /// The numbers, for people.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            passed: self.passed,
            failed: self.details.len() + self.broken,
            expected: self.expected,
            not_applicable: self.left_out,
        }
    }

    /// What was left out and may not be.
    pub(super) fn missed(&self, required: bool) -> &[String] {
        if required { &self.undeclared } else { &[] }
    }

    /// The exit code.
    pub(super) fn code(&self, required: bool, stale: bool) -> u8 {
        match (self.broken, self.details.len() + self.missed(required).len()) {
            (1.., _) => BROKEN,
            (0, 1..) => FAILED,
            // Nothing was tested.
            (0, 0) if self.passed + self.expected == 0 || stale => WRONG,
            (0, 0) => PASSED,
        }
    }
}

pub(super) fn control_outcome(report: Report, wanted: FindingKind, keep: bool, terminal: Terminal) -> Outcome {
    let name = report.label();
    if report.fails_with(wanted) {
        return match if keep { Ok(()) } else { report.discard() } {
            Ok(()) => Outcome::Passed(format!("pass  {name:<38} fails under its control, with {wanted}")),
            Err(why) => Outcome::Broken(format!("quietdown: {name}: the run's folder cannot be removed: {why}")),
        };
    }
    let found: Vec<String> = report.findings.iter().map(|finding| finding.kind.to_string()).collect();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let line = format!("FAIL  {name:<38} its control must fail with {wanted}; found: {found}");
    Outcome::Failed(line, terminal.failure(&report))
}
