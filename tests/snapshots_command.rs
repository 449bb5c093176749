//! `quietdown run` and snapshots: taken over when asked, never in CI, missed when their scenario is gone; and transcripts that
//! move are found.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a system whose server says something else at every second boot, if asked, and a scenario for it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir_all(place.path("scenarios")).expect("made");
        place.system("false");
        place.scenario("idle", "");
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// `odd` is a command that decides whether the server says more.
    fn system(&self, odd: &str) {
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
        fs::write(self.path("dice.toml"), text).expect("written");
    }

    fn scenario(&self, name: &str, rest: &str) {
        let text = format!("summary = \"It boots\"\n{rest}");
        fs::write(self.path("scenarios").join(format!("{name}.toml")), text).expect("written");
    }

    fn run(&self, arguments: &[&str], ci: bool) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
        command.current_dir(self.0.path()).args(["run", "--system", "./dice.toml", "--runs"]).arg(self.path("runs"));
        command.args(arguments).env_remove("CI");
        if ci {
            command.env("CI", "true");
        }
        let Output { status, stdout, stderr } = command.output().expect("it starts");
        (status.code(), [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat())
    }

    fn snapshot(&self, name: &str) -> String {
        fs::read_to_string(self.path("scenarios/snapshots").join(format!("{name}@dice.snap"))).unwrap_or_default()
    }
}

#[track_caller]
fn check((code, text): (Option<i32>, String), expected: i32, part: &str) {
    assert!(code == Some(expected) && text.contains(part), "code {code:?}, wanted {expected} and {part:?}\n{text}");
}

#[test]
fn a_snapshot_is_taken_over_when_asked_and_never_in_ci() {
    let place = Place::new();
    check(place.run(&[], false), 1, "snapshot-missing");
    check(place.run(&["--accept"], true), 2, "CI is set");
    check(place.run(&["--accept-new"], true), 2, "CI is set");
    check(place.run(&[], true), 1, "snapshot-missing");
    assert_eq!(place.snapshot("idle"), "", "nothing was written");
    check(place.run(&["--accept-new"], false), 0, "new   scenarios/snapshots/idle@dice.snap");
    assert!(place.snapshot("idle").contains("INFO  dice: ready"), "{}", place.snapshot("idle"));
    check(place.run(&[], true), 0, "all passed");
    // What is there is not new.
    place.system("true");
    check(place.run(&["--accept-new"], false), 1, "snapshot-differs");
    check(place.run(&["--accept"], false), 0, "+  INFO  dice: the extra");
    check(place.run(&[], false), 0, "all passed");
    let kept = fs::read_dir(place.path("runs")).map_or(0, Iterator::count);
    assert_eq!(kept, 3, "the folders of what failed are kept, of what was accepted they are not");
}

#[test]
fn what_is_wrong_is_not_accepted() {
    let place = Place::new();
    place.scenario("idle", "system = \"dice\"\n[[expect.line]]\nprocess = \"server\"\nmessage = \"the extra\"\n");
    check(place.run(&["--accept"], false), 1, "near: INFO dice: ready");
    assert_eq!(place.snapshot("idle"), "");
}

#[test]
fn a_snapshot_whose_scenario_is_gone_is_an_error() {
    let place = Place::new();
    place.scenario("gone", "");
    check(place.run(&["--accept"], false), 0, "all passed");
    fs::remove_file(place.path("scenarios/gone.toml")).expect("removed");
    check(place.run(&[], false), 2, "scenarios/snapshots/gone@dice.snap: its scenario is gone");
    let check_files = Command::new(env!("CARGO_BIN_EXE_quietdown"))
        .current_dir(place.0.path())
        .args(["check", "--system", "./dice.toml"])
        .output()
        .expect("it starts");
    check((check_files.status.code(), String::from_utf8_lossy(&check_files.stderr).into_owned()), 2, "gone@dice.snap");
    // Whoever names one scenario means that one.
    check(place.run(&["idle"], false), 0, "all passed");
}

#[test]
fn a_transcript_that_moves_is_found_and_can_be_settled() {
    let place = Place::new();
    let odd = |file: &Path| format!("[ -e {0} ] && rm {0} || ! touch {0}", file.display());
    place.system(&odd(&place.path("odd")));
    let (code, text) = place.run(&["--repeat", "3"], false);
    assert_eq!(code, Some(1), "{text}");
    for part in
        ["its transcript moves", "+  INFO  dice: the extra", "expect.transcript.optional: INFO  dice: the extra"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    place.scenario("idle", "[expect.transcript]\noptional = [\"extra\"]\n");
    check(place.run(&["--accept"], false), 0, "all passed");
    check(place.run(&["--repeat", "4"], false), 0, "4 passed");
}
