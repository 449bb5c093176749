//! Variants of a system, failures that are known, and what the report says of tracebacks.

#[path = "needs/python.rs"]
#[macro_use]
mod needs;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

const SYSTEM: &str = r#"
name = "moody"
summary = "A server whose mood is set by a variant, and a client that writes a traceback when it is not answered"
[log]
format = "tracing"
[roles.server]
kind = "server"
command = ["python3", "${system}/server.py", "${port}"]
ready = { line = "up" }
exit = "success"
[roles.client]
kind = "driven"
command = ["python3", "${system}/client.py", "${server}"]
ready = { driver = true }
stop = { by = "stdin-eof" }
exit = "success"
[operations]
ask = { method = "GET", path = "/ask/*" }
[lines]
up = { message = "up" }
[exits]
success = { status = [0] }
[variants.quiet]
summary = "It says nothing at its end"
env = { MOOD = "quiet", WHERE = "${name}" }
[variants.loud]
summary = "It says more at its end"
args = ["loud"]
roles = ["server"]
snapshots = false
"#;

const EXPECTED: &str = r#"
[[expected-failure]]
scenario = "stops"
findings = ["traceback"]
saying = "the teardown"
reason = "It is known to"
"#;

/// Ends with as many tracebacks as it is told, each with another port.
const SERVER: &str = r#"
import os, signal, socket, sys
mood = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("MOOD", os.environ.get("PLAIN", "3"))
def end(*_):
    for number in range(int(mood) if mood.isdigit() else 1 if mood == "loud" else 0):
        print(f'Traceback (most recent call last):\n  File "/x/server.py", line 7, in end\n    fail()\nOSError: port {40000 + number} in the teardown', file=sys.stderr)
    if mood == "loud":
        print(" WARN server: more", file=sys.stderr)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(" INFO server: up", flush=True)
while True:
    connection, _ = listener.accept()
    connections = connections + [connection] if "connections" in dir() else [connection]
"#;

