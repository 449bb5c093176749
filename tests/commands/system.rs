//! `--system`: where system files are, and what of the scenarios means anything there. Nothing that is left out counts as passed.

use std::fs;

use crate::place::{Ended, Place, check, end};

const MINI: &str = r#"
name = "mini"
summary = "A server that says something, and a client that answers with what it was asked"
[log]
format = "tracing"
[roles.server]
kind = "server"
command = ["sh", "${system}/server.sh"]
ready = { line = "ready" }
exit = "terminated"
[roles.client]
kind = "driven"
command = ["sh", "${system}/client.sh"]
env = { FROM = "${system}" }
ready = { driver = true }
stop = { by = "stdin-eof" }
exit = "success"
[operations]
enqueue_rollout = { driver-op = "enqueue", rename-args = { input = "task_input" } }
[lines]
ready = { message = "ready" }
[exits]
terminated = { status = ["SIGTERM"] }
success = { status = [0] }
"#;

/// What works here, and nothing of the store's but an operation by its name.
const ASKS: &str = r#"
summary = "A call"
[processes.a]
[[step]]
do.call = { process = "a", op = "enqueue_rollout", args = { input = 1, mode = "train" }, returns = { op = "enqueue", args = { task_input = 1, mode = "train" } } }
[[step]]
do.stop = { process = "server" }
[control]
without-faults = true
finding = "exit-status"
"#;

/// A folder with the system `mini` in `systems/mini/system.toml`.
fn mini() -> Place {
    let place = Place::new();
    place.write("systems/mini/system.toml", MINI);
    place.write("systems/mini/server.sh", "echo ' INFO mini: ready'; exec sleep 1000");
    let client = r#"test -e "$FROM/client.sh" || exit 1
echo '{"ready":true}'; read line; echo "{\"call\":1,\"result\":\"ok\",\"value\":$line}"; cat > /dev/null"#;
    place.write("systems/mini/client.sh", client);
    place.write("scenarios/asks.toml", ASKS);
    place
}

/// `quietdown run` on it, with `QUIETDOWN_REQUIRE`.
fn run(place: &Place, arguments: &[&str], required: &str) -> Ended {
    let arguments = [&["run", "--system", "mini"], arguments].concat();
    end(place.command(&arguments).env("QUIETDOWN_REQUIRE", required))
}

#[test]
fn a_system_is_a_folder_with_snapshots_of_its_own_and_its_driver_has_its_own_words() {
    let place = mini();
    check(run(&place, &["--accept"], ""), 0, &["new   scenarios/snapshots/asks@mini.snap", "1 passed"]);
    check(run(&place, &[], "all"), 0, &["all passed"]);
    check(place.quietdown(&["run", "--system", "./systems/mini"]), 0, &["all passed"]);
    check(place.quietdown(&["check", "--system", "mini"]), 0, &["2 files are in order"]);
    // The store compares with a snapshot of its own, and has another answer.
    check(place.quietdown(&["run"]), 1, &["call-returns"]);
    check(place.quietdown(&["run", "--system", "none"]), 2, &["systems/NAME/system.toml"]);
}

#[test]
fn what_the_system_lacks_is_not_applicable_named_counted_and_never_passed() {
    let place = mini();
    let lacking = [
        ("role", "[processes.s]\nrole = \"strategy\"\n", "no role `strategy`"),
        ("option", "[processes.a]\noptions = { retry = \"1ms\" }\n", "no option `client.retry`"),
        ("line", "[[expect.line]]\nprocess = \"server\"\nline = \"stop-begun\"\n", "no line `stop-begun`"),
        ("exit", "[processes.server]\nexit = \"graceful\"\n", "no exit `graceful`"),
        (
            "operation",
            "[processes.a]\n[[step]]\ndo.call = { process = \"a\", op = \"health\" }\n",
            "no operation `health`",
        ),
        (
            "other",
            "system = \"elsewhere\"\n[[expect.line]]\nprocess = \"server\"\nline = \"x\"\n",
            "it is for the system `elsewhere`",
        ),
        (
            "request",
            "[processes.a]\n[[step]]\ndo.begin = { process = \"a\", op = \"enqueue_rollout\", as = \"x\" }\n[[step]]\n\
             on.request = { process = \"a\", op = \"enqueue_rollout\", phase = \"request-sent\" }\n[[step]]\ndo.finish = { call = \"x\" }\n",
            "no known request of `enqueue_rollout`",
        ),
    ];
    for (name, body, _) in &lacking {
        place.write(&format!("scenarios/{name}.toml"), &format!("summary = \"x\"\n{body}"));
    }
    check(
        run(&place, &["--accept"], ""),
        0,
        &["8 scenarios, 1 passed, 0 failed, 7 not applicable", "all that apply passed"],
    );
    let (code, text) = run(&place, &[], "all");
    assert_eq!(code, Some(1), "{text}");
    let missed = text.split("left out without being declared").nth(1).expect("they are named");
    for (name, _, why) in &lacking {
        assert!(text.contains(&format!("n/a   {name}")), "{name}\n{text}");
        assert!(missed.contains(&format!("{name}: ")) && missed.contains(why), "{why}\n{text}");
    }
    // What is left out alone tests nothing.
    check(run(&place, &["role"], ""), 2, &["nothing was tested"]);
    let declared: String =
        lacking.iter().map(|(name, ..)| format!("{name} = \"for the reason of {name}\"\n")).collect();
    place.write("systems/mini/system.toml", &format!("{MINI}[not-applicable]\n{declared}"));
    check(run(&place, &[], "all"), 0, &["7 not applicable", "n/a   role", "for the reason of role"]);
    place.write("systems/mini/system.toml", &format!("{MINI}[not-applicable]\n{declared}gone = \"x\"\n"));
    check(run(&place, &[], ""), 2, &["systems/mini/system.toml: [not-applicable] names `gone`"]);
    check(run(&place, &[], "most"), 2, &["QUIETDOWN_REQUIRE=most"]);
}

