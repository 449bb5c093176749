//! What must hold of the data at the end, by what the history says was done.
//!
//! A call that was acknowledged has happened; one whose effect is unknown may have happened or not; any other has not.

mod item_effects;
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
use crate::system::{Invariant, RoleKind};

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    unread(case, findings);
    for (index, invariant) in case.system.invariants.iter().enumerate() {
        let invariant = invariant.as_ref();
        match invariant {
            Invariant::Register(rule) => register::gets(case, rule, findings),
            Invariant::Once(rule) => once::judge(case, rule, findings),
            Invariant::Set(_) | Invariant::Queue(_) | Invariant::Log(_) => {}
        }
        let Some(read) = &case.evidence.final_read else { continue };
        for answer in read.answers.iter().filter(|answer| answer.invariant == index) {
            let Ok(items) = items(answer, invariant) else { continue };
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

/// What could not be read at the end: one finding for each reason, however many reads it concerns.
fn unread(case: Case<'_>, findings: &mut Vec<Finding>) {
    let answers = case.evidence.final_read.iter().flat_map(|read| &read.answers);
    let mut unread: Vec<(String, Vec<String>)> = Vec::new();
    for answer in answers {
        let invariant = case.system.invariants.get(answer.invariant).map(|invariant| invariant.as_ref());
        let Some(Err(why)) = invariant.map(|invariant| items(answer, invariant)) else { continue };
        let path = format!("GET {}", answer.path);
        match unread.iter_mut().find(|(known, _)| *known == why) {
            Some((_, paths)) if paths.contains(&path) => {}
            Some((_, paths)) => paths.push(path),
            None => unread.push((why, vec![path])),
        }
    }
    for (why, paths) in unread {
        findings.push(Finding::new(FindingKind::FinalRead, why).excerpt(paths));
    }
}

/// The list of items in an answer, or why there is none.
fn items<'a>(answer: &'a ReadAnswer, invariant: &Invariant) -> Result<Vec<&'a Value>, String> {
    let value = answer.answer.as_ref().map_err(|why| {
        let why = why.strip_prefix(&format!("GET {}: ", answer.path)).unwrap_or(why);
        format!("the data could not be read at the end: {why}")
    })?;
    let place = invariant.read().and_then(|read| read.items.as_ref());
    let list = place.map_or(Some(value), |place| place.first(value)).and_then(Value::as_array);
    list.map(|items| items.iter().collect())
        .ok_or_else(|| format!("the answer of GET {} has no list of items", answer.path))
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
