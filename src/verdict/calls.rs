//! Every call ends, as the scenario says, and a failed one is reported exactly once.

use serde_json::Value;

use super::Case;
use crate::evidence::{Call, CallResult, ProcessEvidence};
use crate::finding::{Finding, FindingKind};
use crate::log::{Level, Record};
use crate::system::RoleKind;

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    for call in &case.evidence.history {
        let found = |kind, message: String| Finding::new(kind, message).process(&call.process).call(&call.name);
        if !call.further.is_empty() {
            let further: Vec<&str> = call.further.iter().map(|result| result.name()).collect();
            let first = call.result.map_or("nothing", CallResult::name);
            let message = format!(
                "the client answered the call `{}` ({}) more than once: as {first}, then as {}",
                call.name,
                call.op,
                further.join(", ")
            );
            findings.push(found(FindingKind::CallResult, message));
        }
        let Some(result) = call.result else {
            findings.push(found(
                FindingKind::CallNeverEnded,
                format!("the call `{}` ({}) did not end", call.name, call.op),
            ));
            continue;
        };
        let said = call.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
        if let Some(expected) = call.expected.as_ref().filter(|expected| !expected.allow(result)) {
            let message =
                format!("the call `{}` ({}) ended as {}{said}, not as {expected}", call.name, call.op, result.name());
            findings.push(found(FindingKind::CallResult, message));
        }
        if let (Some(returns), CallResult::Ok) = (&call.returns, result) {
            let value = call.value.as_ref().unwrap_or(&Value::Null);
            if !contains(value, returns) {
                let message = format!("the call `{}` ({}) did not return what it must", call.name, call.op);
                let excerpt = [format!("must have {returns}"), format!("returned  {value}")];
                findings.push(found(FindingKind::CallReturns, message).excerpt(excerpt));
            }
        }
        if result == CallResult::Shutdown && !planned_end(case, call) {
            let message = format!(
                "the call `{}` ({}) ended as shutdown{said}, but nothing that was planned can have ended it",
                call.name, call.op
            );
            findings.push(found(FindingKind::OverSuppressed, message));
        }
        if result.must_be_reported() && case.policy().reports {
            reported_once(case, call, result, findings);
        }
    }
}

/// Whether a planned fault on a server process can have ended the call: it came before the call's end, and the server was
/// not ready again before the call began.
fn planned_end(case: Case<'_>, call: &Call) -> bool {
    let ended = call.ended.unwrap_or(u64::MAX);
    case.evidence.faults.iter().filter(|fault| fault.planned && fault.at <= ended).any(|fault| {
        let target = case.evidence.processes.iter().find(|process| process.name == fault.target);
        target.is_some_and(|process| {
            let listens = matches!(case.kind(process, None), Some(RoleKind::Server | RoleKind::Composite));
            let back =
                process.boots.iter().filter_map(|boot| boot.ready).any(|ready| ready > fault.at && ready < call.begun);
            listens && !back
        })
    })
}

fn reported_once(case: Case<'_>, call: &Call, result: CallResult, findings: &mut Vec<Finding>) {
    let Some(process) = case.evidence.processes.iter().find(|process| process.name == call.process) else { return };
    // The harness's own client logs nothing: the history is its report.
    if case.kind(process, None) == Some(RoleKind::Http) {
        return;
    }
    let reports: Vec<&Record> =
        process.records.iter().filter(|record| is_report(record) && is_about(case, record, call)).collect();
    let kind = match reports.len() {
        1 => return,
        0 => FindingKind::NotReported,
        _ => FindingKind::ReportedTwice,
    };
    let dialect = case.system.dialect(&process.role);
    let field = &case.system.log.call_field;
    let unreadable = if dialect.carries(field) {
        String::new()
    } else {
        format!(
            "; its format `{}` carries no field `{field}`, so that no record can say which call it is about",
            dialect.format_name()
        )
    };
    let message = format!(
        "the call `{}` ({}) ended as {}, which must be reported once; it was {} times{unreadable}",
        call.name,
        call.op,
        result.name(),
        reports.len()
    );
    // One that does not say which call it is about may be meant for it.
    let meant = |record: &&Record| {
        reports.is_empty() && is_report(record) && record.at >= call.begun && record.field(field).is_none()
    };
    let meant = process.records.iter().filter(meant).take(NEAR);
    let meant = meant.map(|record| format!("without the field `{field}`: {}", record.summary()));
    let excerpt = reports.iter().map(|record| record.summary()).chain(meant);
    findings.push(Finding::new(kind, message).process(&call.process).call(&call.name).excerpt(excerpt));
}

/// How many records are shown that may be meant for a call.
const NEAR: usize = 3;

fn is_report(record: &Record) -> bool {
    record.level.is_some_and(|level| level >= Level::Warn)
}

fn is_about(case: Case<'_>, record: &Record, call: &Call) -> bool {
    record.field(&case.system.log.call_field) == Some(call.number.to_string().as_str())
}

/// The call that a record of a driven client is about.
pub(super) fn call_of<'a>(case: Case<'a>, process: &ProcessEvidence, record: &Record) -> Option<&'a Call> {
    let number: u64 = record.field(&case.system.log.call_field)?.parse().ok()?;
    case.evidence.history.iter().find(|call| call.process == process.name && call.number == number)
}

/// Whether `value` has everything that `wanted` has: tables by their keys, lists item by item.
fn contains(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(name, item)| value.get(name).is_some_and(|found| contains(found, item)))
        }
        (Value::Array(value), Value::Array(wanted)) => {
            value.len() == wanted.len() && value.iter().zip(wanted).all(|(found, item)| contains(found, item))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => value == wanted,
    }
}
