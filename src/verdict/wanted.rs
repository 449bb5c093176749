//! A line that a scenario means, and why a record is not it.

use std::collections::BTreeMap;

use super::Case;
use crate::evidence::Process;
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
    pub(super) fn matches(&self, process: &Process, record: &Record) -> bool {
        self.concerns(process) && self.is_of(process, record) && self.differences(record).is_empty()
    }

    /// Whether the process is one that it is about.
    pub(super) fn concerns(&self, process: &Process) -> bool {
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
    pub(super) fn is_of(&self, process: &Process, record: &Record) -> bool {
        let role = self.expected.role.as_ref();
        role.is_none_or(|role| self.case.system.role_of_record(&process.role, record) == role.as_ref())
    }

    /// Everything in which a record differs from it, each as a half-sentence; nothing means that it is the line.
    pub(super) fn differences(&self, record: &Record) -> Vec<String> {
        let mut found = Vec::new();
        let level = record.level.map_or("no level", |level| level.name());
        let target = record.target.as_deref().unwrap_or("none");
        let field = |name: &str| match record.field(name) {
            Some(value) => format!("the field {name} is {value:?}"),
            None => format!("there is no field {name}"),
        };
        if let Some(line) = self.named {
            if let Some(wanted) = line.level.filter(|wanted| record.level != Some(*wanted)) {
                found.push(format!("the level is {level}, must be {}", wanted.name()));
            }
            if let Some(wanted) = line.target.as_ref().filter(|wanted| record.target.as_ref() != Some(wanted)) {
                found.push(format!("the target is {target}, must be {wanted}"));
            }
            if let Some(wanted) = line.message.as_ref().filter(|wanted| !record.message.contains(wanted.as_str())) {
                found.push(format!("the message does not contain {wanted:?}"));
            }
            for (name, wanted) in line.fields.iter().filter(|(name, wanted)| record.field(name) != Some(wanted)) {
                found.push(format!("{}, must be {wanted:?}", field(name)));
            }
        }
        let expected = self.expected;
        if let Some(wanted) = expected.level.filter(|wanted| !record.level.is_some_and(|level| wanted.is(level))) {
            found.push(format!("the level is {level}, must be {wanted}"));
        }
        let fits = |pattern: &str| record.target.as_deref().is_some_and(|target| crate::file::fits(pattern, target));
        if let Some(wanted) = expected.target.as_ref().filter(|wanted| !fits(wanted)) {
            found.push(format!("the target is {target}, must be {wanted}"));
        }
        if let Some(wanted) = expected.message.as_ref().filter(|wanted| !wanted.is_in(&record.message)) {
            found.push(format!("the message must be or contain {wanted}"));
        }
        for (name, wanted) in &expected.fields {
            if !record.field(name).is_some_and(|value| wanted.is(value)) {
                found.push(format!("{}, must be {wanted}", field(name)));
            }
        }
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

    /// What its captures catch in a record; nothing when one of them catches two things.
    pub(super) fn captures(&self, record: &Record) -> Option<BTreeMap<String, String>> {
        let mut caught = BTreeMap::new();
        let message = self.expected.message.as_ref().is_none_or(|rule| rule.capture(&record.message, &mut caught));
        let agree = message
            && self
                .expected
                .fields
                .iter()
                .all(|(name, rule)| record.field(name).is_none_or(|value| rule.capture(value, &mut caught)));
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
pub(super) fn is_named(process: &Process, name: &str) -> bool {
    let number = process.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
    process.name == name || number.is_some_and(|number| number.parse::<u32>().is_ok())
}
