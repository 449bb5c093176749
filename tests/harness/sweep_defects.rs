//! Which point of a sweep catches which planted defect. Each is caught there, and the sound store is not accused there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quietdown::finding::FindingKind::{
    self, CallNeverEnded, CallResult, Duplicated, ExitLate, ExitStatus, FinishedByNobody, LevelAboveDebug, LinePresent,
    Lost, NotReported, OverSuppressed, ReportedTwice, Traceback,
};
use quietdown::run::Runner;
use quietdown::scenario::Scenario;
use quietdown::sweep::{Outcome, Sweep, Verdict};
use quietdown::system::System;

/// A defect, the point as `sweep --list` calls it, what is found.
type Caught = (&'static str, &'static str, FindingKind);

/// The scenarios that are swept, and what is caught by which point of each.
const TABLE: &[(&str, &[Caught])] = &[
    (
        "tests/sweep/two-clients.toml",
        &[
            (
                "shutdown-logged-as-error",
                "server-stop every at response-sent of update_attempt-1 of b",
                LevelAboveDebug,
            ),
            ("traceback-on-shutdown", "server-stop every at response-sent of update_attempt-1 of b", Traceback),
            ("swallow-disconnects", "rst every at request-sent of enqueue_rollout-3 of a", OverSuppressed),
            ("no-retry", "rst once at request-sent of get_rollout-1 of b", CallResult),
            ("no-idempotency", "rst once at response-head first byte of enqueue_rollout `queued` of b", Duplicated),
            ("lost-write", "rst once at request-sent of get_rollout-1 of b", Lost),
            ("report-twice", "fin every at response-body last byte of get_rollout-1 of b", ReportedTwice),
            ("report-never", "fin every at request-head middle byte of enqueue_rollout `first` of a", NotReported),
            (
                "cancel-logged-as-error",
                "client-cancel once at request-body first byte of update_attempt-1 of b",
                LevelAboveDebug,
            ),
            ("flag-ignored", "server-stop every at response-sent of get_rollout-1 of b", CallResult),
            ("hang-on-stop", "server-stop every at request-sent of enqueue_rollout-3 of a", ExitLate),
            ("exit-nonzero-on-stop", "server-stop once at response-head last byte of get_rollout-1 of b", ExitStatus),
            ("no-request-timeout", "hold every at response-head middle byte of enqueue_rollout-3 of a", CallNeverEnded),
            ("crash-is-quiet", "server-kill every at response-sent of update_attempt-1 of b", OverSuppressed),
            ("sticky-down", "rst every at request-sent of enqueue_rollout `queued` of b", CallResult),
        ],
    ),
    (
        "tests/sweep/connected.toml",
        &[
            ("waits-for-idle-connections", "server-stop every at response-sent of enqueue_rollout-1 of a", ExitLate),
            ("waits-for-silent-connections", "server-stop once at response-sent of enqueue_rollout-1 of a", ExitLate),
        ],
    ),
    (
        "tests/sweep/large-answer.toml",
        &[("no-drain", "server-stop every at response-head first byte of get_rollout-1 of a", CallResult)],
    ),
    (
        "tests/sweep/stops.toml",
        &[
            ("flag-late", "server-stop every at request-head first byte of update_attempt-1 of a", CallResult),
            (
                "suppress-rejections-while-stopping",
                "server-stop every at response-head first byte of update_attempt-1 of a",
                CallResult,
            ),
        ],
    ),
    (
        "tests/sweep/told.toml",
        &[("no-drain-marker", "server-stop every at request-body first byte of enqueue_rollout-1 of a", CallResult)],
    ),
    (
        "tests/sweep/slow-start.toml",
        &[("starting-is-shutdown", "server-kill once at request-sent of enqueue_rollout-1 of a", OverSuppressed)],
    ),
    (
        "tests/sweep/restart.toml",
        &[("epoch-ignored", "hold once at request-head first byte of enqueue_rollout `enqueue` of a", CallResult)],
    ),
    (
        "tests/sweep/cancelled.toml",
        &[("cancel-ignored", "client-cancel once at request-sent of wait_for_rollouts `poll` of a", LinePresent)],
    ),
    (
        "tests/sweep/strategy.toml",
        &[("server-stopped-first", "server-stop every at request-sent of add_span of strategy", LevelAboveDebug)],
    ),
    (
        "scenarios/runner-at-work.toml",
        &[("interrupted-is-succeeded", "client-stop every at request-sent of add_span of runner", FinishedByNobody)],
    ),
];

#[test]
fn every_defect_of_the_store_has_a_point_that_catches_it() {
    let system = System::store();
    let declared: BTreeSet<&str> =
        system.file.defects.iter().flat_map(|defects| defects.names.keys().map(String::as_str)).collect();
    assert_eq!(declared, TABLE.iter().flat_map(|(_, caught)| caught.iter().map(|(defect, ..)| *defect)).collect());
}

#[test]
fn each_is_caught_at_its_point_and_the_sound_store_is_not_accused_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let runner = Runner::new(env!("CARGO_BIN_EXE_quietdown")).runs(folder.path()).without_snapshots();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let sweeps: Vec<_> = TABLE.iter().map(|(path, caught)| scope.spawn(|| wrong(path, caught, &runner))).collect();
        sweeps.into_iter().flat_map(|sweep| sweep.join().expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not as the table says of one scenario.
fn wrong(path: &str, caught: &[Caught], runner: &Runner) -> Vec<String> {
    let scenario = Scenario::load(Path::new(path)).expect("a scenario");
    let system = System::store();
    scenario.check(&system).expect("in order");
    let sound = Sweep::record(&scenario, &system, runner, false).expect("records");
    let requests = sound.requests();
    let points: BTreeMap<String, _> =
        sound.points().into_iter().map(|point| (point.strikes[0].describe(requests), point)).collect();
    let one = |(defect, place, finding): &Caught| {
        let mut wrong = Vec::new();
        let point = points.get(*place).unwrap_or_else(|| panic!("no point {place} of {path}"));
        let (clean, _) = sound.run(point);
        if clean.verdict != Verdict::Passed {
            wrong.push(format!("{place} of {path}, without a defect: {:?}", kinds(&clean)));
        }
        let defective = runner.clone().defect(*defect);
        let defective = Sweep::with_requests(&scenario, &system, &defective, false, requests.to_vec());
        let (outcome, _) = defective.run(point);
        if outcome.verdict != Verdict::Failed || !kinds(&outcome).contains(finding) {
            wrong.push(format!("{defect} at {place}: {:?} {:?}, not {finding}", outcome.verdict, kinds(&outcome)));
        }
        wrong
    };
    // Some of them wait for a bound: side by side.
    std::thread::scope(|scope| {
        let rows: Vec<_> = caught.iter().map(|row| scope.spawn(|| one(row))).collect();
        rows.into_iter().flat_map(|row| row.join().expect("no panic")).collect()
    })
}

fn kinds(outcome: &Outcome) -> Vec<FindingKind> {
    outcome.findings.iter().map(|finding| finding.kind).collect()
}
