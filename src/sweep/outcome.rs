//! What came of a point.

use serde::{Deserialize, Serialize};

use super::compose::Composition;
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
    Outcome { number, verdict, findings: report.findings.clone(), took: evidence.took }
}

/// What failures have in common whose cause is the same: their most telling finding, without what is another at every point.
pub fn cause(findings: &[Finding]) -> String {
    causes(findings).into_iter().next().unwrap_or_default()
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
