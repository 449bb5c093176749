//! Draws findings from the evidence: quiet about what was planned, loud about what was not. Pure functions.

mod calls;
mod exits;
mod expected;
mod faults;
mod free_running;
mod invariants;
mod levels;
mod lines;
mod nearest;
#[cfg(test)]
mod tests;
mod wanted;

use std::collections::BTreeMap;

use crate::evidence::{Evidence, ProcessEvidence};
use crate::finding::{Finding, FindingKind};
use crate::log::{Record, Stream};
use crate::mutation::{Mutation, planted};
use crate::scenario::ScenarioFile;
use crate::system::{Line, Policy, RoleKind, SystemFile};
pub use expected::unlike;
use wanted::Wanted;

/// What a verdict is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What was observed.
    pub evidence: &'a Evidence,
    /// What the scenario demands.
    pub scenario: &'a ScenarioFile,
    /// What the system's words mean.
    pub system: &'a SystemFile,
}

/// Everything that is wrong with a run, the transcript apart; nothing means that it passed.
pub fn judge(case: Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    faults::judge(case, &mut findings);
    calls::judge(case, &mut findings);
    tracebacks(case, &mut findings);
    levels::judge(case, &mut findings);
    free_running::judge(case, &mut findings);
    levels::must_be_loud(case, &mut findings);
    lines::judge(case, &mut findings);
    exits::judge(case, &mut findings);
    invariants::judge(case, &mut findings);
    truncated(case, &mut findings);
    // Causes before what follows from them: a stop that was late, then the rest, then what came of the harness's own end of the run.
    let late_stop = |finding: &Finding| {
        let of = |process: &ProcessEvidence| Some(&process.name) == finding.process.as_ref();
        let stopped = |process: &ProcessEvidence| process.boots.iter().any(|boot| boot.late_stop.is_some());
        finding.kind == FindingKind::ExitLate && case.evidence.processes.iter().any(|it| of(it) && stopped(it))
    };
    findings.sort_by_key(|finding| (!late_stop(finding), finding.after_end));
    findings.retain(|finding| !planted(Mutation::BlindTo(finding.kind)));
    fold(findings)
}

/// How many findings of one kind are made about one process, one by one.
const FINDINGS_BOUND: usize = 25;

/// A process that floods its log is one problem, not a hundred thousand: what is past the bound is only counted.
fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut counts: BTreeMap<(FindingKind, Option<String>), usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for finding in findings {
        let count = counts.entry((finding.kind, finding.process.clone())).or_default();
        *count += 1;
        if *count <= FINDINGS_BOUND {
            kept.push(finding);
        }
    }
    for ((kind, process), count) in counts.into_iter().filter(|(_, count)| *count > FINDINGS_BOUND) {
        let message = format!("and {} more of this kind", count - FINDINGS_BOUND);
        kept.push(Finding { process, ..Finding::new(kind, message) });
    }
    kept
}

fn tracebacks(case: Case<'_>, findings: &mut Vec<Finding>) {
    let policy = case.policy();
    let judged = |process: &&ProcessEvidence| !policy.allows_tracebacks_of(&process.role);
    for process in case.evidence.processes.iter().filter(judged) {
        for record in &process.records {
            for traceback in &record.tracebacks {
                let exception = traceback.exception.as_deref().unwrap_or("traceback");
                let place = traceback.place().map(|place| format!(", at {place}")).unwrap_or_default();
                let cause = traceback.cause.as_ref().map(|cause| format!(", caused by {cause}")).unwrap_or_default();
                let language = traceback.language.name();
                let ending = case.evidence.ending(process, record);
                let when = ending.map(|what| format!(" ({what})")).unwrap_or_default();
                let message =
                    format!("a traceback of {language}: {exception}: {}{place}{cause}{when}", traceback.message);
                let excerpt = std::iter::once(record.summary()).chain(traceback.lines.iter().take(12).cloned());
                let finding = Finding::new(FindingKind::Traceback, message).process(&process.name);
                findings.push(finding.after_end(ending.is_some()).excerpt(excerpt));
            }
        }
    }
}

fn truncated(case: Case<'_>, findings: &mut Vec<Finding>) {
    for process in &case.evidence.processes {
        for stream in &process.unread {
            let name = match stream {
                Stream::Stdout => "standard output",
                Stream::Stderr => "standard error",
            };
            let message = format!(
                "its {name} could not be read to its end: who holds it open is no process of the run ({} bytes of its output were read)",
                process.output
            );
            findings.push(Finding::new(FindingKind::LogTruncated, message).process(&process.name));
        }
        let dropped = process.dropped + process.records.iter().map(|record| record.dropped).sum::<u64>();
        if dropped == 0 {
            continue;
        }
        let message = match process.output {
            0 => format!("{dropped} bytes of its log were not kept, so it cannot be judged whole"),
            all => format!("{dropped} of {all} bytes of its log were not kept, so it cannot be judged whole"),
        };
        findings.push(Finding::new(FindingKind::LogTruncated, message).process(&process.name));
    }
}

impl<'a> Case<'a> {
    fn line(self, name: &str) -> Option<&'a Line> {
        self.system.lines.get(name)
    }

    /// The policy that the scenario names, else that of the system.
    fn policy(self) -> Policy {
        let named = self.scenario.expect.policy.as_ref();
        let name = named.map_or(self.system.default_policy(), |name| name.as_ref().as_str());
        // An unknown name was refused before anything ran.
        self.system.policy_named(name).unwrap_or_default()
    }

    /// What a process's role is to the harness; what its record's role is, for a composite one.
    fn kind(self, process: &ProcessEvidence, record: Option<&Record>) -> Option<RoleKind> {
        let role = record.map_or(process.role.as_str(), |record| self.system.role_of_record(&process.role, record));
        self.system.role(role).map(|role| role.kind)
    }

    /// Whether a record is one that may be there at any level and any time.
    fn is_lifecycle(self, process: &ProcessEvidence, record: &Record) -> bool {
        let own = self.system.role_of_record(&process.role, record);
        [own, process.role.as_str()].into_iter().filter_map(|role| self.system.role(role)).any(|role| {
            role.lifecycle.iter().filter_map(|name| self.line(name.as_ref())).any(|line| line.matches(record))
        })
    }

    /// Whether the scenario itself demands this record.
    fn is_demanded(self, process: &ProcessEvidence, record: &Record) -> bool {
        self.scenario.expect.line.iter().any(|expected| {
            let expected = expected.as_ref();
            expected.count.max != Some(0) && Wanted::new(self, expected).matches(process, record)
        })
    }
}
