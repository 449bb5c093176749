//! Where system files are.

use std::path::{Path, PathBuf};

/// The folder of system files.
const SYSTEMS: &str = "systems";

/// The file of a system that is a folder.
const IN_FOLDER: &str = "system.toml";

/// The file that a name or a path means, whether it is there or not.
pub(super) fn place(name: &str) -> PathBuf {
    let looks_like_path = name.contains('/') || name.ends_with(".toml");
    let path = if looks_like_path { PathBuf::from(name) } else { Path::new(SYSTEMS).join(name) };
    let (file, folder) = (
        if looks_like_path { path.clone() } else { path.with_file_name(format!("{name}.toml")) },
        path.join(IN_FOLDER),
    );
    if folder.is_file() && !file.is_file() { folder } else { file }
}

/// The files of `systems/`: `NAME.toml`, and `NAME/system.toml`.
pub(super) fn listed() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(SYSTEMS).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries
        .filter_map(|path| match path.is_dir() {
            true => Some(path.join(IN_FOLDER)).filter(|file| file.is_file()),
            false => path.extension().is_some_and(|ending| ending == "toml").then_some(path),
        })
        .collect();
    found.sort();
    found
}

/// The folder of a file, as an absolute path: programs run elsewhere.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().or_else(|_| std::path::absolute(folder)).unwrap_or_else(|_| folder.to_owned())
}
