//! Nothing outlives a run, however it ends, and nothing that a process does is taken for what it is not. With the real program and shell
//! scripts as processes.

#[path = "process/bench.rs"]
mod bench;

use std::process::Command;

use bench::{Bench, count_of};
use quietdown::finding::FindingKind;
use rstest::rstest;
use rustix::process::Signal;

/// A server with a child, a grandchild in a session of its own, and one that has left both the session and its output.
const FAMILY: &str = "setsid sh -c 'sleep 3600 & wait' & setsid sleep 3600 </dev/null >/dev/null 2>&1 &";

#[rstest]
#[case::killed(Signal::KILL)]
#[case::interrupted(Signal::INT)]
#[case::terminated(Signal::TERM)]
#[case::hung_up(Signal::HUP)]
fn nothing_outlives_a_harness_that_is_ended(#[case] signal: Signal) {
    let bench = Bench::new();
    bench.script("server", &format!("{FAMILY} listening; trap 'true' TERM INT HUP; mkfifo wait; read x < wait"));
    // The harness waits for what never comes, until it is ended.
    bench.scenario("never", "[[step]]\non.line = { process = \"server\", line = \"never\" }\nwithin = \"100s\"");
    let mut harness = bench.command(&["run", "never.toml"]).spawn().expect("the harness");
    bench.await_family(4);
    rustix::process::kill_process(rustix::process::Pid::from_raw(harness.id() as i32).expect("a process id"), signal)
        .expect("it lives");
    let status = harness.wait().expect("it ends");
    assert!(!status.success());
    bench.await_family(0);
}

#[test]
fn a_descendant_that_is_left_behind_is_reported_and_ended() {
    let bench = Bench::new();
    bench.script("server", "setsid sleep 3600 </dev/null >/dev/null 2>&1 & serve");
    bench.scenario("leaves", "");
    let findings = bench.findings("leaves");
    assert_eq!(count_of(&findings, FindingKind::DescendantLeft), 1, "{findings:#?}");
    assert!(findings[0].message.contains("sleep 3600"), "{findings:#?}");
    bench.await_family(0);
}

/// A program that clears its environment clears its mark, too; its group is still the run's.
#[test]
fn a_descendant_without_the_mark_is_found_by_its_group() {
    let bench = Bench::new();
    bench.script("server", "env -i sleep 3601 </dev/null >/dev/null 2>&1 & serve");
    bench.scenario("hides", "");
    let findings = bench.findings("hides");
    assert_eq!(count_of(&findings, FindingKind::DescendantLeft), 1, "{findings:#?}");
    assert!(findings[0].message.contains("sleep 3601"), "{findings:#?}");
}

#[test]
fn who_does_not_end_is_late() {
    let bench = Bench::new();
    bench.within("10ms");
    bench.script("server", "trap '' TERM INT; listening; while :; do sleep 3600; done");
    bench.scenario("late", "");
    let findings = bench.findings("late");
    assert_eq!(count_of(&findings, FindingKind::ExitLate), 1, "{findings:#?}");
}

/// A server that gives up with a status that would be right after a stop is a crash all the same.
#[test]
fn who_ends_by_itself_has_not_ended_gracefully() {
    let bench = Bench::new();
    bench.script("server", "mkfifo go; listening; read x < go; exit 0");
    bench.script("client", "ready; read x; echo > go; answer 1; cat");
    let call = "[processes.a]\n[[step]]\ndo.call = { process = \"a\", op = \"noop\" }";
    bench.scenario("gives-up", &format!("{call}\n[[step]]\non.exit = {{ process = \"server\" }}"));
    assert_eq!(bench.findings("gives-up"), [], "the scenario waits for it");
    bench.script("client", "ready; read x; exit 0");
    bench.script("server", "serve");
    bench.scenario("client-gives-up", &call.replace("\"noop\"", "\"noop\", result = \"lost\""));
    let findings = bench.findings("client-gives-up");
    assert_eq!(count_of(&findings, FindingKind::ExitStatus), 1, "{findings:#?}");
    assert!(findings[0].message.contains("by itself"), "{findings:#?}");
}

#[test]
fn who_said_that_it_was_ready_was_so_even_if_it_has_ended_since() {
    let bench = Bench::new();
    bench.script("server", "listening; exit 0");
    bench.scenario("short", "[[step]]\non.exit = { process = \"server\" }");
    assert_eq!(bench.findings("short"), [], "the scenario waits for its end");
    bench.script("server", "exit 0");
    let findings = bench.findings("short");
    assert!(findings[0].message.contains("before it was ready"), "{findings:#?}");
}

#[test]
fn a_traceback_on_a_drivers_standard_output_is_one() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.script(
        "client",
        "ready; printf 'Traceback (most recent call last):\\n  File \"a.py\", line 3, in f\\n    g()\\nValueError: no\\n'; read x; answer 1; cat",
    );
    bench.scenario("noise", "[processes.a]\n[[step]]\ndo.call = { process = \"a\", op = \"noop\" }");
    let findings = bench.findings("noise");
    assert_eq!(count_of(&findings, FindingKind::Traceback), 1, "{findings:#?}");
}

