//! Evidence that was saved: read again, or refused by name.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{EVIDENCE_VERSION, Evidence};
use crate::file::{SAVED_BOUND, read_bounded};

/// Why saved evidence cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is none.
    #[error("{path}: no evidence of a run: {source}")]
    NoEvidence {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A later quietdown has written it.
    #[error(
        "{path} has version {version}, and this quietdown knows versions up to {EVIDENCE_VERSION}; use the one that wrote it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
}

/// Of any version only this is known.
#[derive(Deserialize)]
struct Version {
    #[serde(default = "super::first_version")]
    version: u32,
}

impl Evidence {
    /// Reads what was saved, also by an earlier version.
    ///
    /// # Errors
    /// When it cannot be read, is no evidence, or was written by a later version.
    pub fn saved(path: &Path) -> Result<Self, SavedError> {
        let path = path.to_owned();
        let bytes = match read_bounded(&path, SAVED_BOUND) {
            Ok(bytes) => bytes,
            Err(source) => return Err(SavedError::Unreadable { path, source }),
        };
        match serde_json::from_slice::<Version>(&bytes) {
            Ok(Version { version }) if version > EVIDENCE_VERSION => return Err(SavedError::Newer { path, version }),
            _ => {}
        }
        serde_json::from_slice(&bytes).map_err(|source| SavedError::NoEvidence { path, source })
    }
}

#[test]
fn evidence_without_a_version_is_read_and_that_of_a_later_one_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("evidence.json");
    let write = |text: &str| std::fs::write(&path, text).expect("written");
    let mut value = serde_json::to_value(Evidence::default()).expect("JSON");
    value.as_object_mut().expect("an object").remove("version");
    write(&value.to_string());
    assert_eq!(Evidence::saved(&path).expect("read").version, 1);
    write("{\"version\": 99, \"anything\": \"else\"}");
    let why = Evidence::saved(&path).expect_err("refused").to_string();
    assert!(why.contains("evidence.json has version 99, and this quietdown knows versions up to 2"), "{why}");
    write("[]");
    assert!(Evidence::saved(&path).expect_err("refused").to_string().contains("no evidence of a run"));
}
