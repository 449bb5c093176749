//! A folder of scenarios as a test program: [`harness!`](crate::harness!).

mod arguments;
mod trials;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arguments::Arguments;
use trials::{Failure, Trial, conduct};

use crate::finding::{Finding, FindingKind};
use crate::report::Terminal;
use crate::run::Runner;
use crate::scenario::Scenario;
use crate::system::System;
use crate::transcript as snapshot;

/// The environment variable by which a scenario's transcript becomes its snapshot.
const ACCEPT: &str = "QUIETDOWN_ACCEPT";

/// What a test program exits with when it could not do what it was asked for, as Rust's own test harness.
const UNUSABLE: u8 = 101;

/// Makes a test program of a folder of scenarios: one test for each scenario, and one for its control.
///
/// The files are listed when the program runs, so a new scenario needs no rebuild. Filters, `--list`, `--exact`, `--skip`,
/// `--ignored` and `--test-threads` work as in any Rust test; so do `cargo nextest` and editors. A scenario that does not
/// apply to the system is counted as ignored and says why. Paths are relative to the package's folder.
///
/// `tests/scenarios.rs`:
///
/// ```no_run
/// quietdown::harness!("scenarios", system = "shop");
/// ```
///
/// `Cargo.toml`:
///
/// ```toml
/// [dev-dependencies]
/// quietdown = { version = "0.1", default-features = false }
///
/// [[test]]
/// name = "scenarios"
/// harness = false
/// ```
///
/// The programs of the package itself are named by `programs = ["shop"]`: in the system file `${program.shop}` is then the
/// program that cargo has built for this test.
///
/// `shop` is `systems/shop.toml`, `systems/shop/system.toml`, or a path. A failure shows what `quietdown run` shows; snapshots are
/// written with `QUIETDOWN_ACCEPT=1 cargo test`.
#[macro_export]
macro_rules! harness {
    ($scenarios:expr, system = $system:expr $(, programs = [$($program:literal),* $(,)?])? $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            let programs: &[(&str, &str)] = &[$($(($program, env!(concat!("CARGO_BIN_EXE_", $program)))),*)?];
            $crate::harness::main(env!("CARGO_MANIFEST_DIR"), $scenarios, $system, programs)
        }
    };
}

/// What [`harness!`](crate::harness!) expands to: lists or runs the tests of a folder, and says how the program must end.
#[doc(hidden)]
pub fn main(package: &str, scenarios: &str, system: &str, programs: &[(&str, &str)]) -> ExitCode {
    listed_or_run(&Path::new(package).join(scenarios), system, programs).unwrap_or_else(|why| {
        eprintln!("{}", why.0);
        ExitCode::from(UNUSABLE)
    })
}

fn listed_or_run(folder: &Path, system: &str, programs: &[(&str, &str)]) -> Result<ExitCode, Failure> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    Ok(conduct(&arguments, &trials_of(folder, system, programs)?, &mut std::io::stdout())?)
}

fn trials_of(folder: &Path, system: &str, programs: &[(&str, &str)]) -> Result<Vec<Trial>, Failure> {
    let system = System::load(system)?;
    let known = System::known();
    let runner = programs.iter().fold(Runner::from_env()?, |runner, (name, path)| runner.with_program(*name, *path));
    let mut trials = Vec::new();
    for path in scenario_files(folder)? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // What is wrong with a file is the failure of its own test.
        let loaded = Scenario::load(&path).ok();
        let left_out = |control| {
            let why = loaded.as_ref()?.fit(&system, &known, control).ok()??;
            Some(why.reason)
        };
        let controlled = loaded.as_ref().is_none_or(|scenario| scenario.file.control.is_some());
        for (control, name) in [(false, name.clone()), (true, format!("{name}::control"))] {
            if control && !controlled {
                continue;
            }
            let (path, system, runner) = (path.clone(), system.clone(), runner.clone());
            let run = Box::new(
                move || if control { fails(&path, &system, &runner) } else { passes(&path, &system, &runner) },
            );
            trials.push(Trial { name, left_out: left_out(control), run });
        }
    }
    if trials.is_empty() {
        return Err(Failure(format!("{}: there is no scenario (NAME.toml) in this folder", folder.display())));
    }
    Ok(trials)
}

fn scenario_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |why: std::io::Error| Failure(format!("{}: {why}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn passes(path: &Path, system: &System, runner: &Runner) -> Result<(), Failure> {
    let scenario = checked(path, system)?;
    let report = runner.run(&scenario, system)?;
    if report.passed() || report.failed_as_expected() {
        return Ok(());
    }
    let of_snapshot =
        |finding: &Finding| matches!(finding.kind, FindingKind::SnapshotDiffers | FindingKind::SnapshotMissing);
    if std::env::var_os(ACCEPT).is_some_and(|value| value == "1") && report.findings.iter().all(of_snapshot) {
        snapshot::write(&snapshot::place(path, &system.suffix()), &report.transcript)?;
        return Ok(report.discard()?);
    }
    Err(Failure(Terminal { colours: false }.failure(&report)))
}

fn fails(path: &Path, system: &System, runner: &Runner) -> Result<(), Failure> {
    let scenario = checked(path, system)?;
    let (runner, wanted) = runner.clone().control(&scenario)?;
    let report = runner.run(&scenario, system)?;
    if report.fails_with(wanted) {
        return Ok(report.discard()?);
    }
    Err(Failure(format!(
        "under its control it must fail with {wanted}\n{}",
        Terminal { colours: false }.failure(&report)
    )))
}

fn checked(path: &Path, system: &System) -> Result<Scenario, Failure> {
    let scenario = Scenario::load(path)?;
    scenario.check(system)?;
    Ok(scenario)
}
