//! Proof that the harness catches what it should: defects planted into the store and into the harness itself, each with the
//! scenario that notices it and the finding by which it does. `./defects` prints every scenario that notices each.
//!
//! Planted defects exist in builds with debug assertions only, and no build runs silently without the one it was asked for.

use std::process::{Command, Output};

#[cfg(debug_assertions)]
mod noticed {
    use std::collections::{BTreeMap, BTreeSet};
    use std::process::{Command, Output};

    use quietdown::scenario::Scenario;
    use quietdown::system::System;
    use rstest::rstest;

    /// The defect, a scenario that notices it, and the finding.
    const BY_SCENARIOS: &[(&str, &str, &str)] = &[
        ("cancel-ignored", "store-notices-that-its-client-is-gone", "step-failed"),
        ("cancel-logged-as-error", "cancel-mid-request", "level-above-debug"),
        ("crash-is-quiet", "server-killed-without-flag", "over-suppressed"),
        ("epoch-ignored", "store-client-asks-the-new-store", "call-result"),
        ("exit-nonzero-on-stop", "stop-while-idle", "exit-status"),
        ("flag-ignored", "store-reports-by-what-the-flag-says", "line-count"),
        ("flag-late", "store-answers-long-polls-early", "line-count"),
        ("hang-on-stop", "stop-while-idle", "exit-late"),
        ("interrupted-is-succeeded", "interrupted-runner-is-not-succeeded", "finished-by-nobody"),
        ("lost-write", "stop-mid-request-body", "lost"),
        ("no-drain", "stop-mid-response-body", "call-result"),
        ("no-drain-marker", "stop-past-the-drain", "call-result"),
        ("no-idempotency", "cut-before-response", "duplicated"),
        ("no-request-timeout", "black-hole", "call-never-ended"),
        ("no-retry", "cut-before-response", "call-result"),
        ("report-never", "answer-corrupted", "not-reported"),
        ("report-twice", "cut-every-attempt", "reported-twice"),
        ("server-stopped-first", "finish-while-runners-are-busy", "level-above-debug"),
        ("shutdown-logged-as-error", "stop-mid-long-poll", "level-above-debug"),
        ("starting-is-shutdown", "server-late", "over-suppressed"),
        ("sticky-down", "server-restarts", "call-result"),
        ("suppress-rejections-while-stopping", "real-error-while-stopping", "call-result"),
        ("swallow-disconnects", "server-killed-mid-request", "over-suppressed"),
        ("traceback-on-shutdown", "stop-mid-long-poll", "traceback"),
        ("waits-for-idle-connections", "stop-with-an-idle-connection", "exit-late"),
        ("waits-for-silent-connections", "stop-with-a-silent-connection", "exit-late"),
    ];

    fn run(arguments: &[&str], variable: &str, defect: &str) -> Output {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
        command.arg("run").args(arguments).arg("--runs").arg(folder.path()).env(variable, defect);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("the program runs")
    }

