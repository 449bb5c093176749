//! Scenario files: what to boot, what to break and when, what must be seen.

mod applies;
mod check;
mod embedded;
mod fill;
mod gates;
mod instances;
mod model;
mod request;

use std::path::{Path, PathBuf};

use crate::file::{Diagnostics, parse};
use crate::system::System;

pub use crate::system::HTTP;
pub use applies::NotApplicable;
pub use embedded::needs_embedded_proxy;
pub(crate) use fill::{FillError, fill_size};
pub use gates::{is_fault, is_gate};
pub use instances::{Instance, SERVER, instances};
pub use model::*;
pub use request::{request, request_pattern};

/// A scenario file that was read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scenario {
    /// Its name: the file's name without its ending.
    pub name: String,
    /// Where it was read.
    pub path: PathBuf,
    /// Its text.
    pub source: String,
    /// Its content.
    #[doc(hidden)]
    pub file: ScenarioFile,
}

/// Why a scenario file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is wrong.
    #[error(transparent)]
    Wrong(#[from] Diagnostics),
}

impl Scenario {
    /// Reads a scenario file; [`check`](Self::check) says whether it fits a system.
    ///
    /// # Errors
    /// When it cannot be read or is no scenario.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let source = crate::file::read(path);
        let source = source.map_err(|source| ScenarioError::Unreadable { path: path.into(), source })?;
        Ok(Self::parse(path, &source)?)
    }

    /// Reads the text of a scenario file.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub fn parse(path: &Path, source: &str) -> Result<Self, Diagnostics> {
        let file = parse(path, source)?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, path: path.into(), source: source.into(), file })
    }

    /// Checks it against the system that it is to run on.
    ///
    /// # Errors
    /// Everything in it that does not agree with the system or with itself.
    pub fn check(&self, system: &System) -> Result<(), Diagnostics> {
        Diagnostics::unless_empty(&self.path, &self.source, check::check(&self.file, &system.file))
    }

    /// The name of the system that it names itself.
    pub fn system(&self) -> Option<&str> {
        self.file.system.as_ref().map(|name| name.as_ref().as_str())
    }
}
