//! `quietdown check`.

use std::path::Path;

use clap::Args;
use quietdown::system::{System, SystemError};

use super::{PASSED, WRONG, files};

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
        let is_system =
            |path: &str| Path::new(path).parent().and_then(Path::file_name).is_some_and(|folder| folder == "systems");
        let (mut systems, scenarios): (Vec<String>, Vec<String>) =
            self.paths.iter().cloned().partition(|path| is_system(path));
        if self.paths.is_empty() {
            let listed = std::fs::read_dir("systems").into_iter().flatten().flatten().map(|entry| entry.path());
            systems.extend(
                listed
                    .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
                    .map(|path| path.display().to_string()),
            );
        }
        let mut wrong = Vec::new();
        for path in &systems {
            match System::load(path) {
                Ok(_) => {}
                Err(SystemError::Wrong(list)) => wrong.push(list.render(colours)),
                Err(other) => wrong.push(other.to_string()),
            }
        }
        let mut count = systems.len();
        if self.paths.is_empty() || !scenarios.is_empty() {
            match files::find(&scenarios) {
                Ok(paths) => {
                    count += paths.len();
                    wrong.extend(
                        paths.iter().filter_map(|path| files::load_one(path, self.system.as_deref(), colours).err()),
                    );
                }
                Err(missing) => wrong.extend(missing),
            }
        }
        if self.paths.is_empty() {
            let orphans = quietdown::transcript::orphans(Path::new("scenarios")).unwrap_or_default();
            wrong.extend(orphans.iter().map(|path| format!("{}: its scenario is gone; remove it", path.display())));
            count += orphans.len();
        }
        wrong.iter().for_each(|why| eprintln!("{why}\n"));
        match wrong.len() {
            0 => {
                super::say(format_args!("{count} files are in order"));
                PASSED
            }
            number => {
                eprintln!("{number} of {count} files are wrong");
                WRONG
            }
        }
    }
}
