//! Snapshots in insta's file format, and the one comparer that the command line and `cargo test` share.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::file::{SAVED_BOUND, read_text};

/// What comparing a transcript with its snapshot gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// They are the same.
    Same,
    /// There is no snapshot.
    Missing(PathBuf),
    /// They differ: the difference as a unified diff, snapshot first.
    Differs(String),
}

/// Where the snapshot of a scenario file is, for the system with this [suffix](crate::system::System::suffix).
pub fn place(scenario: &Path, suffix: &str) -> PathBuf {
    let stem = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    scenario.parent().unwrap_or(Path::new("")).join("snapshots").join(format!("{stem}{suffix}.snap"))
}

/// The text of a snapshot file, without insta's header.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> io::Result<String> {
    let text = read_text(path, SAVED_BOUND)?;
    let body =
        text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(text.as_str(), |(_, body)| body);
    Ok(normal(body))
}

/// Writes a snapshot file the way insta does.
///
/// # Errors
/// When it cannot be written. Nothing is half-written then.
pub fn write(path: &Path, transcript: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("snap.draft");
    // Not through a link that somebody has put there.
    match fs::remove_file(&draft) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    File::create_new(&draft)?.write_all(
        format!("---\nsource: tests/scenarios.rs\nexpression: transcript\n---\n{}\n", normal(transcript)).as_bytes(),
    )?;
    fs::rename(&draft, path)
}

/// Compares a transcript with the snapshot of a scenario file, for the system with this suffix.
///
/// # Errors
/// When the snapshot is there and cannot be read.
pub fn compare(scenario: &Path, suffix: &str, transcript: &str) -> io::Result<Comparison> {
    let path = place(scenario, suffix);
    let snapshot = match read(&path) {
        Ok(text) => text,
        Err(wrong) if wrong.kind() == io::ErrorKind::NotFound => return Ok(Comparison::Missing(path)),
        Err(wrong) => return Err(wrong),
    };
    let transcript = normal(transcript);
    if snapshot == transcript {
        return Ok(Comparison::Same);
    }
    let diff = TextDiff::from_lines(snapshot.as_str(), transcript.as_str());
    Ok(Comparison::Differs(
        diff.unified_diff().context_radius(3).missing_newline_hint(false).header("snapshot", "transcript").to_string(),
    ))
}

/// A snapshot that nothing is compared with any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrphanSnapshot {
    /// Its file.
    pub path: PathBuf,
    /// What it was of.
    pub gone: &'static str,
}

impl fmt::Display for OrphanSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: its {} is gone; remove it", self.path.display(), self.gone)
    }
}

/// The snapshots in a folder of scenarios whose scenario is gone, or the variant of their system: `is_made` says whether one with this
/// [suffix](crate::system::System::suffix) may still be made.
///
/// # Errors
/// When a folder cannot be read; that there are no snapshots is no error.
pub fn orphans(scenarios: &Path, is_made: impl Fn(&str) -> bool) -> io::Result<Vec<OrphanSnapshot>> {
    let folder = scenarios.join("snapshots");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "snap") {
            continue;
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (scenario, suffix) = stem.split_at(stem.find('@').unwrap_or(stem.len()));
        // A name may have a dot in it, which is no ending.
        let gone = if !scenarios.join(format!("{scenario}.toml")).is_file() {
            "scenario"
        } else if !is_made(suffix) {
            "variant"
        } else {
            continue;
        };
        found.push(OrphanSnapshot { path, gone });
    }
    found.sort();
    Ok(found)
}

/// As insta compares: line ends of one kind, no blank lines around.
fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end().trim_start_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_same_when_read_and_a_change_is_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = folder.path().join("x.toml");
        assert_eq!(compare(&scenario, "", "a\n").expect("compared"), Comparison::Missing(place(&scenario, "")));
        write(&place(&scenario, ""), "a\n---\nb\n").expect("written");
        assert_eq!(compare(&scenario, "", "a\n---\nb\n").expect("compared"), Comparison::Same);
        let Comparison::Differs(diff) = compare(&scenario, "", "a\n---\nc\n").expect("compared") else {
            panic!("it differs")
        };
        assert!(diff.contains("-b") && diff.contains("+c"), "{diff}");
    }

    #[test]
    fn a_snapshot_without_its_scenario_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let found = || orphans(folder.path(), |suffix| suffix != "@other+gone").expect("read");
        assert_eq!(found(), []);
        for name in ["kept.1", "gone"] {
            for suffix in ["", "@other", "@other+gone"] {
                write(&place(&folder.path().join(format!("{name}.toml")), suffix), "x\n").expect("written");
            }
        }
        fs::write(folder.path().join("kept.1.toml"), "summary = \"x\"").expect("written");
        let found: Vec<_> = found().into_iter().map(|orphan| (orphan.path, orphan.gone)).collect();
        let wanted = [
            ("gone.snap", "scenario"),
            ("gone@other+gone.snap", "scenario"),
            ("gone@other.snap", "scenario"),
            ("kept.1@other+gone.snap", "variant"),
        ];
        assert_eq!(found, wanted.map(|(name, gone)| (folder.path().join("snapshots").join(name), gone)));
    }
}
