//! The system under test, as its file describes it. Nothing about any system is built into the harness.

mod check;
mod invariant;
mod model;
mod place;

use std::path::{Path, PathBuf};

use crate::file::{Diagnostics, fits, parse};
use crate::log::Record;

pub(crate) use check::variables;
pub use invariant::{AppendLog, Does, Invariant, Item, ItemLine, Keyed, Queue, Read, Register, Set};
pub use model::*;
pub use place::{CallPlace, Place};

/// The system file that is part of the program: the embedded rollout store.
const STORE: &str = include_str!("../../systems/store.toml");

/// A system file that was read and found to be in order.
#[derive(Debug, Clone)]
pub struct System {
    /// Where it was read; a name in angle brackets when it is part of the program.
    pub path: PathBuf,
    /// Its text.
    pub source: String,
    /// Its content.
    pub file: SystemFile,
}

/// Why a system file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SystemError {
    /// There is no such file.
    #[error(
        "system `{name}`: {path} cannot be read: {source}; `store` is built in, others are systems/NAME.toml or a path"
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

    /// The system of this name (`systems/NAME.toml`, or the built-in one), or at this path.
    ///
    /// # Errors
    /// When the file cannot be read, or is wrong.
    pub fn load(name: &str) -> Result<Self, SystemError> {
        let looks_like_path = name.contains('/') || name.ends_with(".toml");
        let path =
            if looks_like_path { PathBuf::from(name) } else { Path::new("systems").join(format!("{name}.toml")) };
        match std::fs::read_to_string(&path) {
            Ok(source) => Ok(Self::parse(&path, &source)?),
            Err(_) if name == "store" => Ok(Self::store()),
            Err(source) => Err(SystemError::Unreadable { name: name.into(), path, source }),
        }
    }

    /// Reads a system file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(path: &Path, source: &str) -> Result<Self, Diagnostics> {
        let file: SystemFile = parse(path, source)?;
        Diagnostics::unless_empty(path, source, check::check(&file))?;
        Ok(Self { path: path.into(), source: source.into(), file })
    }
}

impl SystemFile {
    /// A role by its name.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|(key, _)| key.as_ref() == name).map(|(_, role)| role)
    }

    /// A policy by its name: one of its own, or one that every system has.
    pub fn policy(&self, name: &str) -> Option<Policy> {
        self.policies.get(name).cloned().or_else(|| Policy::built_in(name))
    }

    /// The line that a scenario means: one by its name, narrowed down by fields, or one as it is written there.
    pub(crate) fn line_meant(&self, name: Option<&toml::Spanned<String>>, literal: Line) -> Line {
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

impl Line {
    /// Whether the record is this line.
    pub fn matches(&self, record: &Record) -> bool {
        self.level.is_none_or(|level| record.level == Some(level))
            && self.target.as_ref().is_none_or(|target| record.target.as_ref() == Some(target))
            && self.message.as_ref().is_none_or(|text| record.message.contains(text.as_str()))
            && self.fields.iter().all(|(name, value)| record.field(name) == Some(value.as_str()))
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = self.level.map(|level| level.to_string());
        let target = self.target.as_ref().map(|target| format!("{target}:"));
        let message = self.message.as_ref().map(|message| format!("{message:?}"));
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
            toml::Value::String(name) => signal == Some(name.as_str()),
            _ => false,
        })
    }
}
