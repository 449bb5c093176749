//! Nothing above INFO before the first fault; after it nothing above DEBUG, but for what is allowed, demanded or owed.

use super::Case;
use super::calls::call_of;
use crate::evidence::Process;
use crate::finding::{Finding, FindingKind};
use crate::log::{Level, Record};
use crate::system::RoleKind;

/// How many lines after the first one are shown of a record.
const EXCERPT: usize = 10;

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    let first_fault = case.evidence.first_fault().unwrap_or(u64::MAX);
    let policy = case.policy();
    let allows = |record: &Record| {
        policy.allow.iter().filter_map(|name| case.line(name.as_ref())).any(|line| line.matches(record))
    };
    for process in &case.evidence.processes {
        for record in &process.records {
            let before = record.at < first_fault;
            let allowed = if before { policy.before } else { policy.after };
            // Text that is no record of the format has no level; on a stream for errors it is as loud as one.
            let stray = record.level.is_none()
                && record.tracebacks.is_empty()
                && !matches!(case.system.log.format, crate::log::Format::Raw);
            let level = record.level.unwrap_or(if stray { Level::Warn } else { Level::Debug });
            if level <= allowed
                || allows(record)
                || case.is_lifecycle(process, record)
                || case.is_demanded(process, record)
                || is_owed(case, process, record, level)
            {
                continue;
            }
            let (kind, when) = match before {
                // Named after what they are by default; a policy may draw the line elsewhere.
                true => (FindingKind::LevelAboveInfo, "before the first fault"),
                false => (FindingKind::LevelAboveDebug, "after a fault"),
            };
            let about = call_of(case, process, record);
            let of_call = about.map(|call| {
                format!(
                    " about the call `{}`, which ended as {}",
                    call.name,
                    call.result.map_or("nothing", |result| result.name())
                )
            });
            let what = if stray { "text outside any record".to_owned() } else { level.to_string() };
            let message = format!("{what} {when}{}", of_call.unwrap_or_default());
            let lines = std::iter::once(record.summary()).chain(record.continuation.iter().take(EXCERPT).cloned());
            let mut finding = Finding::new(kind, message).process(&process.name).excerpt(lines);
            if let Some(call) = about {
                finding = finding.call(&call.name);
            }
            findings.push(finding);
        }
    }
}

/// With a policy that demands it, a client reports after the first fault.
pub(super) fn must_be_loud(case: Case<'_>, findings: &mut Vec<Finding>) {
    let Some(first_fault) = case.evidence.first_fault().filter(|_| case.policy().loud) else { return };
    let is_client = |process: &&Process| case.kind(process, None) != Some(RoleKind::Server);
    let loud = |record: &Record| record.at >= first_fault && record.level >= Some(Level::Warn);
    let mut clients = case.evidence.processes.iter().filter(is_client);
    if !clients.any(|process| process.records.iter().any(loud)) {
        let message = "the policy demands that a client reports after the first fault, at WARN or ERROR; none did";
        findings.push(Finding::new(FindingKind::NotReported, message));
    }
}

/// Whether a record is the report that a failed call, or an outage of a free-running role, obliges to. How many there are is judged elsewhere.
fn is_owed(case: Case<'_>, process: &Process, record: &Record, level: Level) -> bool {
    if level < Level::Warn {
        return false;
    }
    if let Some(call) = call_of(case, process, record) {
        return call.result.is_some_and(|result| result.must_be_reported());
    }
    case.kind(process, Some(record)) == Some(RoleKind::FreeRunning) && super::free_running::outages(case, process) > 0
}
