//! Which files a command means.

use std::path::{Path, PathBuf};

use quietdown::scenario::Scenario;
use quietdown::system::System;

/// A scenario with the system that it runs on.
pub struct Selected {
    pub scenario: Scenario,
    pub system: System,
}

/// The scenario files that `names` mean: paths of files or folders, or names of files in `scenarios/`. All of it if there are none.
///
/// # Errors
/// What was not found, one line each.
pub fn find(names: &[String]) -> Result<Vec<PathBuf>, Vec<String>> {
    let folder = Path::new("scenarios");
    if names.is_empty() {
        let all = in_folder(folder).map_err(|why| vec![why])?;
        return if all.is_empty() { Err(vec!["there are no scenarios in scenarios/".to_owned()]) } else { Ok(all) };
    }
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for name in names {
        let path = Path::new(name);
        let named = folder.join(format!("{name}.toml"));
        if path.is_dir() {
            match in_folder(path) {
                Ok(files) if files.is_empty() => wrong.push(format!("there are no scenarios in {name}")),
                Ok(files) => found.extend(files),
                Err(why) => wrong.push(why),
            }
        } else if path.is_file() {
            found.push(path.to_owned());
        } else if named.is_file() {
            found.push(named);
        } else {
            wrong.push(format!(
                "no scenario `{name}`: neither a file, nor {}; `quietdown list` names all",
                named.display()
            ));
        }
    }
    // Named twice is run once.
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|path| seen.insert(path.clone()));
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|why| {
        format!("{}: {why}; name scenario files or folders, or run where scenarios/ is", folder.display())
    })?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    Ok(files)
}

/// Reads and checks the scenarios that `names` mean.
///
/// # Errors
/// Everything that is wrong with any of them, drawn.
pub fn load(names: &[String], system: Option<&str>, colours: bool) -> Result<Vec<Selected>, Vec<String>> {
    let mut selected = Vec::new();
    let mut wrong = Vec::new();
    for path in find(names)? {
        match load_one(&path, system, colours) {
            Ok(one) => selected.push(one),
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() { Ok(selected) } else { Err(wrong) }
}

/// Reads and checks one scenario file.
///
/// # Errors
/// What is wrong with it, drawn.
pub fn load_one(path: &Path, system: Option<&str>, colours: bool) -> Result<Selected, String> {
    use quietdown::scenario::ScenarioError;
    use quietdown::system::SystemError;
    let scenario = Scenario::load(path).map_err(|why| match why {
        ScenarioError::Wrong(list) => list.render(colours),
        other => other.to_string(),
    })?;
    let name = system.or(scenario.system()).unwrap_or("store").to_owned();
    let system = System::load(&name).map_err(|why| match why {
        SystemError::Wrong(list) => list.render(colours),
        other => other.to_string(),
    })?;
    scenario.check(&system).map_err(|list| list.render(colours))?;
    Ok(Selected { scenario, system })
}
