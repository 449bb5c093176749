//! What must hold of the data at the end, by what the history says was done.
//!
//! A call that was acknowledged has happened; one whose effect is unknown may have happened or not; any other has not.

mod deeds;
mod log;
mod once;
mod queue;
mod register;
mod set;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::Case;
use crate::evidence::ReadAnswer;
use crate::finding::{Finding, FindingKind};
use crate::system::{Invariant, Place, RoleKind};

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    for (index, invariant) in case.system.invariants.iter().enumerate() {
        let invariant = invariant.as_ref();
        match invariant {
            Invariant::Register(rule) => register::gets(case, rule, findings),
            Invariant::Once(rule) => once::judge(case, rule, findings),
            Invariant::Set(_) | Invariant::Queue(_) | Invariant::Log(_) => {}
        }
        let Some(read) = &case.evidence.final_read else { continue };
        for answer in read.answers.iter().filter(|answer| answer.invariant == index) {
            let Some(items) = items(answer, invariant.read().and_then(|read| read.items.as_ref()), findings) else {
                continue;
            };
            match invariant {
                Invariant::Set(rule) => set::judge(case, rule, &items, findings),
                Invariant::Queue(rule) => queue::judge(case, rule, &items, findings),
                Invariant::Register(rule) => register::judge(case, rule, answer.key.as_ref(), &items, findings),
                Invariant::Log(rule) => log::judge(case, rule, answer.key.as_ref(), &items, findings),
                Invariant::Once(_) => {}
            }
        }
    }
}

/// The list of items in an answer.
fn items<'a>(answer: &'a ReadAnswer, place: Option<&Place>, findings: &mut Vec<Finding>) -> Option<Vec<&'a Value>> {
    let message = match &answer.answer {
        Err(why) => format!("the data could not be read at the end: {why}"),
        Ok(value) => {
            let list = place.map_or(Some(value), |place| place.first(value));
            match list.and_then(Value::as_array) {
                Some(items) => return Some(items.iter().collect()),
                None => format!("the answer of GET {} has no list of items", answer.path),
            }
        }
    };
    findings.push(Finding::new(FindingKind::FinalRead, message));
    None
}

/// Whether somebody changes the data whose calls are not in the history.
fn others_write(case: Case<'_>) -> bool {
    let kinds = case.evidence.processes.iter().map(|process| case.kind(process, None));
    kinds.into_iter().any(|kind| matches!(kind, Some(RoleKind::Composite)))
}

/// Whether somebody takes and finishes items whose calls are not in the history.
fn others_work(case: Case<'_>) -> bool {
    let kinds = case.evidence.processes.iter().map(|process| case.kind(process, None));
    kinds.into_iter().any(|kind| matches!(kind, Some(RoleKind::Composite | RoleKind::FreeRunning)))
}
