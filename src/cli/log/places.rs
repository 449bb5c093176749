//! Which logs are meant: files, folders with all that is in them, and globs.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// What was named, and is nowhere.
#[derive(Debug, thiserror::Error)]
pub enum LogPathError {
    #[error("{path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{pattern}: no file is called like this")]
    Nothing { pattern: String },
    #[error("{pattern}: this is no pattern: {source}")]
    Pattern { pattern: String, source: glob::PatternError },
}

/// The logs that are meant, each once, and what was not found.
pub fn find(names: &[PathBuf]) -> (Vec<PathBuf>, Vec<LogPathError>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for name in names {
        match matches(name) {
            Ok(paths) => found.extend(paths),
            Err(why) => wrong.push(why),
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|path: &PathBuf| seen.insert(path.clone()));
    if names.is_empty() {
        found.push(PathBuf::from("-"));
    }
    (found, wrong)
}

fn matches(name: &Path) -> Result<Vec<PathBuf>, LogPathError> {
    if name.is_dir() {
        return in_folder(name);
    }
    let text = name.to_string_lossy();
    if name.exists() || name == Path::new("-") || !text.contains(['*', '?', '[']) {
        return Ok(vec![name.to_owned()]);
    }
    let wrong = |source| LogPathError::Pattern { pattern: text.clone().into_owned(), source };
    let mut found = Vec::new();
    for path in glob::glob(&text).map_err(wrong)? {
        let path = path.map_err(|why| LogPathError::Unreadable { path: why.path().to_owned(), source: why.into() })?;
        if path.is_file() {
            found.push(path);
        }
    }
    if found.is_empty() { Err(LogPathError::Nothing { pattern: text.into_owned() }) } else { Ok(found) }
}

/// All files in a folder and in those within; links to folders are not followed.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, LogPathError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |source| LogPathError::Unreadable { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        return Err(LogPathError::Nothing { pattern: folder.join("**").to_string_lossy().into_owned() });
    }
    found.sort();
    Ok(found)
}
