//! `expect.line`: what must be there, as often as it must.

use super::Case;
use crate::evidence::Process;
use crate::finding::{Finding, FindingKind};
use crate::scenario::ExpectLine;
use crate::system::Line;

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    for expected in &case.scenario.expect.line {
        let expected = expected.as_ref();
        let line = wanted(case, expected);
        for process in case.evidence.processes.iter().filter(|process| is_of(process, expected.process.as_ref())) {
            let matching: Vec<String> =
                process.records.iter().filter(|record| line.matches(record)).map(|record| record.summary()).collect();
            if expected.count.contains(matching.len() as u64) {
                continue;
            }
            let name = expected.line.as_ref().map_or_else(|| line.to_string(), |name| format!("`{}`", name.as_ref()));
            let message = format!("the line {name} is there {} times, and must be {}", matching.len(), expected.count);
            let seen: Vec<String> = match matching.is_empty() {
                // What was logged instead helps more than nothing.
                true => process.records.iter().rev().take(5).rev().map(|record| record.summary()).collect(),
                false => matching,
            };
            findings.push(Finding::new(FindingKind::LineCount, message).process(&process.name).excerpt(seen));
        }
    }
}

/// Whether a name means this process: its own, or that of all instances.
pub(super) fn is_of(process: &Process, name: &str) -> bool {
    process.name == name
        || process
            .name
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|number| number.parse::<u32>().is_ok())
}

/// The line that is meant: by its name, or as written; fields narrow down either.
pub(super) fn wanted(case: Case<'_>, expected: &ExpectLine) -> Line {
    let literal = Line {
        level: expected.level,
        target: expected.target.clone(),
        message: expected.message.clone(),
        fields: expected.fields.clone(),
    };
    case.system.line_meant(expected.line.as_ref(), literal)
}