    fn said(output: &Output) -> String {
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Whether a report tells of a finding of this kind.
    fn tells(report: &str, kind: &str) -> bool {
        report.lines().any(|line| line.strip_prefix("  ").and_then(|line| line.split([' ', ':']).next()) == Some(kind))
    }

    #[test]
    fn every_defect_of_the_store_has_a_scenario_that_notices_it() {
        let system = System::store();
        let declared: BTreeSet<&str> =
            system.file.defects.iter().flat_map(|defects| defects.names.keys().map(String::as_str)).collect();
        assert_eq!(declared, BY_SCENARIOS.iter().map(|(defect, ..)| *defect).collect());
    }

    #[test]
    fn each_is_noticed() {
        // Some of them wait for a bound: four at a time.
        let share = BY_SCENARIOS.len().div_ceil(4);
        let unnoticed: Vec<String> = std::thread::scope(|scope| {
            let shares =
                BY_SCENARIOS.chunks(share).map(|share| scope.spawn(|| share.iter().filter_map(unnoticed).collect()));
            let shares: Vec<std::thread::ScopedJoinHandle<'_, Vec<String>>> = shares.collect();
            shares.into_iter().flat_map(|share| share.join().expect("no panic")).collect()
        });
        assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    }

    fn unnoticed((defect, scenario, finding): &(&str, &str, &str)) -> Option<String> {
        let output = run(&[scenario], "QUIETDOWN_STORE_DEFECT", defect);
        let report = said(&output);
        let noticed = output.status.code() == Some(1) && tells(&report, finding);
        (!noticed).then(|| format!("{defect} by {scenario} with {finding}:\n{report}"))
    }

    /// A scenario whose control must fail with a finding tells of a verdict that overlooks such findings.
    #[test]
    fn a_verdict_that_overlooks_what_a_control_shows_is_noticed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
        let mut by_kind: BTreeMap<String, String> = BTreeMap::new();
        for entry in std::fs::read_dir(folder).expect("scenarios") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let scenario = Scenario::load(&path).expect("a scenario");
                if let Some(control) = &scenario.file.control {
                    by_kind.insert(control.as_ref().finding.as_ref().name(), scenario.name.clone());
                }
            }
        }
        assert!(by_kind.len() >= 8, "{by_kind:?}");
        for (kind, scenario) in by_kind {
            let output = run(&["--control", &scenario], "QUIETDOWN_HARNESS_DEFECT", &format!("blind-to-{kind}"));
            assert_eq!(output.status.code(), Some(1), "{kind} by the control of {scenario}:\n{}", said(&output));
        }
    }

    #[rstest]
    #[case::gate("gate-does-not-park", "cut-every-attempt")]
    #[case::cut("cut-breaks-nothing", "cut-before-response")]
    fn a_proxy_that_does_not_do_what_it_says_is_noticed(#[case] defect: &str, #[case] scenario: &str) {
        let output = run(&[scenario], "QUIETDOWN_HARNESS_DEFECT", defect);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    }

    #[test]
    fn snapshots_that_are_not_read_are_noticed_by_one_that_is_wrong() {
        let folder = tempfile::tempdir().expect("a folder");
        let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/");
        let copy = folder.path().join("stop-while-idle.toml");
        std::fs::copy(format!("{scenarios}stop-while-idle.toml"), &copy).expect("copied");
        let snapshot =
            std::fs::read_to_string(format!("{scenarios}snapshots/stop-while-idle.snap")).expect("a snapshot");
        std::fs::create_dir(folder.path().join("snapshots")).expect("a folder");
        let wrong = snapshot.replace("status 0", "status 7");
        std::fs::write(folder.path().join("snapshots/stop-while-idle.snap"), wrong).expect("written");
        let path = copy.to_str().expect("a name");
        let noticed = run(&[path], "QUIETDOWN_HARNESS_DEFECT", "blind-to-traceback");
        assert!(tells(&said(&noticed), "snapshot-differs"), "{}", said(&noticed));
        let unread = run(&[path], "QUIETDOWN_HARNESS_DEFECT", "snapshots-unread");
        assert_eq!(unread.status.code(), Some(0), "so that it is this test that notices: {}", said(&unread));
    }

    #[test]
    fn a_defect_of_the_harness_that_does_not_exist_is_refused() {
        let output = run(&["stop-while-idle"], "QUIETDOWN_HARNESS_DEFECT", "blind-to-everything");
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("there is no such defect"), "{}", said(&output));
    }
}

fn serve_with_defect(name: &str) -> Output {
    // `--help` of a subcommand never gets to the check, so the server is really started; a wrong host ends it at once.
    Command::new(env!("CARGO_BIN_EXE_quietdown"))
        .args(["store", "serve", "--host", "no address", "--port", "0"])
        .env("QUIETDOWN_STORE_DEFECT", name)
        .output()
        .expect("the program runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(not(debug_assertions))]
#[test]
fn a_release_build_refuses_to_run_with_a_defect() {
    let output = serve_with_defect("report-twice");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("this build has no defects"), "{}", stderr(&output));
}

#[cfg(debug_assertions)]
#[test]
fn a_debug_build_takes_a_defect_and_refuses_an_unknown_one() {
    let known = serve_with_defect("report-twice");
    assert_eq!(known.status.code(), Some(1), "it starts, and fails at the address: {}", stderr(&known));
    let unknown = serve_with_defect("report-thrice");
    assert_eq!(unknown.status.code(), Some(2), "{}", stderr(&unknown));
    assert!(stderr(&unknown).contains("there is no such defect"), "{}", stderr(&unknown));
}

#[test]
fn every_defect_that_the_system_file_declares_exists_and_the_other_way_round() {
    let system = quietdown::system::System::store();
    let declared: Vec<&str> =
        system.file.defects.iter().flat_map(|defects| defects.names.keys().map(String::as_str)).collect();
    let mut planted: Vec<&str> = quietdown_store::defects::Defect::ALL.iter().map(|defect| defect.name()).collect();
    planted.sort_unstable();
    assert_eq!(declared, planted);
}