const CLIENT: &str = r#"
import json, sys, traceback, urllib.request
print('{"ready":true}', flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        urllib.request.urlopen(sys.argv[1] + "/ask/1").read()
    except OSError:
        print(f"ERROR client: it failed call={asked['call']} why={json.dumps(traceback.format_exc())}", file=sys.stderr)
        print(json.dumps({"call": asked["call"], "result": "transport"}), flush=True)
"#;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        for folder in ["scenarios", "systems/moody"] {
            fs::create_dir_all(place.path(folder)).expect("made");
        }
        place.system(EXPECTED);
        place.write("systems/moody/server.py", SERVER);
        place.write("systems/moody/client.py", CLIENT);
        place.write("scenarios/stops.toml", "summary = \"x\"\n[[step]]\ndo.stop = { process = \"server\" }");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    fn system(&self, more: &str) {
        self.write("systems/moody/system.toml", &format!("{SYSTEM}{more}"));
    }

    fn run_with(&self, plain: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
        command.current_dir(self.0.path()).args(["run", "--system", "moody", "--runs", "runs"]).args(arguments);
        let Output { status, stdout, stderr } =
            command.env_remove("CI").env("PLAIN", plain).output().expect("it starts");
        (status.code(), [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat())
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.run_with("3", arguments)
    }

    fn snapshots(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("scenarios/snapshots")).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[track_caller]
fn check((code, text): (Option<i32>, String), expected: i32, parts: &[&str]) {
    let missing: Vec<&&str> = parts.iter().filter(|part| !text.contains(**part)).collect();
    assert!(code == Some(expected) && missing.is_empty(), "code {code:?}, wanted {expected} and {missing:?}\n{text}");
}

#[test]
fn a_failure_that_is_expected_is_shown_with_its_findings_and_is_no_failure() {
    needs_python!();
    let place = Place::new();
    let shown = [
        "xfail stops",
        "1 scenario, 0 passed, 0 failed, 1 failed as expected",
        "all as expected",
        "fails as expected: It is known to",
        "traceback 3 × Python: OSError: port 40000 in the teardown",
        "at        /x/server.py:7",
        "in        server (3)",
        "after     step 1: stop server, planned",
    ];
    check(place.run(&["--accept"]), 0, &shown);
    check(place.run(&["--variant", "plain"]), 0, &shown);
    assert_eq!(place.snapshots(), [""; 0], "what fails has no snapshot");
    let runs = fs::read_dir(place.path("runs")).map_or(0, Iterator::count);
    assert_eq!(runs, 0, "its folder is kept only when it is asked for");
}

#[test]
fn an_expected_failure_that_passes_or_fails_otherwise_is_a_failure() {
    needs_python!();
    let place = Place::new();
    check(
        place.run_with("0", &[]),
        1,
        &["FAIL  stops", "it passed, and the system file expects that it fails with traceback"],
    );
    check(place.run_with("loud", &[]), 1, &["it fails with level-above-debug, too"]);
    place.system(&EXPECTED.replace("reason", "also = [\"level-above-debug\"]\nreason"));
    check(place.run_with("loud", &[]), 0, &["1 failed as expected"]);
    check(place.run(&[]), 0, &["1 failed as expected"]);
    place.system(&EXPECTED.replace("the teardown", "something else"));
    check(place.run(&[]), 1, &["no finding says \"something else\""]);
    place.system(&EXPECTED.replace("[\"traceback\"]", "[\"lost\"]"));
    check(place.run(&[]), 1, &["it must fail with lost, and fails with traceback"]);
    place.system(&EXPECTED.replace("\"stops\"", "\"gone\""));
    check(place.run(&[]), 1, &["[expected-failure] names `gone`"]);
    // With evidence that is kept, the verdict can be drawn again.
    place.system(EXPECTED);
    fs::remove_dir_all(place.path("runs")).expect("removed");
    check(place.run(&["--keep"]), 0, &["1 failed as expected", "evidence: "]);
    let run = fs::read_dir(place.path("runs")).expect("runs").flatten().next().expect("a run").path();
    let again = Command::new(env!("CARGO_BIN_EXE_quietdown")).arg("report").arg(run).output().expect("it starts");
    check(
        (again.status.code(), String::from_utf8_lossy(&again.stdout).into_owned()),
        0,
        &["xfail stops", "It is known to"],
    );
}

#[test]
fn a_variant_has_its_own_environment_arguments_and_snapshots() {
    needs_python!();
    let place = Place::new();
    check(place.run(&["--variant", "quiet", "--accept"]), 0, &["pass  stops+quiet"]);
    assert_eq!(place.snapshots(), ["stops@moody+quiet.snap"]);
    let (code, text) = place.run(&["--variant", "all"]);
    assert_eq!(code, Some(1), "{text}");
    for part in [
        "xfail stops ",
        "pass  stops+quiet",
        "FAIL  stops+loud",
        "3 scenarios, 1 passed, 1 failed, 1 failed as expected",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("snapshot-missing"), "loud has none\n{text}");
    check(place.run(&["--variant", "quiet", "--variant", "plain"]), 0, &["2 scenarios, 1 passed"]);
    check(place.run(&["--variant", "qiuet"]), 2, &["has no variant `qiuet`", "did you mean `quiet`?"]);
    place.system("[[expected-failure]]\nscenario = \"stops\"\nvariants = [\"plain\", \"loud\"]\nfindings = [\"traceback\"]\nalso = [\"level-above-debug\"]\nreason = \"x\"\n");
    check(place.run(&["--variant", "all"]), 0, &["1 passed, 0 failed, 2 failed as expected"]);
}

#[test]
fn a_traceback_is_told_with_the_fault_before_it_and_the_request_in_flight() {
    needs_python!();
    let place = Place::new();
    let scenario = "summary = \"x\"\n[processes.a]\n[processes.b]\n[[step]]\ndo.begin = { process = \"a\", op = \"ask\", as = \"x\" }\n[[step]]\n\
        do.begin = { process = \"b\", op = \"ask\", as = \"y\" }\n[[step]]\non.request = { process = \"b\", op = \"ask\", phase = \"request-sent\" }\n[[step]]\n\
        on.request = { process = \"a\", op = \"ask\", phase = \"request-sent\" }\ndo.kill = { process = \"server\" }\n[[step]]\n\
        do.finish = { call = \"x\", result = \"transport\" }\n[[step]]\ndo.finish = { call = \"y\", result = \"transport\" }\n";
    place.write("scenarios/killed.toml", scenario);
    let shown = [
        "traceback 2 × Python: ",
        "in        a, b",
        "said by   it failed (2)",
        "after     step 4: kill server at GET /ask/1, unplanned",
        "in flight GET /ask/1 (2)",
    ];
    check(place.run(&["killed"]), 1, &shown);
}
