//! Variants of a system, failures that are known, and what the report says of tracebacks.

use std::fs;

use crate::place::{Ended, Place, check, end};

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

/// A folder with the system, and a scenario that stops its server.
fn moody() -> Place {
    let place = Place::new();
    declare(&place, EXPECTED);
    place.write("systems/moody/server.py", SERVER);
    place.write("systems/moody/client.py", CLIENT);
    place.write("scenarios/stops.toml", "summary = \"x\"\n[[step]]\ndo.stop = { process = \"server\" }");
    place
}

fn declare(place: &Place, more: &str) {
    place.write("systems/moody/system.toml", &format!("{SYSTEM}{more}"));
}

fn run_with(place: &Place, plain: &str, arguments: &[&str]) -> Ended {
    end(place.command(&[&["run", "--system", "moody"], arguments].concat()).env("PLAIN", plain))
}

fn run(place: &Place, arguments: &[&str]) -> Ended {
    run_with(place, "3", arguments)
}

#[test]
fn a_failure_that_is_expected_is_shown_with_its_findings_and_is_no_failure() {
    needs_python!();
    let place = moody();
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
    check(run(&place, &["--accept"]), 0, &shown);
    check(run(&place, &["--variant", "plain"]), 0, &shown);
    assert_eq!(place.names("scenarios/snapshots"), [""; 0], "what fails has no snapshot");
    assert_eq!(place.names("runs"), [""; 0], "its folder is kept only when it is asked for");
}

#[test]
fn an_expected_failure_that_passes_or_fails_otherwise_is_a_failure() {
    needs_python!();
    let place = moody();
    check(
        run_with(&place, "0", &[]),
        1,
        &["FAIL  stops", "it passed, and the system file expects that it fails with traceback"],
    );
    check(run_with(&place, "loud", &[]), 1, &["it fails with level-above-debug, too"]);
    declare(&place, &EXPECTED.replace("reason", "also = [\"level-above-debug\"]\nreason"));
    check(run_with(&place, "loud", &[]), 0, &["1 failed as expected"]);
    check(run(&place, &[]), 0, &["1 failed as expected"]);
    declare(&place, &EXPECTED.replace("the teardown", "something else"));
    check(run(&place, &[]), 1, &["no finding says \"something else\""]);
    declare(&place, &EXPECTED.replace("[\"traceback\"]", "[\"lost\"]"));
    check(run(&place, &[]), 1, &["it must fail with lost, and fails with traceback"]);
    declare(&place, &EXPECTED.replace("\"stops\"", "\"gone\""));
    check(run(&place, &[]), 1, &["[expected-failure] names `gone`"]);
    // With evidence that is kept, the verdict can be drawn again.
    declare(&place, EXPECTED);
    fs::remove_dir_all(place.path("runs")).expect("removed");
    check(run(&place, &["--keep"]), 0, &["1 failed as expected", "evidence: "]);
    let kept = format!("runs/{}", place.names("runs")[0]);
    check(place.quietdown(&["report", &kept]), 0, &["xfail stops", "It is known to"]);
}

#[test]
fn a_variant_has_its_own_environment_arguments_and_snapshots() {
    needs_python!();
    let place = moody();
    check(run(&place, &["--variant", "quiet", "--accept"]), 0, &["pass  stops+quiet"]);
    assert_eq!(place.names("scenarios/snapshots"), ["stops@moody+quiet.snap"]);
    let (code, text) = run(&place, &["--variant", "all"]);
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
    check(run(&place, &["--variant", "quiet", "--variant", "plain"]), 0, &["2 scenarios, 1 passed"]);
    check(run(&place, &["--variant", "qiuet"]), 2, &["has no variant `qiuet`", "did you mean `quiet`?"]);
    declare(
        &place,
        "[[expected-failure]]\nscenario = \"stops\"\nvariants = [\"plain\", \"loud\"]\nfindings = [\"traceback\"]\nalso = [\"level-above-debug\"]\nreason = \"x\"\n",
    );
    check(run(&place, &["--variant", "all"]), 0, &["1 passed, 0 failed, 2 failed as expected"]);
}

#[test]
fn a_snapshot_whose_variant_is_gone_or_makes_none_is_an_error() {
    needs_python!();
    let place = moody();
    check(run(&place, &["--variant", "quiet", "--accept"]), 0, &["pass  stops+quiet"]);
    let stale = ["stops@moody+gone.snap", "stops@moody+loud.snap"];
    stale.iter().for_each(|name| place.write(&format!("scenarios/snapshots/{name}"), "x"));
    // Of a system that is not known here, nothing can be said.
    place.write("scenarios/snapshots/stops@elsewhere+gone.snap", "x");
    let said = stale.map(|name| format!("{name}: its variant is gone; remove it"));
    check(run(&place, &[]), 2, &said.each_ref().map(String::as_str));
    check(place.quietdown(&["check"]), 2, &said.each_ref().map(String::as_str));
    stale.iter().for_each(|name| fs::remove_file(place.path(&format!("scenarios/snapshots/{name}"))).expect("removed"));
    check(run(&place, &[]), 0, &["all as expected"]);
}

#[test]
fn a_traceback_is_told_with_the_fault_before_it_and_the_request_in_flight() {
    needs_python!();
    let place = moody();
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
    check(run(&place, &["killed"]), 1, &shown);
}
