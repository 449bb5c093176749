//! `quietdown check`.

use std::path::Path;

use crate::system::{System, SystemError};
use clap::Args;

use super::files::{self, Files, Purpose};
use super::{PASSED, WRONG};

/// Validates files and says everything that is wrong with them, without running anything.
#[derive(Debug, Args)]
pub struct Check {
    /// Scenario files, system files (in a folder `systems`) or folders; scenarios/ and systems/ when absent.
    paths: Vec<String>,
    /// The system that the scenarios are checked against.
    #[arg(long)]
    system: Option<String>,
}

impl Check {
    pub fn execute(self) -> u8 {
        let colours = super::colours(&std::io::stderr());
        let (mut systems, scenarios): (Vec<String>, Vec<String>) =
            self.paths.iter().cloned().partition(|path| is_system(path));
        if self.paths.is_empty() {
            systems.extend(System::listed().iter().map(|path| path.display().to_string()));
        }
        let (mut wrong, mut notes) = (Vec::new(), Vec::new());
        for path in &systems {
            match System::load(path) {
                Ok(system) => notes.extend(system.notes().into_iter().map(|note| format!("{path}: note: {note}"))),
                Err(SystemError::Wrong(list)) => wrong.push(list.render(colours)),
                Err(other) => wrong.push(other.to_string()),
            }
        }
        let mut count = systems.len();
        let mut left_out = Vec::new();
        if self.paths.is_empty() || !scenarios.is_empty() {
            match files::find(&scenarios) {
                Ok(paths) => {
                    count += paths.len();
                    let purpose = Purpose { system: self.system.clone(), ..Purpose::default() };
                    let mut files = Files::new(purpose, colours);
                    let mut selected = Vec::new();
                    for path in &paths {
                        match files.load(path) {
                            Ok(all) => selected.extend(all),
                            Err(why) if wrong.contains(&why) => {}
                            Err(why) => wrong.push(why),
                        }
                    }
                    if self.paths.is_empty() {
                        wrong.extend(files::declared_for_nothing(&selected));
                    }
                    left_out.extend(selected.iter().filter_map(|one| {
                        let reason = &one.left_out.as_ref()?.reason;
                        Some(format!("{} is not applicable: {reason}", one.scenario.name))
                    }));
                }
                Err(missing) => wrong.extend(missing),
            }
        }
        if self.paths.is_empty() {
            let known = System::known();
            let is_made = |suffix: &str| System::makes_snapshots(&known, suffix);
            let orphans = crate::transcript::orphans(Path::new("scenarios"), is_made).unwrap_or_default();
            wrong.extend(orphans.iter().map(ToString::to_string));
            count += orphans.len();
        }
        wrong.iter().for_each(|why| super::complain(format_args!("{why}\n")));
        notes.iter().for_each(super::say);
        match wrong.len() {
            0 => {
                left_out.iter().for_each(super::say);
                super::say(format_args!("{count} files are in order"));
                PASSED
            }
            number => {
                super::complain(format_args!("{}", wrong_of(number, count)));
                WRONG
            }
        }
    }
}

/// How much is wrong; what was not found is no file.
fn wrong_of(number: usize, count: usize) -> String {
    match count {
        0 => "nothing was checked".to_owned(),
        count if number > count => format!("{number} problems in {count} files"),
        count => format!("{number} of {count} files are wrong"),
    }
}

/// A file in `systems/`, or the `system.toml` of a folder in it.
fn is_system(path: &str) -> bool {
    let path = Path::new(path);
    let named = |path: Option<&Path>| path.and_then(Path::file_name).is_some_and(|name| name == "systems");
    named(path.parent()) || path.file_name().is_some_and(|name| name == "system.toml")
}
