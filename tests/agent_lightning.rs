//! Every scenario on agent-lightning itself, as it is and in every variant: each is a test that passes with its snapshot, or
//! fails as the system file declares. Where agent-lightning is not installed each is counted as ignored, and says so.

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use quietdown::report::Terminal;
use quietdown::run::Runner;
use quietdown::scenario::Scenario;
use quietdown::system::System;

const FOLDER: &str = "systems/agent-lightning";

fn main() {
    let mut arguments = Arguments::from_args();
    // A scenario mostly waits.
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    arguments.test_threads = arguments.test_threads.or(Some(2 * processors));
    let mut trials = vec![Trial::test("the_system_file_is_in_order", || Ok(System::load(FOLDER).map(drop)?))];
    if let Ok(system) = System::load(FOLDER) {
        // The clones share the zygote.
        let program = env!("CARGO_BIN_EXE_quietdown");
        let runner = Runner::new(program);
        let required = std::env::var("QUIETDOWN_REQUIRE").is_ok_and(|value| value == "all");
        let missing = system.missing(Path::new(program)).filter(|_| !required);
        let variants: Vec<System> = system.variant_names().flat_map(|name| system.with_variant(name)).collect();
        for path in scenarios() {
            trials.extend(variants.iter().map(|system| trial(&path, system, &runner, missing.as_deref())));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn scenarios() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("scenarios").unwrap_or_else(|why| panic!("scenarios: {why}"));
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == "toml"))
        .collect();
    files.sort();
    files
}

fn trial(path: &Path, system: &System, runner: &Runner, missing: Option<&str>) -> Trial {
    let name = system.label(&path.file_stem().unwrap_or_default().to_string_lossy());
    if let Some(why) = missing.map(str::to_owned).or_else(|| left_out(path, system)) {
        // A name is all that an ignored test shows.
        return Trial::test(format!("{name} is left out: {why}"), || Ok(())).with_ignored_flag(true);
    }
    let (path, system, runner) = (path.to_owned(), system.clone(), runner.clone());
    Trial::test(name, move || ends_as_declared(&path, &system, &runner))
}

/// Why a scenario is not run. What is wrong with it, its own test says.
fn left_out(path: &Path, system: &System) -> Option<String> {
    let why = Scenario::load(path).ok()?.fit(system, &System::known(), false).ok()??;
    Some(why.reason)
}

fn ends_as_declared(path: &Path, system: &System, runner: &Runner) -> Result<(), Failed> {
    let scenario = Scenario::load(path)?;
    let report = runner.run(&scenario, system)?;
    if report.passed() {
        return Ok(());
    }
    if report.failed_as_expected() {
        return Ok(report.discard()?);
    }
    Err(Terminal { colours: false }.failure(&report).into())
}
