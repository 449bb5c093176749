//! A line that a scenario means, and why a record is not it.

use std::collections::BTreeMap;

use super::Case;
use crate::evidence::ProcessEvidence;
use crate::log::Record;
use crate::scenario::{ExpectLine, FaultPhase};
use crate::system::Line;

/// A line that a scenario means.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    case: Case<'a>,
    expected: &'a ExpectLine,
    /// What its name means.
    named: Option<&'a Line>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(case: Case<'a>, expected: &'a ExpectLine) -> Self {
        let named = expected.line.as_ref().and_then(|name| case.line(name.as_ref()));
        Self { case, expected, named }
    }

    /// Whether the record is this line, its place in the order and its captures apart.
    pub(super) fn matches(&self, process: &ProcessEvidence, record: &Record) -> bool {
        self.concerns(process) && self.is_of(process, record) && self.differences(record).is_empty()
    }

    /// Whether the process is one that it is about.
    pub(super) fn concerns(&self, process: &ProcessEvidence) -> bool {
        match (&self.expected.process, &self.expected.role) {
            (Some(name), _) => is_named(process, name.as_ref()),
            (None, Some(role)) => {
                let parts = self.case.system.role(&process.role).map(|role| &role.parts);
                let part = parts.is_some_and(|parts| parts.values().any(|part| part.role.as_ref() == role.as_ref()));
                process.role == *role.as_ref() || part
            }
            (None, None) => true,
        }
    }

    /// Whether the record is of the part of the process that it is about.
    pub(super) fn is_of(&self, process: &ProcessEvidence, record: &Record) -> bool {
        let role = self.expected.role.as_ref();
        role.is_none_or(|role| self.case.system.role_of_record(&process.role, record) == role.as_ref())
    }

    /// Everything in which a record differs from it, each as a half-sentence; nothing means that it is the line.
    pub(super) fn differences(&self, record: &Record) -> Vec<String> {
        let expected = self.expected;
        let mut found = self.named.map(|line| line.differences(record)).unwrap_or_default();
        found.extend(self.literal().differences(record));
        if let Some(phase) = expected.phase {
            let after = self.case.evidence.first_fault().is_some_and(|at| record.at >= at);
            match (phase, after) {
                (FaultPhase::BeforeFault, true) => found.push("it comes after the first fault".to_owned()),
                (FaultPhase::AfterFault, false) => found.push("it comes before the first fault".to_owned()),
                _ => {}
            }
        }
        found
    }

    /// What is written in the scenario itself.
    fn literal(&self) -> Line {
        let ExpectLine { level, target, message, fields, .. } = self.expected.clone();
        Line { level, target, message, fields }
    }

    /// What its captures catch in a record; nothing when one of them catches two things.
    pub(super) fn captures(&self, record: &Record) -> Option<BTreeMap<String, String>> {
        let mut caught = BTreeMap::new();
        let agree = self.named.is_none_or(|line| line.capture(record, &mut caught))
            && self.literal().capture(record, &mut caught);
        agree.then_some(caught)
    }
}

impl std::fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let expected = self.expected;
        let mut parts = Vec::new();
        parts.extend(expected.line.as_ref().map(|name| format!("`{}`", name.as_ref())));
        parts.extend(expected.level.map(|level| level.to_string()));
        parts.extend(expected.target.as_ref().map(|target| format!("{target}:")));
        parts.extend(expected.message.as_ref().map(ToString::to_string));
        parts.extend(expected.fields.iter().map(|(name, rule)| format!("{name}={rule}")));
        f.write_str(&parts.join(" "))?;
        match expected.phase {
            Some(FaultPhase::BeforeFault) => f.write_str(" before the first fault")?,
            Some(FaultPhase::AfterFault) => f.write_str(" after the first fault")?,
            None => {}
        }
        match &expected.after {
            Some(after) => write!(f, " after `{}`", after.as_ref()),
            None => Ok(()),
        }
    }
}

/// Whether a name means this process: its own, or that of all instances.
pub(super) fn is_named(process: &ProcessEvidence, name: &str) -> bool {
    let number = process.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
    process.name == name || number.is_some_and(|number| number.parse::<u32>().is_ok())
}
