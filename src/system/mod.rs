//! The system under test, as its file describes it. Nothing about any system is built into the harness.

mod check;
mod dialect;
mod find;
mod http;
mod invariant;
mod model;
mod place;
mod setup;
mod untold;
mod variants;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::file::{Diagnostics, Need, NeedKind, TextRule, fits, parse, substitute};
use crate::log::Record;
use crate::process::ZygoteCommand;

pub(crate) use check::{PROGRAM_VARIABLE, variables};
pub use dialect::{Dialect, DialectError};
pub use http::{HTTP, HTTP_KEEP_ALIVE, HTTP_TIMEOUT};
pub use invariant::{AppendLog, Does, Invariant, Item, ItemLine, Keyed, Once, Queue, Read, Register, Set};
pub use model::*;
pub use place::{CallPlace, PlaceError, ValuePlace};
pub use setup::{SetupError, words};
pub use variants::VariantError;

/// How long a zygote may take to be ready when its system does not say: some import for a long time.
const ZYGOTE_WITHIN: Duration = Duration::from_secs(120);

/// The status of an exit that accepts every end.
const ANY_STATUS: &str = "any";

/// The name of the system that is part of the program.
const STORE_NAME: &str = "store";

/// The system file that is part of the program: the embedded rollout store.
const STORE: &str = include_str!("../../systems/store.toml");

/// A system file that was read and found to be in order.
#[derive(Debug, Clone)]
pub struct System {
    /// Where it was read; a name in angle brackets when it is part of the program.
    pub path: PathBuf,
    /// Its text.
    pub source: String,
    /// The folder that `${system}` means: where the file is.
    pub folder: PathBuf,
    /// Its content.
    #[doc(hidden)]
    pub file: SystemFile,
    /// The variant of it that is meant; nothing when it is the plain one.
    pub variant: Option<String>,
}

/// Why a system file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SystemError {
    /// There is no such file.
    #[error(
        "system `{name}`: {path} cannot be read: {source}; `store` is built in, others are systems/NAME.toml, systems/NAME/system.toml or a path"
    )]
    Unreadable {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// It is wrong.
    #[error(transparent)]
    Wrong(#[from] Diagnostics),
}

impl System {
    /// The embedded rollout store.
    pub fn store() -> Self {
        Self::parse(Path::new("<built-in>/store.toml"), STORE).unwrap_or_else(|wrong| {
            // It is part of the program and checked by a test.
            panic!("the built-in system file is wrong:\n{wrong}")
        })
    }

    /// The system of this name (`systems/NAME.toml`, `systems/NAME/system.toml`, or the built-in one), or at this path, which may
    /// be the folder.
    ///
    /// # Errors
    /// When the file cannot be read, or is wrong.
    pub fn load(name: &str) -> Result<Self, SystemError> {
        let path = find::place(name);
        match crate::file::read(&path) {
            Ok(source) => Ok(Self::parse(&path, &source)?),
            Err(_) if name == STORE_NAME => Ok(Self::store()),
            Err(source) => Err(SystemError::Unreadable { name: name.into(), path, source }),
        }
    }

    /// Every system that is in order: the built-in one, and those of `systems/`.
    pub fn known() -> Vec<Self> {
        let mut all = vec![Self::store()];
        let paths = find::listed();
        all.extend(paths.iter().filter_map(|path| Self::load(&path.display().to_string()).ok()));
        all
    }

    /// The files of `systems/`, in order.
    pub fn listed() -> Vec<PathBuf> {
        find::listed()
    }

    /// Reads a system file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(path: &Path, source: &str) -> Result<Self, Diagnostics> {
        let file: SystemFile = parse(path, source)?;
        Diagnostics::unless_empty(path, source, check::check(&file))?;
        Ok(Self { path: path.into(), source: source.into(), folder: find::folder_of(path), file, variant: None })
    }
}

impl System {
    /// What its invariants cannot tell, which is no mistake: one sentence each, with what would tell it.
    pub fn notes(&self) -> Vec<String> {
        untold::notes(&self.file)
    }

