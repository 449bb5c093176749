//! Snapshots of a run: taken over, compared between rounds, missed when their scenario is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use quietdown::finding::{Finding, FindingKind};
use quietdown::report::Terminal;
use quietdown::scenario::Scenario;
use quietdown::system::System;
use quietdown::transcript::{Comparison, Orphan};

use super::lock;
use crate::cli::files::Selected;

/// The transcripts of the first round, by scenario and system.
pub(super) type Transcripts = Mutex<BTreeMap<PathBuf, String>>;

/// The transcript that a scenario had in the first round; nothing if this is the first.
pub(super) fn first_transcript(transcripts: &Transcripts, scenario: &Path, transcript: &str) -> Option<String> {
    let mut known = lock(transcripts);
    match known.get(scenario) {
        Some(first) => Some(first.clone()),
        None => {
            known.insert(scenario.to_owned(), transcript.to_owned());
            None
        }
    }
}

pub(super) fn of_snapshot(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::SnapshotDiffers | FindingKind::SnapshotMissing)
}

/// Writes the snapshot, and says what changes.
pub(super) fn accept(
    scenario: &Scenario,
    suffix: &str,
    transcript: &str,
    terminal: Terminal,
) -> std::io::Result<Option<String>> {
    let place = quietdown::transcript::place(&scenario.path, suffix);
    let shown = match quietdown::transcript::compare(&scenario.path, suffix, transcript)? {
        Comparison::Same => return Ok(None),
        Comparison::Missing(_) => format!("new   {}", place.display()),
        Comparison::Differs(diff) => format!("taken {}\n{}", place.display(), terminal.diff(&diff)),
    };
    quietdown::transcript::write(&place, transcript)?;
    Ok(Some(shown))
}

/// The snapshots beside these scenarios whose scenario or variant is gone.
pub(super) fn orphans(selected: &[Selected]) -> Vec<Orphan> {
    let folders: BTreeSet<&Path> = selected.iter().filter_map(|one| one.scenario.path.parent()).collect();
    let mut known = System::known();
    known.extend(selected.iter().map(|one| one.system.clone()));
    let is_made = |suffix: &str| System::makes_snapshots(&known, suffix);
    folders.into_iter().flat_map(|folder| quietdown::transcript::orphans(folder, is_made).unwrap_or_default()).collect()
}
