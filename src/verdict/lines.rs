//! `expect.line` and `expect.absent`: what must be there, as often as it must, and what must not.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use super::nearest::nearest;
use super::wanted::Wanted;
use crate::evidence::ProcessEvidence;
use crate::finding::{Finding, FindingKind};
use crate::log::Record;
use crate::scenario::ExpectLine;

/// Where a record is: the process, its place in the process's log, and its time.
#[derive(Clone, Copy)]
struct ValuePlace {
    process: usize,
    index: usize,
    at: u64,
}

/// What earlier expectations have found.
#[derive(Default)]
struct Found {
    /// The first line of each, by name.
    first: BTreeMap<String, ValuePlace>,
    /// What each capture has caught.
    caught: BTreeMap<String, BTreeSet<String>>,
}

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    let mut found = Found::default();
    for expected in &case.scenario.expect.line {
        judge_one(case, expected.as_ref(), &mut found, FindingKind::LineCount, findings);
    }
    for absent in &case.scenario.expect.absent {
        judge_one(case, &ExpectLine::from(absent.as_ref()), &mut found, FindingKind::LinePresent, findings);
    }
}

fn judge_one(case: Case<'_>, expected: &ExpectLine, found: &mut Found, kind: FindingKind, findings: &mut Vec<Finding>) {
    let wanted = Wanted::new(case, expected);
    let mut first: Option<ValuePlace> = None;
    let mut caught: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (number, process) in case.evidence.processes.iter().enumerate() {
        if !wanted.concerns(process) {
            continue;
        }
        let excluded = |index: usize, record: &Record| {
            why_not(expected, wanted, found, ValuePlace { process: number, index, at: record.at }, record)
        };
        let matching: Vec<(usize, &Record)> = process
            .records
            .iter()
            .enumerate()
            .filter(|(index, record)| wanted.matches(process, record) && excluded(*index, record).is_none())
            .collect();
        for (index, record) in &matching {
            first.get_or_insert(ValuePlace { process: number, index: *index, at: record.at });
            for (name, value) in wanted.captures(record).unwrap_or_default() {
                caught.entry(name).or_default().insert(value);
            }
        }
        let count = matching.len() as u64;
        if !expected.count.contains(count) {
            let seen = matching.iter().map(|(_, record)| record.summary());
            findings.push(finding(kind, wanted, expected, process, count).excerpt(seen).excerpt(
                // What there is too much of needs no explanation.
                if count < expected.count.min { nearest(wanted, process, excluded) } else { Vec::new() },
            ));
        }
    }
    if let (Some(name), Some(place)) = (expected.name(), first) {
        found.first.entry(name.to_owned()).or_insert(place);
    }
    // A later line must agree with one of those that are left.
    for (name, values) in caught {
        match found.caught.get_mut(&name) {
            Some(known) => known.retain(|value| values.contains(value)),
            None => drop(found.caught.insert(name, values)),
        }
    }
}

fn finding(
    kind: FindingKind,
    wanted: Wanted<'_>,
    expected: &ExpectLine,
    process: &ProcessEvidence,
    count: u64,
) -> Finding {
    let message = match kind {
        FindingKind::LinePresent => format!("the line {wanted} is there {count} times, and must not be"),
        _ => format!("the line {wanted} is there {count} times, and must be {}", expected.count),
    };
    Finding::new(kind, message).process(&process.name)
}

/// Why a record that is the line does not count: it comes too early, or its captures do not agree with earlier ones.
fn why_not(
    expected: &ExpectLine,
    wanted: Wanted<'_>,
    found: &Found,
    place: ValuePlace,
    record: &Record,
) -> Option<String> {
    if let Some(after) = &expected.after {
        let after = after.as_ref();
        let Some(first) = found.first.get(after) else { return Some(format!("there is no line `{after}` before it")) };
        let comes_after = match first.process == place.process {
            true => first.index < place.index,
            false => first.at <= place.at,
        };
        if !comes_after {
            return Some(format!("it does not come after `{after}`"));
        }
    }
    let Some(caught) = wanted.captures(record) else {
        return Some("its captures do not agree with each other".to_owned());
    };
    caught.iter().find_map(|(name, value)| {
        let known = found.caught.get(name).filter(|known| !known.contains(value))?;
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Some(format!("`{name}` is {value:?} here, and was {:?} before", known.join(", ")))
    })
}
