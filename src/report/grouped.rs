//! Findings that say the same again and again, told once; and what was broken while what was in flight.

use crate::evidence::{Evidence, Fault};
use crate::finding::Finding;

/// Findings of one kind and process whose messages differ in numbers only.
pub(super) struct Group<'f> {
    /// The first of them.
    pub first: &'f Finding,
    /// How many there are.
    pub count: usize,
    /// What they show: all of the first, and the first line of each other that shows something else.
    pub excerpt: Vec<&'f str>,
}

/// Brings findings together, in the order in which each kind of them came first.
pub(super) fn grouped(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<(String, Group<'_>)> = Vec::new();
    for finding in findings {
        let shape = shape(&finding.message);
        let same = |(known, group): &&mut (String, Group<'_>)| {
            *known == shape && group.first.kind == finding.kind && group.first.process == finding.process
        };
        let lines = finding.excerpt.iter().flat_map(|text| text.lines());
        match groups.iter_mut().find(same) {
            None => groups.push((shape, Group { first: finding, count: 1, excerpt: lines.collect() })),
            Some((_, group)) => {
                group.count += 1;
                group.excerpt.extend(lines.take(1).filter(|line| !group.excerpt.contains(line)).collect::<Vec<_>>());
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// A text without the words that have digits: ports, ids and line numbers differ where nothing else does.
fn shape(text: &str) -> String {
    let ends = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    text.split_inclusive(ends)
        .map(|word| match word.contains(|c: char| c.is_ascii_digit()) {
            true => "#",
            false => word,
        })
        .collect()
}

/// One line for each fault: what it was, and the requests that were in flight.
pub(super) fn faults(evidence: &Evidence) -> Vec<String> {
    evidence.faults.iter().map(|fault| describe(evidence, fault)).collect()
}

fn describe(evidence: &Evidence, fault: &Fault) -> String {
    let planned = if fault.planned { "planned" } else { "unplanned" };
    let gated = fault.request.iter().map(|request| format!("at {request}"));
    let calls = fault.calls.iter().map(|call| format!("during the call `{call}`"));
    let mut requests: Vec<String> = Vec::new();
    for request in evidence.requests.iter().filter(|request| request.at <= fault.at && !request.seen.finished) {
        let said = format!("{} {} of `{}`", request.seen.method, request.seen.path, request.process);
        if fault.request.is_none() && !requests.contains(&said) {
            requests.push(said);
        }
    }
    let in_flight = (!requests.is_empty()).then(|| format!("never answered: {}", requests.join(", ")));
    let mut said = vec![format!("step {}: {} {}, {planned}", fault.step, fault.action, fault.target)];
    said.extend(gated.chain(calls).chain(in_flight));
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FindingKind;

    fn finding(kind: FindingKind, message: &str, excerpt: &[&str]) -> Finding {
        Finding::new(kind, message).process("a").excerpt(excerpt.iter().map(|line| (*line).to_owned()))
    }

    #[test]
    fn what_differs_in_numbers_only_is_told_once_with_its_count() {
        let all = [
            finding(FindingKind::Traceback, "refused 127.0.0.1:4444", &["one\ntwo"]),
            finding(FindingKind::LevelAboveDebug, "refused 127.0.0.1:4444", &[]),
            finding(FindingKind::Traceback, "refused 127.0.0.1:5", &["three\nfour", "five"]),
            finding(FindingKind::Traceback, "reset", &[]),
        ];
        let groups = grouped(&all);
        let counts: Vec<_> = groups.iter().map(|group| (group.first.kind, group.count)).collect();
        assert_eq!(
            counts,
            [(FindingKind::Traceback, 2), (FindingKind::LevelAboveDebug, 1), (FindingKind::Traceback, 1)]
        );
        assert_eq!(groups[0].excerpt, ["one", "two", "three"]);
    }
}
