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
    for process in &case.evidence.processes {
        for record in &process.records {
            let before = record.at < first_fault;
            let allowed = if before { Level::Info } else { Level::Debug };
            // Text that is no record of the format has no level; on a stream for errors it is as loud as one.
            let stray = record.level.is_none()
                && record.tracebacks.is_empty()
                && !matches!(case.system.log.format, crate::log::Format::Raw);
            let level = record.level.unwrap_or(if stray { Level::Warn } else { Level::Debug });
            if level <= allowed
                || case.is_lifecycle(process, record)
                || case.is_demanded(process, record)
                || is_owed(case, process, record, level)
            {
                continue;
            }
            let (kind, when) = match before {
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