/// An answer to a call that was never made, JSON of somebody else, and text: none of it is silently dropped.
#[test]
fn a_driver_that_talks_nonsense_is_heard() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.script("client", "ready; read x; echo hello; echo 42; echo '{\"call\":99,\"result\":\"ok\"}'; answer 1; cat");
    bench.scenario("nonsense", "[processes.a]\n[[step]]\ndo.call = { process = \"a\", op = \"noop\" }");
    let findings = bench.findings("nonsense");
    assert_eq!(findings.len(), count_of(&findings, FindingKind::LevelAboveInfo), "{findings:#?}");
    let heard: Vec<&String> = findings.iter().flat_map(|finding| &finding.excerpt).collect();
    assert_eq!(heard.len(), 3, "{findings:#?}");
}

/// What the pipe cannot take is not waited for without a bound.
#[test]
fn a_driver_that_does_not_read_fails_its_step() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.within("10ms");
    bench.script("client", "ready; sleep 3600");
    bench.scenario(
        "deaf",
        "[processes.a]\n[[step]]\ndo.call = { process = \"a\", op = \"noop\", args = { x = \"${fill:1MiB}\" } }\nwithin = \"100ms\"",
    );
    let findings = bench.findings("deaf");
    assert_eq!(count_of(&findings, FindingKind::StepFailed), 1, "{findings:#?}");
    assert!(findings[0].message.contains("does not take what it is asked for"), "{findings:#?}");
}

/// SIGUSR1 is no order to end: the teardown gives that.
#[test]
fn a_process_that_was_signalled_is_still_told_to_end() {
    let bench = Bench::new();
    bench.script("server", "trap 'listening' USR1; serve");
    bench.scenario(
        "signalled",
        "[[step]]\ndo.signal = { process = \"server\", signal = \"SIGUSR1\", planned = true }\n\
         [[step]]\non.line = { process = \"server\", line = \"up\", nth = 2 }",
    );
    assert_eq!(bench.findings("signalled"), []);
}

#[rstest]
#[case::passed("serve", "", 0)]
#[case::failed("serve", "[[step]]\non.line = { process = \"server\", line = \"never\" }\nwithin = \"1ms\"", 1)]
#[case::not_there("serve", "[[step]]\non.exit = { process = \"nobody\" }", 2)]
#[case::too_long("serve", "[[step]]\non.quiet = { for = \"5000000000000000h\" }", 2)]
#[case::too_many("serve", "[processes.a]\ncount = 4000000000", 2)]
fn exit_codes(#[case] server: &str, #[case] steps: &str, #[case] code: i32) {
    let bench = Bench::new();
    bench.script("server", server);
    bench.scenario("one", steps);
    let accepted = bench.command(&["run", "--accept", "one.toml"]).output().expect("a run");
    assert_eq!(accepted.status.code(), Some(code), "{}", String::from_utf8_lossy(&accepted.stderr));
    if code == 0 {
        let again = bench.command(&["run", "one.toml"]).output().expect("a run");
        assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stdout));
    }
}

#[test]
fn a_harness_that_cannot_work_says_so_with_its_own_exit_code() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.scenario("one", "");
    bench.file("taken", "a file where the runs' folders should be");
    let output = bench.command(&["run", "--runs", "taken", "one.toml"]).output().expect("a run");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("taken"));
}

#[test]
fn report_gives_the_findings_of_the_run() {
    let bench = Bench::new();
    bench.script("server", "listening; exit 3");
    bench.scenario("crash", "[[step]]\non.exit = { process = \"server\" }");
    let run = bench.command(&["run", "crash.toml"]).output().expect("a run");
    assert_eq!(run.status.code(), Some(1));
    let folder = bench.run_folder("crash");
    let report = bench.command(&["report"]).arg(&folder).output().expect("a report");
    assert_eq!(report.status.code(), Some(1));
    let findings = |output: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(output);
        let all = text.lines().skip_while(|line| !line.starts_with("──"));
        all.take_while(|line| !line.starts_with("1 scenario,"))
            .map(|line| line.trim_end().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    assert_eq!(findings(&report.stdout), findings(&run.stdout));
    assert!(String::from_utf8_lossy(&run.stdout).contains("snapshot-missing"), "both kinds of finding are compared");
    assert!(String::from_utf8_lossy(&run.stdout).contains("exit-status"));
}

#[test]
fn a_reader_that_goes_away_does_not_change_the_exit_code() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.scenario("one", "");
    assert!(bench.command(&["run", "--accept", "one.toml"]).output().expect("a run").status.success());
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = bench.command(&["run", "one.toml"]).stdout(writer).status().expect("a run");
    assert_eq!(status.code(), Some(0));
}

/// `from_env` reads this process's environment, which tests share: another process is asked.
#[test]
fn a_library_user_is_told_about_the_program() {
    if std::env::var_os("ASKED_BY_THE_TEST").is_some() {
        println!("said: {}", quietdown::run::Runner::from_env().expect_err("there is no program"));
        return;
    }
    let said = |program: Option<&str>| {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", "a_library_user_is_told_about_the_program", "--nocapture"]);
        command.env("ASKED_BY_THE_TEST", "1").env_remove("QUIETDOWN_BIN");
        command.envs(program.map(|program| ("QUIETDOWN_BIN", program)));
        let output = command.output().expect("this test");
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(said(None).contains("QUIETDOWN_BIN is not set"));
    assert!(said(Some("/nowhere/quietdown")).contains("/nowhere/quietdown is no file"));
}

/// An asynchronous test may run a scenario.
#[test]
fn a_run_may_be_made_from_inside_a_runtime() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.scenario("one", "");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(async { bench.findings("one") }), []);
}