    /// How to start a zygote; `program` is the quietdown program.
    pub fn zygote_command(&self, name: &str, program: &Path) -> Option<ZygoteCommand> {
        let zygote = self.file.zygotes.get(name)?;
        let variable = |name: &str| match name {
            "quietdown" => Some(program.display().to_string()),
            "system" => Some(self.folder.display().to_string()),
            // Its place is known only when it is started.
            _ => None,
        };
        Some(ZygoteCommand {
            name: name.to_owned(),
            command: zygote.command.iter().map(|word| substitute(word.as_ref(), variable)).collect(),
            env: zygote.env.iter().map(|(name, value)| (name.clone(), substitute(value, variable))).collect(),
            within: zygote.within.map_or(ZYGOTE_WITHIN, |span| span.0),
        })
    }
}

impl SystemFile {
    /// Whether it declares what a scenario needs.
    pub fn has(&self, need: &Need) -> bool {
        let name = need.name.as_str();
        match need.kind {
            NeedKind::System => self.name == name,
            NeedKind::Role => self.role(name).is_some(),
            NeedKind::Operation => self.operations.contains_key(name),
            NeedKind::Request => self.operations.get(name).is_some_and(|rule| rule.path.is_some()),
            NeedKind::Option => name
                .split_once('.')
                .and_then(|(role, option)| self.role(role).map(|role| role.options.contains_key(option)))
                .unwrap_or_default(),
            NeedKind::Line => self.lines.contains_key(name),
            NeedKind::Exit => self.exits.contains_key(name),
            NeedKind::Policy => self.policy_named(name).is_some(),
            NeedKind::Defect => self.defects.as_ref().is_some_and(|defects| defects.names.contains_key(name)),
        }
    }

    /// Whether a request is one that an operation makes: it fits what the operation declares, and no other operation declares it
    /// more exactly.
    pub fn makes(&self, op: &str, method: &str, path: &str) -> bool {
        self.operations.get(op).is_some_and(|rule| {
            rule.method().is_none_or(|known| known == method)
                && rule.path().is_none_or(|pattern| fits(pattern, path))
                && !self.more_exact(op).iter().any(|pattern| fits(pattern, path))
        })
    }

    /// The paths of the operations whose requests are a part of those that fit this one: `/items/*/parts` beside `/items/*`.
    pub fn more_exact(&self, op: &str) -> Vec<&str> {
        let Some(own) = self.operations.get(op) else { return Vec::new() };
        let Some(pattern) = own.path() else { return Vec::new() };
        let others = self.operations.values().filter(|other| other.method == own.method);
        others.filter_map(|other| other.path()).filter(|other| *other != pattern && fits(pattern, other)).collect()
    }

    /// A role by its name: one of its own, or that of the HTTP client which every system has.
    pub fn role(&self, name: &str) -> Option<&Role> {
        let own = self.roles.iter().find(|(key, _)| key.as_ref() == name).map(|(_, role)| role);
        own.or_else(|| (name == HTTP).then(|| &*http::ROLE))
    }

    /// The policy of scenarios that name none.
    pub fn default_policy(&self) -> &str {
        self.policy.as_ref().map_or("quiet", |name| name.as_ref().as_str())
    }

    /// A policy by its name: one of its own, or one that every system has.
    pub fn policy_named(&self, name: &str) -> Option<Policy> {
        self.policies.get(name).cloned().or_else(|| Policy::built_in(name))
    }

    /// The line that a scenario means: one by its name, narrowed down by fields, or one as it is written there.
    pub(crate) fn line_meant(&self, name: Option<&crate::file::Spanned<String>>, literal: Line) -> Line {
        match name.and_then(|name| self.lines.get(name.as_ref())).cloned() {
            Some(mut named) => {
                named.fields.extend(literal.fields);
                named
            }
            None => literal,
        }
    }

    /// The role whose rules a record of a process with role `role` obeys: that of its part, for a composite role.
    pub fn role_of_record<'a>(&'a self, role: &'a str, record: &Record) -> &'a str {
        let part = self.role(role).and_then(|role| {
            let thread = record.thread.as_deref()?;
            role.parts.values().find(|part| fits(&part.thread, thread))
        });
        part.map_or(role, |part| part.role.as_ref())
    }
}

impl Operation {
    /// The method of the request that it makes.
    pub fn method(&self) -> Option<&str> {
        self.method.as_ref().map(|method| method.as_ref().as_str())
    }

    /// The path of that request, as a pattern.
    pub fn path(&self) -> Option<&str> {
        self.path.as_ref().map(|path| path.as_ref().as_str())
    }

