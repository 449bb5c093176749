//! Which point of a sweep catches which planted defect. Each is caught there, and the sound store is not accused there.

#![cfg(debug_assertions)]

use std::path::Path;

use quietdown::finding::FindingKind::{
    self, CallNeverEnded, CallResult, Duplicated, ExitLate, ExitStatus, LevelAboveDebug, NotReported, OverSuppressed,
    ReportedTwice, Traceback,
};
use quietdown::run::Runner;
use quietdown::scenario::Scenario;
use quietdown::sweep::{Outcome, Sweep, Verdict};
use quietdown::system::System;

/// The defect, the point as `sweep --list` calls it, what is found.
const TABLE: &[(&str, &str, FindingKind)] = &[
    ("shutdown-logged-as-error", "server-stop every at response-sent of update_attempt-1 of b", LevelAboveDebug),
    ("traceback-on-shutdown", "server-stop every at response-sent of update_attempt-1 of b", Traceback),
    ("swallow-disconnects", "rst every at request-sent of enqueue_rollout-3 of a", OverSuppressed),
    ("no-retry", "rst once at request-sent of get_rollout-1 of b", CallResult),
    ("no-idempotency", "rst once at response-head first byte of enqueue_rollout `queued` of b", Duplicated),
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
];

#[test]
fn every_defect_of_the_table_is_caught_at_its_point_and_the_sound_store_is_not_accused_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let runner = Runner::new(env!("CARGO_BIN_EXE_quietdown")).runs(folder.path()).without_snapshots();
    let scenario = Scenario::load(Path::new("tests/sweep/two-clients.toml")).expect("a scenario");
    let system = System::store();
    scenario.check(&system).expect("in order");
    let sound = Sweep::record(&scenario, &system, &runner, false).expect("records");
    let requests = sound.requests();
    let points = sound.points();
    let mut wrong = Vec::new();
    for (defect, place, finding) in TABLE {
        let point = points.iter().find(|point| point.strikes[0].describe(requests) == *place);
        let point = point.unwrap_or_else(|| panic!("no point {place}"));
        let (clean, _) = sound.run(point);
        if clean.verdict != Verdict::Passed {
            wrong.push(format!("{place}, without a defect: {:?}", kinds(&clean)));
        }
        let defective = runner.clone().defect(*defect);
        let defective = Sweep::with_requests(&scenario, &system, &defective, false, requests.to_vec());
        let (outcome, _) = defective.run(point);
        if outcome.verdict != Verdict::Failed || !kinds(&outcome).contains(finding) {
            wrong.push(format!("{defect} at {place}: {:?} {:?}, not {finding}", outcome.verdict, kinds(&outcome)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn kinds(outcome: &Outcome) -> Vec<FindingKind> {
    outcome.findings.iter().map(|finding| finding.kind).collect()
}
