//! Systems of kinds that the project has no other test of, as they come: a redis with its client, and services in FastAPI, ASGI,
//! Flask, Node and Java with theirs, which share their scenarios. Each scenario is two tests: it passes with its snapshot, or fails as
//! the system file says that it does, and fails under its control as that says. Where such
//! a system is not set up its tests are counted as ignored, and say so.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use quietdown::report::Terminal;
use quietdown::run::Runner;
use quietdown::scenario::Scenario;
use quietdown::system::System;

use crate::listed::files;

const SYSTEMS: [&str; 6] = ["asgi", "fastapi", "gunicorn", "jdk", "node", "redis"];

/// What is asked of each of them that serves a list of items.
const SHARED: &str = "systems/scenarios";

/// Two for each scenario of each of them.
pub fn trials() -> Vec<Trial> {
    let program = Path::new(env!("CARGO_BIN_EXE_quietdown"));
    let required = std::env::var("QUIETDOWN_REQUIRE").is_ok_and(|value| value == "all");
    let mut trials = Vec::new();
    for name in SYSTEMS {
        trials.push(Trial::test(format!("{name}::the_system_file_is_in_order"), move || {
            Ok(System::load(&format!("systems/{name}")).map(drop)?)
        }));
        let Ok(system) = System::load(&format!("systems/{name}")) else { continue };
        let missing = system.missing(program).filter(|_| !required);
        // The clones share the zygote.
        let runner = Runner::new(program);
        let own = format!("systems/{name}/scenarios");
        let folders = [(system.file.operations.contains_key("next"), SHARED), (Path::new(&own).is_dir(), &own)];
        for (_, folder) in folders.into_iter().filter(|(has, _)| *has) {
            for path in files(Path::new(folder), "toml") {
                trials.extend(both(name, &path, &system, &runner, missing.as_deref()));
            }
        }
    }
    trials
}

fn both(name: &str, path: &Path, system: &System, runner: &Runner, missing: Option<&str>) -> Vec<Trial> {
    let name = format!("{name}::{}", path.file_stem().unwrap_or_default().to_string_lossy());
    if let Some(why) = missing {
        // A name is all that an ignored test shows.
        return vec![Trial::test(format!("{name} is left out: {why}"), || Ok(())).with_ignored_flag(true)];
    }
    let (path, system, runner) = (path.to_owned(), system.clone(), runner.clone());
    let (control, controlled, conductor) = (path.clone(), system.clone(), runner.clone());
    vec![
        Trial::test(name.clone(), move || passes(&path, &system, &runner)),
        Trial::test(format!("{name}::control"), move || fails(&control, &controlled, &conductor)),
    ]
}

fn passes(path: &Path, system: &System, runner: &Runner) -> Result<(), Failed> {
    let scenario = Scenario::load(path)?;
    scenario.check(system)?;
    let report = runner.run(&scenario, system)?;
    if report.passed() || report.failed_as_expected() {
        Ok(())
    } else {
        Err(Terminal { colours: false }.failure(&report).into())
    }
}

fn fails(path: &Path, system: &System, runner: &Runner) -> Result<(), Failed> {
    let scenario = Scenario::load(path)?;
    scenario.check(system)?;
    let (runner, wanted) = runner.clone().control(&scenario)?;
    let report = runner.run(&scenario, system)?;
    if report.fails_with(wanted) {
        return Ok(report.discard()?);
    }
    Err(format!("under its control it must fail with {wanted}\n{}", Terminal { colours: false }.failure(&report))
        .into())
}
