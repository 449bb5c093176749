//! A free-running role reports once per outage: not once per request, and not never.

use super::Case;
use crate::evidence::ProcessEvidence;
use crate::finding::{Finding, FindingKind};
use crate::log::{Level, Record};
use crate::system::RoleKind;

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    for process in &case.evidence.processes {
        if case.kind(process, None) != Some(RoleKind::FreeRunning) {
            continue;
        }
        let outages = outages(case, process);
        let reports: Vec<&Record> = process.records.iter().filter(|record| is_report(case, process, record)).collect();
        let excerpt = || reports.iter().map(|record| record.summary());
        if case.policy().reports && outages > 0 && reports.len() > outages {
            let message = format!("{outages} outage(s), but {} reports", reports.len());
            findings.push(Finding::new(FindingKind::ReportedTwice, message).process(&process.name).excerpt(excerpt()));
        }
        if reports.is_empty() && !says_anything(case, process) && must_have_noticed(case, process) {
            let message = "the server was killed under it and did not come back, and it reported nothing";
            findings.push(Finding::new(FindingKind::NotReported, message).process(&process.name));
        }
    }
}

fn is_report(case: Case<'_>, process: &ProcessEvidence, record: &Record) -> bool {
    record.level.is_some_and(|level| level >= Level::Warn)
        && !case.is_lifecycle(process, record)
        && !case.is_demanded(process, record)
}

/// Whether it says something after the first fault that is no record above INFO, and loud all the same: a stack trace, or text outside
/// any record; of a format without levels nobody knows how loud a line is.
fn says_anything(case: Case<'_>, process: &ProcessEvidence) -> bool {
    let since = case.evidence.first_fault().unwrap_or(u64::MAX);
    let says = |record: &Record| record.outside || !record.tracebacks.is_empty() || process.traces_only;
    process.records.iter().any(|record| record.at >= since && says(record))
}

/// The unplanned faults that a process can have noticed: on its own link, or on the server.
pub(super) fn outages(case: Case<'_>, process: &ProcessEvidence) -> usize {
    let unplanned = case.evidence.faults.iter().filter(|fault| !fault.planned);
    unplanned.filter(|fault| fault.target == process.name || is_server(case, &fault.target)).count()
}

fn is_server(case: Case<'_>, name: &str) -> bool {
    let process = case.evidence.processes.iter().find(|process| process.name == name);
    process.and_then(|process| case.kind(process, None)) == Some(RoleKind::Server)
}

/// Whether a request of it was broken by a kill of a server that did not come back while it ran.
fn must_have_noticed(case: Case<'_>, process: &ProcessEvidence) -> bool {
    case.evidence.faults.iter().filter(|fault| fault.action == "kill" && is_server(case, &fault.target)).any(|fault| {
        let server = case.evidence.processes.iter().find(|process| process.name == fault.target);
        let came_back = server.is_some_and(|server| {
            server.boots.iter().any(|boot| boot.started > fault.at && boot.teardown_record.is_none())
        });
        let broken =
            case.evidence.requests.iter().any(|request| request.process == process.name && !request.seen.finished);
        let ended_itself =
            process.boots.last().and_then(|boot| boot.exit.as_ref()).is_some_and(|exit| exit.at < fault.at);
        // It must also have had the time to give up: only what the scenario waited for is certain.
        broken && !came_back && !ended_itself && process.boots.iter().all(|boot| boot.asked.is_none())
    })
}
