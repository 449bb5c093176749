//! A sweep for people at a terminal: the matrix of requests and phases, and what it cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Terminal;
use crate::log::printable;
use crate::proxy::Phase;
use crate::run::Cost;
use crate::scenario::SweepFault;
use crate::sweep::{Outcome, Point, Recorded, Verdict, phase_name};

/// The columns of the matrix.
const PHASES: [Phase; 6] = [
    Phase::RequestHead,
    Phase::RequestBody,
    Phase::RequestSent,
    Phase::ResponseHead,
    Phase::ResponseBody,
    Phase::ResponseSent,
];

/// How many points of a cell came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// The fault fired, and nothing is wrong.
    pub passed: usize,
    /// Something is wrong.
    pub failed: usize,
    /// The fault met nothing.
    pub not_fired: usize,
    /// The harness failed.
    pub broken: usize,
    /// Not run.
    pub not_run: usize,
}

impl Tally {
    /// Counts a point.
    pub fn add(&mut self, outcome: Option<&Outcome>) {
        match outcome.map(|outcome| &outcome.verdict) {
            Some(Verdict::Passed) => self.passed += 1,
            Some(Verdict::Failed) => self.failed += 1,
            Some(Verdict::NotFired) => self.not_fired += 1,
            Some(Verdict::Broken) => self.broken += 1,
            None => self.not_run += 1,
        }
    }

    fn all(self) -> usize {
        self.passed + self.failed + self.not_fired + self.broken + self.not_run
    }
}

impl Terminal {
    /// The matrix: a row for every request, a column for every phase, in each cell how many points passed of how many.
    pub fn matrix(self, points: &[Point], requests: &[Recorded], outcomes: &BTreeMap<usize, Outcome>) -> String {
        let mut cells: BTreeMap<(usize, Phase), Tally> = BTreeMap::new();
        for point in points {
            if let Some(strike) = point.strikes.last() {
                cells.entry((strike.request, strike.place.phase)).or_default().add(outcomes.get(&point.number));
            }
        }
        let width = requests.iter().map(|request| request.label().chars().count()).max().unwrap_or(0);
        let mut text = format!("{:width$}", "");
        for phase in PHASES {
            let _ = write!(text, "  {:>13}", phase_name(phase));
        }
        text.push('\n');
        for (index, request) in requests.iter().enumerate() {
            if !PHASES.iter().any(|phase| cells.contains_key(&(index, *phase))) {
                continue;
            }
            let _ = write!(text, "{:width$}", printable(&request.label()));
            for phase in PHASES {
                let cell = cells.get(&(index, phase)).map_or(String::new(), |tally| self.cell(*tally));
                text.push_str("  ");
                text.push_str(&cell);
                if !cells.contains_key(&(index, phase)) {
                    let _ = write!(text, "{:>13}", "");
                }
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }

    fn cell(self, tally: Tally) -> String {
        let share = format!("{}/{}", tally.passed, tally.all());
        let (word, colour) = match tally {
            Tally { failed: 1.., .. } => ("FAIL ", "31;1"),
            Tally { broken: 1.., .. } => ("broken ", "31;1"),
            Tally { not_fired: 1.., .. } => ("unmet ", "33"),
            Tally { not_run: 1.., .. } => ("", "2"),
            _ => ("", "32"),
        };
        self.paint(&format!("{:>13}", format!("{word}{share}")), colour)
    }

    /// What points cost, a line for every fault and one for all.
    pub fn costs(self, costs: &BTreeMap<SweepFault, Cost>) -> String {
        let mut text = format!("{:<24} {:>7} {:>9} {:>14}\n", "fault", "points", "points/s", "CPU per point");
        let mut line = |name: &str, cost: Cost| {
            let (rate, cpu) = (cost.rate(), cost.cpu_per_point());
            let _ = writeln!(text, "{name:<24} {:>7} {rate:>9.1} {cpu:>11.1} ms", cost.points);
        };
        costs.iter().for_each(|(fault, cost)| line(fault.name(), *cost));
        let sum = |only: &dyn Fn(SweepFault) -> bool| {
            let some = costs.iter().filter(|(fault, _)| only(**fault));
            some.fold(Cost::default(), |sum, (_, cost)| sum.plus(*cost))
        };
        line("all", sum(&|_| true));
        line("that need no timeout", sum(&SweepFault::needs_no_timeout));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_fire_and_what_did_not_run_is_no_pass() {
        let outcome = |verdict| Outcome { number: 1, verdict, findings: Vec::new(), took: 0 };
        let mut tally = Tally::default();
        for verdict in [Verdict::Passed, Verdict::NotFired, Verdict::Failed, Verdict::Broken] {
            tally.add(Some(&outcome(verdict)));
        }
        tally.add(None);
        assert_eq!(tally, Tally { passed: 1, failed: 1, not_fired: 1, broken: 1, not_run: 1 });
        let plain = Terminal { colours: false };
        assert_eq!(plain.cell(tally).trim(), "FAIL 1/5");
        assert_eq!(plain.cell(Tally { passed: 2, not_fired: 1, ..Tally::default() }).trim(), "unmet 2/3");
        assert_eq!(plain.cell(Tally { passed: 2, not_run: 1, ..Tally::default() }).trim(), "2/3");
    }
}
