//! What must hold of the data at the end.

use serde_json::Value;

use super::Case;
use crate::evidence::{Call, CallResult};
use crate::finding::{Finding, FindingKind};
use crate::system::{AcknowledgedOnce, Invariant, RoleKind};

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    let Some(read) = &case.evidence.final_read else { return };
    for (invariant, answer) in case.system.invariants.iter().zip(&read.answers) {
        let Invariant::AcknowledgedOnce(rule) = invariant.as_ref();
        match answer {
            Err(why) => findings
                .push(Finding::new(FindingKind::FinalRead, format!("the data could not be read at the end: {why}"))),
            Ok(answer) => acknowledged_once(case, rule, answer, findings),
        }
    }
}

/// What a write acknowledged is there exactly once; what it may have done, at most once; and nothing else.
fn acknowledged_once(case: Case<'_>, rule: &AcknowledgedOnce, answer: &Value, findings: &mut Vec<Finding>) {
    let list = rule.items.as_ref().map_or(answer, |name| &answer[name.as_str()]);
    let Some(items) = list.as_array() else {
        findings
            .push(Finding::new(FindingKind::FinalRead, format!("the answer of {} has no list of items", rule.read)));
        return;
    };
    let writes: Vec<&Call> = case.evidence.history.iter().filter(|call| call.op == *rule.write.as_ref()).collect();
    let mut seen: Vec<&Value> = Vec::new();
    for call in &writes {
        let argument = &call.args[rule.argument.as_str()];
        if seen.contains(&argument) {
            continue;
        }
        seen.push(argument);
        let same: Vec<&&Call> = writes.iter().filter(|other| other.args[rule.argument.as_str()] == *argument).collect();
        let sure = same.iter().filter(|call| call.result == Some(CallResult::Ok)).count();
        let maybe = same.iter().filter(|call| call.effect == crate::evidence::CallEffect::Unknown).count();
        let there = items.iter().filter(|item| item[rule.field.as_str()] == *argument).count();
        let what = format!(
            "{} with {} {argument}: {sure} acknowledged, {maybe} unknown, {there} there",
            rule.write.as_ref(),
            rule.argument
        );
        if there < sure {
            findings.push(Finding::new(FindingKind::Lost, what).process(&call.process).call(&call.name));
        } else if there > sure + maybe {
            findings.push(Finding::new(FindingKind::Duplicated, what).process(&call.process).call(&call.name));
        }
    }
    for call in writes.iter().filter(|call| call.result == Some(CallResult::Ok)) {
        let id = call.value.as_ref().map(|value| &value[rule.id.as_str()]).filter(|id| !id.is_null());
        if let Some(id) = id.filter(|id| !items.iter().any(|item| item[rule.id.as_str()] == **id)) {
            let message = format!("{} was acknowledged with {} {id}, which is not there", rule.write.as_ref(), rule.id);
            findings.push(Finding::new(FindingKind::Lost, message).process(&call.process).call(&call.name));
        }
    }
    let others_write =
        case.evidence.processes.iter().any(|process| case.kind(process, None) == Some(RoleKind::Composite))
            || case
                .evidence
                .history
                .iter()
                .any(|call| call.op != *rule.write.as_ref() && writes_as(case, &call.op, rule.write.as_ref()));
    let nobodys = items.iter().filter(|item| !seen.contains(&&item[rule.field.as_str()])).count();
    if nobodys > 0 && !others_write {
        let message = format!("{nobodys} item(s) are there that no call has written");
        findings.push(Finding::new(FindingKind::Duplicated, message));
    }
}

/// Whether another operation makes the same request, and so writes the same kind of item.
fn writes_as(case: Case<'_>, op: &str, write: &str) -> bool {
    let request = |op: &str| case.system.operations.get(op).map(|rule| (rule.method.clone(), rule.path.clone()));
    request(op) == request(write)
}