    /// Arguments with the names that the driver gives them.
    pub fn renamed(&self, args: serde_json::Value) -> serde_json::Value {
        match args {
            serde_json::Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (self.rename_args.get(&name).cloned().unwrap_or(name), value))
                .collect(),
            other => other,
        }
    }
}

impl Line {
    /// Whether the record is this line.
    pub fn matches(&self, record: &Record) -> bool {
        self.level.is_none_or(|rule| record.level.is_some_and(|level| rule.is(level)))
            && self.has_target(record)
            && self.message.as_ref().is_none_or(|rule| is_said(rule, record))
            && self.fields.iter().all(|(name, rule)| record.field(name).is_some_and(|value| rule.is(value)))
    }

    /// Everything in which a record differs from it, each as a half-sentence; nothing means that it is the line.
    pub(crate) fn differences(&self, record: &Record) -> Vec<String> {
        let mut found = Vec::new();
        let level = record.level.map_or("no level", |level| level.name());
        if let Some(wanted) = self.level.filter(|wanted| !record.level.is_some_and(|level| wanted.is(level))) {
            found.push(format!("the level is {level}, must be {wanted}"));
        }
        if let Some(wanted) = self.target.as_ref().filter(|_| !self.has_target(record)) {
            found.push(format!("the target is {}, must be {wanted}", record.target.as_deref().unwrap_or("none")));
        }
        if let Some(wanted) = self.message.as_ref().filter(|wanted| !is_said(wanted, record)) {
            found.push(format!("the message {}", wanted.unmet()));
        }
        for (name, wanted) in &self.fields {
            match record.field(name) {
                Some(value) if wanted.is(value) => {}
                Some(value) => found.push(format!("the field {name} is {value:?}, must be {wanted}")),
                None => found.push(format!("there is no field {name}, must be {wanted}")),
            }
        }
        found
    }

    /// Adds what its named groups catch in a record. `false` when a name has caught something else before.
    pub(crate) fn capture(&self, record: &Record, caught: &mut BTreeMap<String, String>) -> bool {
        self.message.as_ref().is_none_or(|rule| rule.capture(&record.message, caught))
            && self.fields.iter().all(|(name, rule)| record.field(name).is_none_or(|value| rule.capture(value, caught)))
    }

    fn has_target(&self, record: &Record) -> bool {
        let fits = |pattern: &String| record.target.as_deref().is_some_and(|target| fits(pattern, target));
        self.target.as_ref().is_none_or(fits)
    }
}

/// Whether a record says a text, in its message or in a line behind it.
fn is_said(rule: &TextRule, record: &Record) -> bool {
    rule.is_in(&record.message) || record.continuation.iter().any(|line| rule.is_in(line))
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = self.level.map(|level| level.to_string());
        let target = self.target.as_ref().map(|target| format!("{target}:"));
        let message = self.message.as_ref().map(ToString::to_string);
        let fields = self.fields.iter().map(|(name, value)| format!("{name}={value}"));
        let parts: Vec<String> = [level, target, message].into_iter().flatten().chain(fields).collect();
        f.write_str(&parts.join(" "))
    }
}

impl Exit {
    /// Whether a process that ended like this ended as named.
    pub fn accepts(&self, code: Option<i32>, signal: Option<&str>) -> bool {
        self.status.iter().any(|status| match status {
            toml::Value::Integer(n) => code.map(i64::from) == Some(*n),
            toml::Value::String(name) => name == ANY_STATUS || signal == Some(name.as_str()),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::System;

    #[test]
    fn a_request_belongs_to_the_operation_that_says_it_most_exactly() {
        let store = System::store().file;
        let makers = |method: &str, path: &str| -> Vec<&str> {
            store.operations.keys().map(String::as_str).filter(|op| store.makes(op, method, path)).collect()
        };
        assert_eq!(makers("POST", "/v1/agl/rollouts/ro-1"), ["update_rollout"]);
        assert_eq!(makers("POST", "/v1/agl/rollouts/ro-1/attempts/at-1"), ["update_attempt"]);
        assert_eq!(makers("POST", "/v1/agl/rollouts/ro-1/attempts"), ["start_attempt"]);
        assert_eq!(makers("GET", "/v1/agl/rollouts/ro-1/attempts/latest"), ["get_latest_attempt"]);
        assert_eq!(makers("POST", "/v1/agl/queues/rollouts/enqueue"), ["enqueue_many_rollouts", "enqueue_rollout"]);
        assert!(makers("POST", "/v1/other").is_empty());
    }
}
