//! Items that are added: each acknowledged one is there once, each unsure one at most once, and nothing else.
//!
//! A call whose answer never came and that only its answer would have named may have added, or removed, any one item.

use serde_json::Value;

use super::item_effects::{ItemEffect, before, done_otherwise, item_effects, line, short, unnamed};
use super::others_write;
use crate::finding::{Finding, FindingKind};
use crate::system::{Does, Item, Set};
use crate::verdict::Case;

pub(super) fn judge(case: Case<'_>, rule: &Set, items: &[&Value], findings: &mut Vec<Finding>) {
    added(case, &rule.item, &[&rule.add], &rule.remove, items, findings);
}

/// What was added is there, as often as it was added.
pub(super) fn added(
    case: Case<'_>,
    item: &Item,
    add: &[&[Does]],
    remove: &[Does],
    items: &[&Value],
    findings: &mut Vec<Finding>,
) {
    let mut added: Vec<ItemEffect<'_>> = add.iter().flat_map(|does| item_effects(case.evidence, does)).collect();
    added.sort_by_key(|effect| effect.call.begun);
    let removed = item_effects(case.evidence, remove);
    let gone = |id: Option<&Value>| removed.iter().any(|effect| effect.id.is_some() && effect.id == id);
    let identity = |found: &Value| {
        item.content.as_ref().and_then(|content| content.first(found)).or_else(|| item.id.first(found)).cloned()
    };
    let there: Vec<(Option<Value>, Option<&Value>)> =
        items.iter().map(|found| (identity(found), item.id.first(found))).collect();
    let maybe_added = unnamed(case.evidence, add.iter().copied().flatten(), |does| match item.content {
        Some(_) => does.content.as_ref().or(does.id.as_ref()),
        None => does.id.as_ref(),
    });
    let maybe_removed = unnamed(case.evidence, remove, |does| does.id.as_ref());
    let (mut lost, mut surplus) = (Suspicion::default(), Suspicion::default());
    let mut seen: Vec<&Value> = Vec::new();
    for effect in &added {
        let Some(what) = effect.identity(item).filter(|what| !seen.contains(what)) else { continue };
        seen.push(what);
        let same: Vec<&ItemEffect<'_>> = added.iter().filter(|other| other.identity(item) == Some(what)).collect();
        let sure = same.iter().filter(|effect| effect.sure() && !gone(effect.id)).count();
        let most = same.len();
        let found: Vec<_> = there.iter().filter(|(identity, _)| identity.as_ref() == Some(what)).collect();
        let lines = || same.iter().map(|effect| line(effect.call)).collect::<Vec<_>>();
        let told = |kind, message| {
            Finding::new(kind, message).process(&effect.call.process).call(&effect.call.name).excerpt(lines())
        };
        let missing: Vec<String> = same
            .iter()
            .filter(|effect| effect.sure() && !gone(effect.id))
            .filter_map(|effect| effect.id)
            .filter(|id| !there.iter().any(|(_, other)| other == &Some(*id)))
            .map(short)
            .collect();
        let is =
            format!("{}: {sure} acknowledged, {} unsure, {} there at the end", short(what), most - sure, found.len());
        if found.len() < sure {
            lost.add(sure - found.len(), told(FindingKind::Lost, is));
        } else if found.len() > most {
            let ids: Vec<String> = found.iter().filter_map(|(_, id)| *id).map(short).collect();
            let ids = format!("they are {}", ids.join(", "));
            surplus.add(found.len() - most, told(FindingKind::Duplicated, is).excerpt([ids]));
        } else if !missing.is_empty() {
            let message = format!("acknowledged, and not there at the end: {}", missing.join(", "));
            lost.add(missing.len(), told(FindingKind::Lost, message));
        }
    }
    for (identity, id) in &there {
        let Some(removal) = removed.iter().find(|effect| effect.sure() && effect.id.is_some() && effect.id == *id)
        else {
            continue;
        };
        let of_it = |effect: &&ItemEffect<'_>| effect.id == *id || effect.identity(item) == identity.as_ref();
        // A call that failed may still be on its way when it is given up.
        if added.iter().filter(of_it).all(|effect| effect.sure() && before(effect.call, removal.call)) {
            let message = format!("{} is there, although it was removed", id.map(short).unwrap_or_default());
            let lines = added.iter().filter(of_it).chain([removal]).map(|effect| line(effect.call));
            let finding = Finding::new(FindingKind::Phantom, message).process(&removal.call.process);
            findings.push(finding.call(&removal.call.name).excerpt(lines));
        }
    }
    let all: Vec<&Does> = add.iter().copied().flatten().collect();
    if others_write(case) || done_otherwise(case, &all) {
        lost.tell(maybe_removed, findings);
        return surplus.tell(maybe_added, findings);
    }
    let nobodys = there.iter().filter(|(identity, _)| identity.as_ref().is_some_and(|what| !seen.contains(&what)));
    let lines: Vec<String> = nobodys
        .filter_map(|(identity, id)| {
            let id = id.map(|id| format!(" as {}", short(id))).unwrap_or_default();
            identity.as_ref().map(|what| format!("{}{id}", short(what)))
        })
        .collect();
    if !lines.is_empty() {
        let message = format!("{} item(s) are there that no call has added", lines.len());
        surplus.add(lines.len(), Finding::new(FindingKind::Phantom, message).excerpt(lines));
    }
    lost.tell(maybe_removed, findings);
    surplus.tell(maybe_added, findings);
}

/// What is wrong, unless calls that do not say which item they meant account for it.
#[derive(Default)]
struct Suspicion {
    items: usize,
    findings: Vec<Finding>,
}

impl Suspicion {
    fn add(&mut self, items: usize, finding: Finding) {
        self.items += items;
        self.findings.push(finding);
    }

    fn tell(self, excused: usize, findings: &mut Vec<Finding>) {
        if self.items <= excused {
            return;
        }
        let note = match excused {
            0 => None,
            1 => Some("one call whose answer never came accounts for one of them, but not for all".to_owned()),
            _ => Some(format!("{excused} calls whose answers never came account for as many of them, but not for all")),
        };
        findings.extend(self.findings.into_iter().map(|finding| finding.excerpt(note.clone())));
    }
}
