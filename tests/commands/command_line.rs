//! How commands end where their input or their output is not as it should be.

use std::fs::{File, OpenOptions};
use std::process::Command;

use crate::place::{Place, check, end};

/// The most that is printed about one file, however much is wrong with it.
const MOST: usize = 200_000;

/// A folder with a scenario for the embedded store.
fn idle() -> Place {
    let place = Place::new();
    place.write("scenarios/idle.toml", "summary = \"It boots\"\n");
    place
}

#[test]
fn what_is_printed_about_thousands_of_mistakes_is_bounded() {
    let place = Place::new();
    let steps = "[[step]]\non.line = { process = \"a\", line = \"no-such-line\" }\n".repeat(4000);
    place.write("steps.toml", &format!("summary = \"x\"\n[processes.a]\n{steps}"));
    let long = "k".repeat(10 << 20);
    place.write("key.toml", &format!("summary = \"x\"\n{long} = 1\n"));
    for (file, says) in [("steps.toml", "no-such-line"), ("key.toml", "unknown key")] {
        let (code, text) = place.quietdown(&["check", file]);
        assert_eq!(code, Some(2), "{file}");
        assert!(text.contains(says) && text.len() < MOST, "{file}: {} bytes", text.len());
    }
}

#[test]
fn check_says_where_there_is_nothing_to_check() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).expect("a folder");
    check(place.quietdown(&["check", "empty"]), 2, &["there are no scenarios in empty", "nothing was checked"]);
    assert!(Command::new("mkfifo").arg(place.path("fifo.toml")).status().expect("mkfifo").success());
    check(place.quietdown(&["check", "fifo.toml"]), 2, &["fifo.toml is neither a file nor a folder"]);
    check(place.quietdown(&["check", "none.toml"]), 2, &["no scenario `none.toml`"]);
}

#[test]
fn output_that_cannot_be_written_is_no_success() {
    let place = idle();
    place.write("some.log", "INFO app: hello\n");
    for arguments in [
        &["run", "idle"][..],
        &["check"],
        &["list"],
        &["log", "some.log"],
        &["system", "list"],
        &["schema", "scenario"],
        &["--help"],
        &["run", "--help"],
        &["--version"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("a device that is always full");
        let errors = place.path("errors");
        let mut command = place.command(arguments);
        command.stdout(full).stderr(File::create(&errors).expect("a file"));
        assert_eq!(command.status().expect("it starts").code(), Some(3), "{arguments:?}");
        assert!(place.read("errors").contains("standard output could not be written"), "{arguments:?}");
    }
}

#[test]
fn a_scenario_without_a_control_has_none_to_run() {
    let place = idle();
    check(place.quietdown(&["run", "--control"]), 2, &["n/a   idle", "it has no [control]", "nothing was tested"]);
    place.write(
        "scenarios/stops.toml",
        "summary = \"x\"\n[[step]]\ndo.stop = { process = \"server\" }\n[[step]]\non.exit = { process = \"server\" }\nwithin = \"1s\"\n[control]\nwithout-faults = true\nfinding = \"step-failed\"\n",
    );
    check(place.quietdown(&["run", "--control"]), 0, &["1 passed", "1 not applicable"]);
}

#[test]
fn what_never_applies_is_said_once_however_often_it_is_repeated() {
    let place = idle();
    let (code, text) = place.quietdown(&["run", "--control", "--repeat", "25"]);
    assert_eq!((code, text.matches("it has no [control]").count()), (Some(2), 1), "{text}");
}

#[test]
fn a_missing_snapshot_in_ci_comes_with_advice_that_can_be_followed_there() {
    let place = idle();
    let mut command = place.command(&["run", "idle"]);
    command.env("CI", "true");
    let (code, text) = end(&mut command);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("where CI is not set, and it is committed"), "{text}");
}
