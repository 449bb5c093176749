//! `quietdown run` and snapshots: taken over when asked, never in CI, missed when their scenario is gone; and transcripts that
//! move are found.

use std::fs;
use std::path::Path;

use crate::place::{Ended, Place, check, end};

/// A folder with a system whose server says something else at every second boot, if asked, and a scenario for it.
fn dice() -> Place {
    let place = Place::new();
    system(&place, "false");
    scenario(&place, "idle", "");
    place
}

/// `odd` is a command that decides whether the server says more.
fn system(place: &Place, odd: &str) {
    let text = format!(
        r#"
name = "dice"
summary = "A server that says something"
[log]
format = "tracing"
[roles.server]
kind = "server"
command = ["sh", "-c", """if {odd}; then echo " INFO dice: the extra"; fi; echo " INFO dice: ready"; exec sleep 1000"""]
ready = {{ line = "ready" }}
exit = "terminated"
[lines]
ready = {{ message = "ready" }}
extra = {{ message = "extra" }}
[exits]
terminated = {{ status = ["SIGTERM"] }}
"#
    );
    place.write("dice.toml", &text);
}

fn scenario(place: &Place, name: &str, rest: &str) {
    place.write(&format!("scenarios/{name}.toml"), &format!("summary = \"It boots\"\n{rest}"));
}

fn run(place: &Place, arguments: &[&str], ci: bool) -> Ended {
    let mut command = place.command(&[&["run", "--system", "./dice.toml"], arguments].concat());
    if ci {
        command.env("CI", "true");
    }
    end(&mut command)
}

fn snapshot(place: &Place, name: &str) -> String {
    fs::read_to_string(place.path(&format!("scenarios/snapshots/{name}@dice.snap"))).unwrap_or_default()
}

#[test]
fn a_snapshot_is_taken_over_when_asked_and_never_in_ci() {
    let place = dice();
    check(run(&place, &[], false), 1, &["snapshot-missing"]);
    check(run(&place, &["--accept"], true), 2, &["CI is set"]);
    check(run(&place, &["--accept-new"], true), 2, &["CI is set"]);
    check(run(&place, &[], true), 1, &["snapshot-missing"]);
    assert_eq!(snapshot(&place, "idle"), "", "nothing was written");
    check(run(&place, &["--accept-new"], false), 0, &["new   scenarios/snapshots/idle@dice.snap"]);
    assert!(snapshot(&place, "idle").contains("INFO  dice: ready"), "{}", snapshot(&place, "idle"));
    check(run(&place, &[], true), 0, &["all passed"]);
    // What is there is not new.
    system(&place, "true");
    check(run(&place, &["--accept-new"], false), 1, &["snapshot-differs"]);
    check(run(&place, &["--accept"], false), 0, &["+  INFO  dice: the extra"]);
    check(run(&place, &[], false), 0, &["all passed"]);
    let kept = place.names("runs").len();
    assert_eq!(kept, 3, "the folders of what failed are kept, of what was accepted they are not");
}

#[test]
fn what_is_wrong_is_not_accepted() {
    let place = dice();
    scenario(&place, "idle", "system = \"dice\"\n[[expect.line]]\nprocess = \"server\"\nmessage = \"the extra\"\n");
    check(run(&place, &["--accept"], false), 1, &["near: INFO dice: ready"]);
    assert_eq!(snapshot(&place, "idle"), "");
}

#[test]
fn a_snapshot_whose_scenario_is_gone_is_an_error() {
    let place = dice();
    scenario(&place, "gone", "");
    check(run(&place, &["--accept"], false), 0, &["all passed"]);
    fs::remove_file(place.path("scenarios/gone.toml")).expect("removed");
    check(run(&place, &[], false), 2, &["scenarios/snapshots/gone@dice.snap: its scenario is gone"]);
    check(place.quietdown(&["check", "--system", "./dice.toml"]), 2, &["gone@dice.snap"]);
    // Whoever names one scenario means that one.
    check(run(&place, &["idle"], false), 0, &["all passed"]);
}

#[test]
fn a_transcript_that_moves_is_found_and_can_be_settled() {
    let place = dice();
    let odd = |file: &Path| format!("[ -e {0} ] && rm {0} || ! touch {0}", file.display());
    system(&place, &odd(&place.path("odd")));
    let (code, text) = run(&place, &["--repeat", "3"], false);
    assert_eq!(code, Some(1), "{text}");
    for part in
        ["its transcript moves", "+  INFO  dice: the extra", "expect.transcript.optional: INFO  dice: the extra"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    scenario(&place, "idle", "[expect.transcript]\noptional = [\"extra\"]\n");
    check(run(&place, &["--accept"], false), 0, &["all passed"]);
    check(run(&place, &["--repeat", "4"], false), 0, &["4 passed"]);
}
