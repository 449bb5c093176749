//! What came of a point.

use serde::{Deserialize, Serialize};

use super::compose::Composition;
use super::point::Strike;
use crate::finding::{Finding, FindingKind};
use crate::run::Report;

/// What came of a point.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The fault fired, and nothing is wrong.
    Passed,
    /// Something is wrong.
    Failed,
    /// The fault met nothing: nothing was tested.
    NotFired,
    /// The harness itself failed.
    Broken,
}

/// A point that was tried: a line of the results.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Outcome {
    /// The point's number; that of the drawn timeline in the mode of several faults.
    pub number: usize,
    /// What came of it.
    pub verdict: Verdict,
    /// What is wrong, or why it was not tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// How long it took, in microseconds.
    pub took: u64,
    /// What struck; results of version 1 do not say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strikes: Vec<Strike>,
}

impl Outcome {
    /// An outcome of which nothing more is known.
    pub fn new(number: usize, verdict: Verdict) -> Self {
        Self { number, verdict, findings: Vec::new(), took: 0, strikes: Vec::new() }
    }
}

/// Judges a run of a composed scenario. A fault that did not fire is no pass; and no failure either, unless something else is wrong.
pub(super) fn judged(number: usize, report: &Report, composition: &Composition) -> Outcome {
    let evidence = &report.evidence;
    let fired = composition
        .faults
        .iter()
        .all(|step| evidence.faults.iter().any(|fault| fault.step == *step && fault.fired.is_some()));
    let untested = |finding: &Finding| matches!(finding.kind, FindingKind::StepFailed | FindingKind::FaultNotFired);
    let verdict = match (fired, report.findings.is_empty()) {
        (true, true) => Verdict::Passed,
        (true, false) => Verdict::Failed,
        (false, _) if report.findings.iter().all(untested) => Verdict::NotFired,
        (false, _) => Verdict::Failed,
    };
    Outcome { findings: report.findings.clone(), took: evidence.took, ..Outcome::new(number, verdict) }
}

/// What failures have in common whose cause is the same: their most telling finding, without what is another at every point.
pub fn cause(findings: &[Finding]) -> String {
    causes(findings).into_iter().next().unwrap_or_default()
}

/// The most telling finding as a headline: whole, and of a step that failed with what was reached instead.
pub fn headline(findings: &[Finding]) -> String {
    let Some(finding) = findings.iter().min_by_key(|finding| rank(finding.kind)) else { return String::new() };
    let process = finding.process.as_deref().map(|process| format!(" {process}:")).unwrap_or_default();
    // What is reached is said before what was logged, which is the longest.
    let logged = |line: &&String| line.contains("` logged: ");
    let reached: Vec<&str> = match finding.kind {
        FindingKind::StepFailed => {
            finding.excerpt.iter().filter(|line| !logged(line)).take(REACHED).map(String::as_str).collect()
        }
        _ => Vec::new(),
    };
    let reached = if reached.is_empty() { String::new() } else { format!(" ({})", reached.join("; ")) };
    shortened(&format!("{}{process} {}{reached}", finding.kind, finding.message))
}

/// How much of what was reached is in a headline.
const REACHED: usize = 3;

/// In one line that somebody reads.
fn shortened(text: &str) -> String {
    const MOST: usize = 400;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Every finding that way, the most telling first.
pub(super) fn causes(findings: &[Finding]) -> Vec<String> {
    let mut telling: Vec<(usize, String)> = findings
        .iter()
        .map(|finding| {
            let process = finding.process.as_deref().map(|process| format!(" {process}:")).unwrap_or_default();
            let text = format!("{}{process} {}", finding.kind, without_particulars(&finding.message));
            (rank(finding.kind), text)
        })
        .collect();
    telling.sort_by_key(|(rank, _)| *rank);
    telling.into_iter().map(|(_, text)| text).collect()
}

/// What is wrong with the data comes first, for it is what lasts; then what is wrong with words, then what follows from it.
fn rank(kind: FindingKind) -> usize {
    if kind.is_of_data() { 0 } else { LESS_TELLING.iter().position(|less| *less == kind).map_or(1, |place| place + 2) }
}

/// What mostly follows from something else that was found, too; the last the most.
const LESS_TELLING: [FindingKind; 6] = [
    FindingKind::LevelAboveDebug,
    FindingKind::ExitStatus,
    FindingKind::CallResult,
    FindingKind::CallNeverEnded,
    FindingKind::StepFailed,
    FindingKind::FaultNotFired,
];

/// A message without names in quotes, numbers, and what a call said of its failure.
fn without_particulars(message: &str) -> String {
    let mut out = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(['`', '"', '(', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = match rest.as_bytes()[0] {
            b'`' => rest[1..].find('`').map(|end| end + 2),
            b'"' => rest[1..].find('"').map(|end| end + 2),
            b'(' => rest.find(')').map(|end| end + 1),
            _ => None,
        };
        let end = end.unwrap_or_else(|| rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()).max(1));
        if !rest.starts_with('(') {
            out.push('…');
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_says_what_was_awaited_and_what_was_reached() {
        let hang = |step: u32, path: &str| {
            let seen = [
                "`b` logged: waiting".to_owned(),
                format!("`b` sent GET {path} (reached: RequestSent)"),
                "the call `get-1` (get) of `b` is in flight".to_owned(),
            ];
            let message = format!("step {step}: the end of `server`: not within 2.5s");
            Finding::new(FindingKind::StepFailed, message).excerpt(seen)
        };
        let level = Finding::new(FindingKind::LevelAboveDebug, "a record of level ERROR").process("b");
        let [one, other] = [hang(3, "/items/1"), hang(4, "/items/2")].map(|hang| [hang, level.clone()]);
        // The level is less of a consequence than the step.
        assert_eq!(headline(&one), "level-above-debug b: a record of level ERROR");
        assert_eq!(
            headline(&one[..1]),
            "step-failed step 3: the end of `server`: not within 2.5s (`b` sent GET /items/1 (reached: RequestSent); the call \
             `get-1` (get) of `b` is in flight)"
        );
        assert_eq!(cause(&one[..1]), cause(&other[..1]), "one cause, whatever the particulars");
        assert_ne!(headline(&one[..1]), headline(&other[..1]));
        let long = Finding::new(FindingKind::Lost, "é".repeat(1000));
        assert_eq!(headline(&[long]).chars().count(), 401);
        assert_eq!(headline(&[]), "");
    }

    #[test]
    fn one_cause_has_one_text_whatever_the_call() {
        let finding = |text: &str| Finding::new(FindingKind::ReportedTwice, text).process("a");
        let one =
            cause(&[finding("the call `x` (enqueue) ended as transport, which must be reported once; it was 2 times")]);
        let two = cause(&[finding(
            "the call `why` (add_span) ended as transport, which must be reported once; it was 3 times",
        )]);
        assert_eq!(one, two);
        assert_eq!(one, "reported-twice a: the call … ended as transport, which must be reported once; it was … times");
        assert_ne!(one, cause(&[Finding::new(FindingKind::Lost, "the call `x`")]));
        let stuck = |id: &str| Finding::new(FindingKind::Stuck, format!("taken by nobody: \"{id}\""));
        let traceback = Finding::new(FindingKind::Traceback, "a traceback");
        assert_eq!(cause(&[traceback, stuck("ro-1a")]), cause(&[stuck("ro-b2")]), "the data are more telling");
    }
}
