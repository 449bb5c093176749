//! Every wrong file gets a message that says where, what, and what to write instead; never a panic. The messages are snapshots.

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use quietdown::scenario::{Scenario, ScenarioError};
use quietdown::system::System;

use crate::listed::files;

/// One for each file, and for all beginnings of one.
pub fn trials() -> Vec<Trial> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong_files");
    let mut trials = Vec::new();
    for path in files(&folder, "toml") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        trials.push(Trial::test(name, move || has_a_message(&path)));
    }
    for path in files(&folder.join("systems"), "toml") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        trials.push(Trial::test(format!("systems::{name}"), move || has_a_message(&path)));
    }
    trials.push(Trial::test("a_file_cut_off_anywhere_is_no_panic", cut_off_anywhere));
    trials
}

/// The message about a file, with the path that a user sees who stands beside it.
fn message(path: &Path, source: &str) -> Option<String> {
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    if path.parent().is_some_and(|folder| folder.ends_with("systems")) {
        return System::parse(&name, source).err().map(|wrong| wrong.to_string());
    }
    let scenario = match Scenario::parse(&name, source).map_err(ScenarioError::from) {
        Ok(scenario) => scenario,
        Err(wrong) => return Some(wrong.to_string()),
    };
    scenario.check(&System::store()).err().map(|wrong| wrong.to_string())
}

fn has_a_message(path: &Path) -> Result<(), Failed> {
    let source = std::fs::read_to_string(path)?;
    let message = message(path, &source).ok_or("this file is accepted")?;
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path.with_file_name("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    settings.bind(|| insta::assert_snapshot!(name, message));
    Ok(())
}

fn cut_off_anywhere() -> Result<(), Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/stop-mid-long-poll.toml");
    let source = std::fs::read_to_string(&path)?;
    for end in (0..source.len()).filter(|end| source.is_char_boundary(*end)) {
        let _ = message(&path, &source[..end]);
    }
    Ok(())
}
