//! Which files a command means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::run::SuiteCase;
use crate::scenario::{NotApplicable, Scenario, ScenarioError};
use crate::system::{PLAIN, System, SystemError};

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
        } else if path.exists() {
            wrong.push(format!("{name} is neither a file nor a folder"));
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

/// Which system scenarios are meant for, and what of them is run.
#[derive(Debug, Default)]
pub struct Purpose {
    /// The system that `--system` names; else each scenario's own.
    pub system: Option<String>,
    /// The variants of the system that `--variant` names; the plain one when there are none.
    pub variants: Vec<String>,
    /// Whether their controls are run.
    pub control: bool,
    /// The quietdown program, where they are to be run: then a system whose environment is missing is left out.
    pub program: Option<PathBuf>,
}

/// Reads and checks the scenarios that `names` mean.
///
/// # Errors
/// Everything that is wrong with any of them, drawn.
pub fn load(names: &[String], purpose: Purpose, colours: bool) -> Result<Vec<SuiteCase>, Vec<String>> {
    let mut selected = Vec::new();
    let mut wrong = Vec::new();
    let mut reader = Files::new(purpose, colours);
    for path in find(names)? {
        match reader.load(&path) {
            Ok(all) => selected.extend(all),
            Err(why) if wrong.contains(&why) => {}
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() { Ok(selected) } else { Err(wrong) }
}

/// Reads scenario files, and each system file once.
pub struct Files {
    purpose: Purpose,
    colours: bool,
    known: Vec<System>,
    systems: BTreeMap<String, Result<System, String>>,
    /// Why each system cannot be run here.
    missing: BTreeMap<PathBuf, Option<String>>,
}

impl Files {
    pub fn new(purpose: Purpose, colours: bool) -> Self {
        Self { purpose, colours, known: System::known(), systems: BTreeMap::new(), missing: BTreeMap::new() }
    }

    /// Reads and checks one scenario file; gives it once for each variant.
    ///
    /// # Errors
    /// What is wrong with it or with its system, drawn.
    pub fn load(&mut self, path: &Path) -> Result<Vec<SuiteCase>, String> {
        let scenario = Scenario::load(path).map_err(|why| match why {
            ScenarioError::Wrong(list) => list.render(self.colours),
            other => other.to_string(),
        })?;
        let name = self.purpose.system.as_deref().or(scenario.system()).unwrap_or("store").to_owned();
        let system = self.system(&name)?;
        let left_out =
            scenario.fit(&system, &self.known, self.purpose.control).map_err(|list| list.render(self.colours))?;
        let left_out = left_out.or_else(|| self.missing(&system));
        let variants: Vec<&str> = match self.purpose.variants.as_slice() {
            [] => vec![PLAIN],
            names if names.iter().any(|name| name == "all") => system.variant_names().collect(),
            names => names.iter().map(String::as_str).collect(),
        };
        let one = |variant: &&str| {
            let system = system.with_variant(variant).map_err(|why| why.to_string())?;
            Ok(SuiteCase { scenario: scenario.clone(), system, left_out: left_out.clone() })
        };
        variants.iter().map(one).collect()
    }

    /// Why the system cannot be run on this machine, asked once.
    fn missing(&mut self, system: &System) -> Option<NotApplicable> {
        let program = self.purpose.program.clone()?;
        let why = self.missing.entry(system.path.clone()).or_insert_with(|| system.missing(&program)).clone()?;
        Some(NotApplicable { reason: why, declared: false })
    }

    fn system(&mut self, name: &str) -> Result<System, String> {
        let colours = self.colours;
        let load = || {
            System::load(name).map_err(|why| match why {
                SystemError::Wrong(list) => list.render(colours),
                other => other.to_string(),
            })
        };
        self.systems.entry(name.to_owned()).or_insert_with(load).clone()
    }
}

/// Scenarios that a system file says something about, and that are not among these.
pub fn declared_for_nothing(selected: &[SuiteCase]) -> Vec<String> {
    let mut wrong = std::collections::BTreeSet::new();
    for SuiteCase { system, .. } in selected {
        let declared = system.file.not_applicable.keys().map(|name| ("not-applicable", name));
        let failing = system.file.expected_failures.iter().map(|rule| ("expected-failure", &rule.as_ref().scenario));
        for (table, name) in declared.chain(failing) {
            if !selected.iter().any(|one| one.scenario.name == *name) {
                let path = system.path.display();
                wrong.insert(format!("{path}: [{table}] names `{name}`, and there is no such scenario"));
            }
        }
    }
    wrong.into_iter().collect()
}