#[test]
fn a_name_that_no_system_has_is_a_mistake_and_a_defect_is_needed_by_the_control_only() {
    let place = mini();
    place.write("scenarios/wrong.toml", "summary = \"x\"\n[processes.s]\nrole = \"strategie\"\n");
    check(run(&place, &[], ""), 2, &["unknown role `strategie`", "wrong.toml:3:8"]);
    check(place.quietdown(&["check", "--system", "mini"]), 2, &["wrong.toml:3:8"]);
    fs::remove_file(place.path("scenarios/wrong.toml")).expect("removed");
    let controlled = ASKS.replace("without-faults = true", "defect = \"report-never\"");
    place.write("scenarios/asks.toml", &controlled);
    check(run(&place, &["--accept"], ""), 0, &["1 passed"]);
    check(run(&place, &["--control"], ""), 2, &["n/a   asks", "no defect `report-never`", "nothing was tested"]);
    place.write("scenarios/asks.toml", &controlled.replace("report-never", "report-nevver"));
    check(run(&place, &[], ""), 2, &["unknown defect `report-nevver`"]);
}

#[test]
fn an_environment_is_made_by_the_setup_and_without_it_scenarios_are_left_out() {
    let place = mini();
    let setup = "[setup]\nsummary = \"A file\"\ncommand = [\"sh\", \"-c\", \"echo making; echo x >> made; test ! -e refuse\"]\n\
        check = [\"sh\", \"-c\", \"test -e ${system}/made || { echo 'there is no file' >&2; exit 3; }\"]\n";
    check(place.quietdown(&["system", "setup", "mini"]), 2, &["needs no setup"]);
    place.write("systems/mini/system.toml", &format!("{MINI}{setup}"));
    let left_out =
        ["n/a   asks", "the environment of `mini` is missing", "quietdown system setup mini", "there is no file"];
    check(run(&place, &[], ""), 2, &left_out);
    check(run(&place, &[], "all"), 1, &left_out);
    check(place.quietdown(&["check", "--system", "mini"]), 0, &["in order"]);
    place.write("systems/mini/refuse", "");
    check(place.quietdown(&["system", "setup", "mini"]), 1, &["A file", "$ sh -c", "making", "could not be made"]);
    fs::remove_file(place.path("systems/mini/refuse")).expect("removed");
    fs::remove_file(place.path("systems/mini/made")).expect("it was made");
    check(place.quietdown(&["system", "setup", "mini"]), 0, &["making", "the environment of `mini` is there"]);
    check(place.quietdown(&["system", "setup", "mini"]), 0, &["is there; `--again`"]);
    check(place.quietdown(&["system", "setup", "mini", "--again"]), 0, &["making"]);
    assert_eq!(place.read("systems/mini/made"), "x\nx\n");
    check(run(&place, &["--accept"], "all"), 0, &["1 passed"]);
    check(place.quietdown(&["system", "list"]), 0, &["store  ", "mini   A server that says something"]);
    check(
        place.quietdown(&["system", "show", "mini"]),
        0,
        &["role client", "operations enqueue_rollout", "setup: A file"],
    );
    check(place.quietdown(&["system", "show", "store"]), 0, &["role server, options"]);
}
