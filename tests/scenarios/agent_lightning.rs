//! Every scenario on agent-lightning itself, as it is and in every variant: each is a test that passes with its snapshot, or
//! fails as the system file declares. Besides, a stop and a kill of the server at every phase of a write, a wait and a read: the
//! right fixes pass all of them, each bad one is caught by all kills and by no stop. Where agent-lightning is not installed each is counted as ignored, and says so.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use quietdown::finding::FindingKind;
use quietdown::report::Terminal;
use quietdown::run::Runner;
use quietdown::scenario::{Scenario, SweepFault};
use quietdown::sweep::{Outcome, Persistence, Spot, Sweep, SweepPoint, Verdict};
use quietdown::system::System;

use crate::listed::files;

const FOLDER: &str = "systems/agent-lightning";

/// What is swept.
const ENDS: &str = "tests/sweep/ends.toml";

/// What the points of a sweep must come to on a variant.
#[derive(Clone, Copy)]
enum Must {
    /// Every one passes.
    Pass,
    /// Every one fails, with a finding of this kind.
    Fail(FindingKind),
}

/// The variants, a fault, and what must come of it.
const SWEPT: &[(&str, SweepFault, Must)] = &[
    ("good-fix", SweepFault::ServerStop, Must::Pass),
    ("good-fix", SweepFault::ServerKill, Must::Pass),
    ("close-after-drain", SweepFault::ServerStop, Must::Pass),
    ("close-after-drain", SweepFault::ServerKill, Must::Pass),
    ("swallow-disconnects", SweepFault::ServerStop, Must::Pass),
    ("swallow-disconnects", SweepFault::ServerKill, Must::Fail(FindingKind::OverSuppressed)),
    ("probe-gone-is-shutdown", SweepFault::ServerStop, Must::Pass),
    ("probe-gone-is-shutdown", SweepFault::ServerKill, Must::Fail(FindingKind::OverSuppressed)),
    ("plain", SweepFault::ServerStop, Must::Fail(FindingKind::Traceback)),
    ("plain", SweepFault::ServerKill, Must::Fail(FindingKind::Traceback)),
];

/// One for each scenario on each variant, and one for each sweep.
pub fn trials() -> Vec<Trial> {
    let mut trials =
        vec![Trial::test("agent_lightning::the_system_file_is_in_order", || Ok(System::load(FOLDER).map(drop)?))];
    if let Ok(system) = System::load(FOLDER) {
        // The clones share the zygote.
        let program = env!("CARGO_BIN_EXE_quietdown");
        let runner = Runner::new(program);
        let required = std::env::var("QUIETDOWN_REQUIRE").is_ok_and(|value| value == "all");
        let missing = system.missing(Path::new(program)).filter(|_| !required);
        let variants: Vec<System> = system.variant_names().flat_map(|name| system.with_variant(name)).collect();
        for path in files(Path::new("scenarios"), "toml") {
            trials.extend(variants.iter().map(|system| trial(&path, system, &runner, missing.as_deref())));
        }
        trials.extend(SWEPT.iter().map(|swept| sweep_trial(*swept, &system, &runner, missing.as_deref())));
    }
    trials
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

fn sweep_trial(
    (variant, fault, must): (&'static str, SweepFault, Must),
    system: &System,
    runner: &Runner,
    missing: Option<&str>,
) -> Trial {
    let name = format!("{}_at_every_phase+{variant}", fault.name());
    if let Some(why) = missing {
        return Trial::test(format!("{name} is left out: {why}"), || Ok(())).with_ignored_flag(true);
    }
    let (system, runner) = (system.clone(), runner.clone());
    Trial::test(name, move || sweep_ends_as_it_must(&system.with_variant(variant)?, fault, must, &runner))
}

fn sweep_ends_as_it_must(system: &System, fault: SweepFault, must: Must, runner: &Runner) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let runner = runner.clone().runs(folder.path()).without_snapshots();
    let scenario = Scenario::load(Path::new(ENDS))?;
    scenario.check(system)?;
    let sweep = Sweep::record(&scenario, system, &runner, false)?;
    let all = sweep.points();
    let points: Vec<&SweepPoint> = all.iter().filter(|point| is_swept(&sweep, &all, point, fault)).collect();
    // Two requests with a body have six phases, the read five.
    if points.len() != 6 + 6 + 5 {
        let said: Vec<String> = points.iter().map(|point| point.strikes[0].describe(sweep.requests())).collect();
        return Err(format!("{} points:\n{}", points.len(), said.join("\n")).into());
    }
    let wrong: Vec<String> = points
        .iter()
        .filter_map(|point| {
            let (outcome, _) = sweep.run(point);
            let place = point.strikes[0].describe(sweep.requests());
            (!is_as_it_must(&outcome, must)).then(|| format!("{place}: {:?}\n{}", outcome.verdict, said(&outcome)))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// One place in each phase of the calls that are to be struck; the server stays away, because its data would not come back with it.
fn is_swept(sweep: &Sweep<'_>, all: &[SweepPoint], point: &SweepPoint, fault: SweepFault) -> bool {
    let strike = point.strikes[0];
    let place = strike.place;
    let call = sweep.requests()[strike.request].call.as_deref().unwrap_or_default();
    let is_of_this_phase = |other: &SweepPoint| {
        let other = other.strikes[0];
        (other.request, other.place.phase) == (strike.request, place.phase)
    };
    // A body of two bytes has none in its middle.
    let has_middle =
        || all.iter().any(|other| is_of_this_phase(other) && other.strikes[0].place.spot == Some(Spot::Middle));
    strike.fault == fault
        && strike.persistence == Persistence::Every
        && ["write", "wait", "fetch"].contains(&call)
        && match place.spot {
            None | Some(Spot::Middle) => true,
            Some(Spot::Last) => !has_middle(),
            Some(_) => false,
        }
}

fn is_as_it_must(outcome: &Outcome, must: Must) -> bool {
    match must {
        Must::Pass => outcome.verdict == Verdict::Passed,
        Must::Fail(kind) => {
            outcome.verdict == Verdict::Failed && outcome.findings.iter().any(|finding| finding.kind == kind)
        }
    }
}

fn said(outcome: &Outcome) -> String {
    let lines: Vec<String> =
        outcome.findings.iter().map(|finding| format!("  {} {}", finding.kind, finding.message)).collect();
    lines.join("\n")
}
