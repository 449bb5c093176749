//! Every scenario file is two tests: it passes with its snapshot, and under its control it fails as the control says.
//! The files are listed at run time, so a new one needs no rebuild. So it is on the embedded store, on agent-lightning and on systems of
//! other kinds. What is not set up here is counted as ignored, and says so.

#[path = "scenarios/agent_lightning.rs"]
mod agent_lightning;
#[path = "listed/mod.rs"]
mod listed;
#[path = "scenarios/strangers.rs"]
mod strangers;

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use listed::files;
use quietdown::report::Terminal;
use quietdown::run::{Report, Runner};
use quietdown::scenario::Scenario;
use quietdown::system::System;
use quietdown::transcript::{Comparison, compare};

fn main() {
    let mut arguments = Arguments::from_args();
    // A scenario mostly waits.
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    arguments.test_threads = arguments.test_threads.or(Some(2 * processors));
    let trials = [on_the_store(), agent_lightning::trials(), strangers::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn on_the_store() -> Vec<Trial> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = files(&folder, "toml");
    let mut trials = Vec::new();
    let known = System::known();
    for path in files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(why) = left_out(&path, &known) {
            // A name is all that an ignored test shows.
            trials.push(Trial::test(format!("{name} is left out: {why}"), || Ok(())).with_ignored_flag(true));
            continue;
        }
        let controlled = path.clone();
        trials.push(Trial::test(name.clone(), move || passes(&path)));
        trials.push(Trial::test(format!("{name}::control"), move || fails_under_its_control(&controlled)));
    }
    trials.push(Trial::test("no_snapshot_without_its_scenario", move || no_orphans(&folder)));
    trials
}

/// Why a scenario cannot be run on the embedded store. What is wrong with it, its own test says.
fn left_out(path: &Path, known: &[System]) -> Option<String> {
    let scenario = Scenario::load(path).ok()?;
    let why = scenario.fit(&System::store(), known, true).ok()??;
    Some(why.reason)
}

fn load(path: &Path) -> Result<(Scenario, System), Failed> {
    let (scenario, system) = (Scenario::load(path)?, System::store());
    scenario.check(&system)?;
    Ok((scenario, system))
}

fn runner() -> Runner {
    Runner::new(env!("CARGO_BIN_EXE_quietdown")).without_snapshots()
}

fn passes(path: &Path) -> Result<(), Failed> {
    let (scenario, system) = load(path)?;
    let report = runner().run(&scenario, &system)?;
    if !report.passed() {
        return Err(failure(&report));
    }
    let ours = compare(path, "", &report.transcript)?;
    // `insta` reads and reviews the same files; the two must never come to different ends.
    let asserted = std::panic::catch_unwind(|| {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.with_file_name("snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        // This name is in the head of the file that insta writes: `run --accept` writes the same one.
        let transcript = &report.transcript;
        settings.bind(|| insta::assert_snapshot!(report.scenario.as_str(), transcript));
    });
    match (ours, asserted) {
        (Comparison::Same, Ok(())) => Ok(()),
        (Comparison::Same, Err(_)) => Err("the comparer calls them the same, insta does not".into()),
        (ours, Ok(())) if std::env::var_os("INSTA_UPDATE").is_none_or(|update| update == "no") => {
            Err(format!("insta calls them the same, the comparer does not: {ours:?}").into())
        }
        (_, Ok(())) => Ok(()),
        (Comparison::Missing(path), Err(_)) => {
            Err(format!("there is no {}; transcript:\n{}", path.display(), report.transcript).into())
        }
        (Comparison::Differs(diff), Err(_)) => Err(diff.into()),
    }
}

fn fails_under_its_control(path: &Path) -> Result<(), Failed> {
    let (scenario, system) = load(path)?;
    let (runner, wanted) = runner().control(&scenario)?;
    let report = runner.run(&scenario, &system)?;
    if report.fails_with(wanted) {
        report.discard()?;
        return Ok(());
    }
    Err(format!("under its control it must fail with {wanted}\n{}", failure(&report).message().unwrap_or_default())
        .into())
}

fn failure(report: &Report) -> Failed {
    Terminal { colours: false }.failure(report).into()
}

fn no_orphans(folder: &Path) -> Result<(), Failed> {
    let known = System::known();
    let orphans = quietdown::transcript::orphans(folder, |suffix| System::makes_snapshots(&known, suffix))?;
    let orphans: Vec<String> = orphans.iter().map(ToString::to_string).collect();
    if orphans.is_empty() { Ok(()) } else { Err(orphans.join("\n").into()) }
}
