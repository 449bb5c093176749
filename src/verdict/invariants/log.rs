//! Entries by key: each acknowledged one is there once, in the order in which they were appended.

use serde_json::Value;

use super::item_effects::{ItemEffect, before, keyed, line, short};
use super::{others_work, others_write};
use crate::finding::{Finding, FindingKind};
use crate::system::AppendLog;
use crate::verdict::Case;

pub(super) fn judge(
    case: Case<'_>,
    rule: &AppendLog,
    asked: Option<&Value>,
    items: &[&Value],
    findings: &mut Vec<Finding>,
) {
    let entries: Vec<ItemEffect<'_>> =
        keyed(case.evidence, &rule.append).into_iter().filter(|entry| of_key(entry, asked)).collect();
    let there: Vec<&Value> = items.iter().filter_map(|item| rule.value.first(item)).collect();
    let mut seen: Vec<&Value> = Vec::new();
    for entry in &entries {
        let Some(value) = entry.content.filter(|value| !seen.contains(value)) else { continue };
        seen.push(value);
        let same: Vec<&ItemEffect<'_>> = entries.iter().filter(|other| other.content == Some(value)).collect();
        let sure = same.iter().filter(|entry| entry.sure()).count();
        let count = there.iter().filter(|other| **other == value).count();
        // An entry that is known by its value is kept once, however often it is appended.
        let kind = match count {
            0 if sure > 0 => FindingKind::Lost,
            count if count > same.len() => FindingKind::Duplicated,
            _ => continue,
        };
        let message =
            format!("{}: {sure} acknowledged, {} unsure, {count} there at the end", short(value), same.len() - sure);
        let finding = Finding::new(kind, message).process(&entry.call.process).call(&entry.call.name);
        findings.push(finding.excerpt(same.iter().map(|entry| line(entry.call))));
    }
    if rule.ordered {
        in_order(&entries, &there, findings);
    }
    let nobodys: Vec<String> = there.iter().filter(|value| !seen.contains(value)).map(|value| short(value)).collect();
    // Each append whose answer never came, and would have said what was appended, may have appended one.
    let unnamed = entries.iter().filter(|entry| entry.content.is_none()).count();
    let several = unnamed > 0 && rule.append.iter().any(|append| append.value.place.many());
    if !several && nobodys.len() > unnamed && !others_write(case) && !others_work(case) {
        let message = format!("{} entries are there that no call has appended", nobodys.len());
        findings.push(Finding::new(FindingKind::Phantom, message).excerpt(nobodys));
    }
}

/// Whether it is an entry of this key, or may be: only its answer, which never came, would have said so.
fn of_key(entry: &ItemEffect<'_>, asked: Option<&Value>) -> bool {
    asked.is_none() || entry.id == asked || (entry.id.is_none() && !entry.sure())
}

/// An entry that had been acknowledged before another was appended stands before it.
fn in_order(entries: &[ItemEffect<'_>], there: &[&Value], findings: &mut Vec<Finding>) {
    let place = |entry: &ItemEffect<'_>| there.iter().position(|value| Some(*value) == entry.content);
    let mut placed: Vec<(&ItemEffect<'_>, usize)> =
        entries.iter().filter_map(|entry| Some((entry, place(entry)?))).collect();
    placed.sort_by_key(|(_, place)| *place);
    for (index, (first, _)) in placed.iter().enumerate() {
        // Which of several appends of one value was kept is not known.
        let wholly_before = |later: &&&ItemEffect<'_>| {
            appends(entries, later)
                .all(|later| later.sure() && appends(entries, first).all(|first| before(later.call, first.call)))
        };
        if let Some(later) = placed[index + 1..].iter().map(|(later, _)| later).find(wholly_before) {
            let name = |entry: &ItemEffect<'_>| entry.content.map(short).unwrap_or_default();
            let message = format!("{} was appended before {}, and stands after it", name(later), name(first));
            let finding = Finding::new(FindingKind::OutOfOrder, message).process(&later.call.process);
            findings.push(finding.call(&later.call.name).excerpt([line(later.call), line(first.call)]));
            return;
        }
    }
}

/// The appends of the value of one.
fn appends<'d, 'a>(entries: &'d [ItemEffect<'a>], of: &'d ItemEffect<'a>) -> impl Iterator<Item = &'d ItemEffect<'a>> {
    entries.iter().filter(move |other| other.content == of.content)
}
