//! Values by key: what is there is what was written last.

use serde_json::Value;

use super::item_effects::{ItemEffect, at, before, keyed, line, short, sure};
use super::others_write;
use crate::evidence::Call;
use crate::finding::{Finding, FindingKind};
use crate::system::Register;
use crate::verdict::Case;

/// The values at the end.
pub(super) fn judge(
    case: Case<'_>,
    rule: &Register,
    asked: Option<&Value>,
    items: &[&Value],
    findings: &mut Vec<Finding>,
) {
    let writes = keyed(case.evidence, &rule.write);
    let mut keys: Vec<&Value> = Vec::new();
    for key in writes.iter().filter_map(|write| write.id).filter(|key| asked.is_none_or(|asked| asked == *key)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for key in keys {
        let of_key = of_key(&writes, key);
        let item = items.iter().find(|item| rule.key.first(item) == Some(key));
        let value = item.and_then(|item| rule.value.first(item));
        let allowed = allowed(&of_key, None);
        if of_key.iter().all(|write| !write.sure())
            || value
                .is_some_and(|value| allowed.iter().any(|write| write.content.is_none_or(|content| content == value)))
            || others_write(case)
        {
            continue;
        }
        let is = value.map_or_else(|| "nothing".to_owned(), short);
        findings.push(lost(
            format!("the last acknowledged value of {} is not there: at the end it is {is}", short(key)),
            &allowed,
            None,
        ));
    }
}

/// The values that calls have read meanwhile.
pub(super) fn gets(case: Case<'_>, rule: &Register, findings: &mut Vec<Finding>) {
    let writes = keyed(case.evidence, &rule.write);
    for call in case.evidence.history.iter().filter(|call| sure(call)) {
        for get in rule.get.iter().filter(|get| *get.op.as_ref() == call.op) {
            let (Some(key), value) = (at(call, &get.key).first().copied(), at(call, &get.value).first().copied())
            else {
                continue;
            };
            let of_key = of_key(&writes, key);
            // Before the first acknowledged write it may have had any value.
            let written = of_key.iter().any(|write| write.sure() && before(write.call, call));
            let allowed = allowed(&of_key, Some(call));
            if written
                && !allowed.iter().any(|write| write.content.is_none() || write.content == value)
                && !others_write(case)
            {
                let is = value.map_or_else(|| "nothing".to_owned(), short);
                findings.push(lost(
                    format!("{} read {is} for {}, which is not its last acknowledged value", call.name, short(key)),
                    &allowed,
                    Some(call),
                ));
            }
        }
    }
}

/// The writes of a key, and those that may have been of it: only their answer, which never came, would have said of which.
fn of_key<'d, 'a>(writes: &'d [ItemEffect<'a>], key: &Value) -> Vec<&'d ItemEffect<'a>> {
    writes.iter().filter(|write| write.id.map_or_else(|| !write.sure(), |id| id == key)).collect()
}

fn lost(message: String, allowed: &[&ItemEffect<'_>], read: Option<&Call>) -> Finding {
    let finding = Finding::new(FindingKind::Lost, message)
        .excerpt(allowed.iter().map(|write| line(write.call)).chain(read.map(line)));
    match allowed.first() {
        Some(write) => finding.process(&write.call.process).call(&write.call.name),
        None => finding,
    }
}

/// The writes whose value can be there when `read` reads, or at the end: those that no later acknowledged write had replaced.
fn allowed<'d, 'a>(writes: &[&'d ItemEffect<'a>], read: Option<&Call>) -> Vec<&'d ItemEffect<'a>> {
    let begun_in_time =
        |write: &ItemEffect<'_>| read.is_none_or(|read| read.ended.is_none_or(|ended| write.call.begun <= ended));
    let done_in_time = |write: &ItemEffect<'_>| read.is_none_or(|read| before(write.call, read));
    // A write that failed may still be on its way when it is given up.
    let replaced = |write: &ItemEffect<'_>| {
        write.sure() && writes.iter().any(|later| later.sure() && done_in_time(later) && before(write.call, later.call))
    };
    writes.iter().copied().filter(|write| begun_in_time(write) && !replaced(write)).collect()
}
