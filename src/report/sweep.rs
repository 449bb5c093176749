//! A sweep for people at a terminal: the matrix of requests and phases, and what it cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::Terminal;
use super::terminal::{BAD, GOOD, MIXED};
use crate::log::printable;
use crate::proxy::Phase;
use crate::run::Cost;
use crate::scenario::SweepFault;
use crate::sweep::{Outcome, Recorded, SweepPoint, Verdict};

/// The columns of the matrix, with what stands above them.
const PHASES: [(Phase, &str); 6] = [
    (Phase::RequestHead, "head"),
    (Phase::RequestBody, "body"),
    (Phase::RequestSent, "sent"),
    (Phase::ResponseHead, "head"),
    (Phase::ResponseBody, "body"),
    (Phase::ResponseSent, "sent"),
];

/// How wide a column is: six of them and a label are within 80 columns.
const COLUMN: usize = 8;
/// How wide the label of a request may be.
const LABEL: usize = 79 - 6 * (COLUMN + 1);

/// What stands before a share, and what it means.
const MARKS: [(&str, &str); 3] =
    [("F ", "F: a point failed"), ("B ", "B: the harness failed"), ("U ", "U: a fault met nothing")];

/// A label as far as there is room.
fn shortened(label: &str) -> String {
    let label = printable(label);
    if label.chars().count() <= LABEL {
        return label.into_owned();
    }
    label.chars().take(LABEL - 1).chain(['…']).collect()
}

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

    /// What is to be seen of it without colours.
    fn mark(self) -> &'static str {
        match self {
            Self { failed: 1.., .. } => "F ",
            Self { broken: 1.., .. } => "B ",
            Self { not_fired: 1.., .. } => "U ",
            _ => "",
        }
    }

    fn all(self) -> usize {
        self.passed + self.failed + self.not_fired + self.broken + self.not_run
    }
}

impl Terminal {
    /// The matrix: a row for every request, a column for every phase, in each cell how many points passed of how many.
    pub fn matrix(self, points: &[SweepPoint], requests: &[Recorded], outcomes: &BTreeMap<usize, Outcome>) -> String {
        let mut cells: BTreeMap<(usize, Phase), Tally> = BTreeMap::new();
        for point in points {
            if let Some(strike) = point.strikes.last() {
                cells.entry((strike.request, strike.place.phase)).or_default().add(outcomes.get(&point.number));
            }
        }
        let rows: Vec<(usize, String)> = requests
            .iter()
            .enumerate()
            .filter(|(index, _)| PHASES.iter().any(|(phase, _)| cells.contains_key(&(*index, *phase))))
            .map(|(index, request)| (index, shortened(&request.label())))
            .collect();
        let width = rows.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0);
        let half = 3 * (COLUMN + 1);
        let mut text = format!("{:width$}{:>half$}{:>half$}\n{:width$}", "", "request", "response", "");
        for (_, name) in PHASES {
            let _ = write!(text, " {name:>COLUMN$}");
        }
        text.push('\n');
        for (index, label) in &rows {
            let _ = write!(text, "{label:width$}");
            for (phase, _) in PHASES {
                let cell = cells.get(&(*index, phase)).map_or(format!("{:COLUMN$}", ""), |tally| self.cell(*tally));
                let _ = write!(text, " {cell}");
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        let marked: Vec<&str> = MARKS
            .iter()
            .filter(|(mark, _)| cells.values().any(|it| it.mark() == *mark))
            .map(|(_, what)| *what)
            .collect();
        if !marked.is_empty() {
            let _ = writeln!(text, "passed/all; {}", marked.join(", "));
        }
        text
    }

    fn cell(self, tally: Tally) -> String {
        let share = format!("{}{}/{}", tally.mark(), tally.passed, tally.all());
        let style = match tally {
            Tally { failed: 1.., .. } | Tally { broken: 1.., .. } => BAD,
            Tally { not_fired: 1.., .. } => MIXED,
            Tally { not_run: 1.., .. } => Style::new().dimmed(),
            _ => GOOD,
        };
        self.paint(&format!("{share:>COLUMN$}"), style)
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
        let outcome = |verdict| Outcome::new(1, verdict);
        let mut tally = Tally::default();
        for verdict in [Verdict::Passed, Verdict::NotFired, Verdict::Failed, Verdict::Broken] {
            tally.add(Some(&outcome(verdict)));
        }
        tally.add(None);
        assert_eq!(tally, Tally { passed: 1, failed: 1, not_fired: 1, broken: 1, not_run: 1 });
        let plain = Terminal { colours: false };
        assert_eq!(plain.cell(tally).trim(), "F 1/5");
        assert_eq!(plain.cell(Tally { passed: 2, not_fired: 1, ..Tally::default() }).trim(), "U 2/3");
        assert_eq!(plain.cell(Tally { passed: 2, not_run: 1, ..Tally::default() }).trim(), "2/3");
    }

    #[test]
    fn a_matrix_fits_into_80_columns_however_long_a_label_is() {
        let request = Recorded {
            process: "a-client-with-a-long-name".to_owned(),
            call: Some("enqueue_rollout_with_resources".to_owned()),
            op: None,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            sizes: crate::sweep::Sizes::default(),
            earlier: Vec::new(),
            steps: (0, 0),
            cause: None,
        };
        let strike = |(phase, _)| crate::sweep::Strike {
            request: 0,
            place: crate::sweep::SweepPlace { phase, spot: None },
            fault: SweepFault::Rst,
            persistence: crate::sweep::Persistence::Once,
        };
        let points: Vec<SweepPoint> =
            (0..600).map(|number| SweepPoint { number, strikes: vec![strike(PHASES[number % 6])] }).collect();
        let outcomes = points.iter().map(|point| (point.number, Outcome::new(point.number, Verdict::Failed))).collect();
        let text = Terminal { colours: false }.matrix(&points, &[request], &outcomes);
        assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");
        assert!(text.contains("F 0/100") && text.contains("passed/all; F: a point failed"), "{text}");
    }
}
