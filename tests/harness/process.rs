//! Nothing outlives a run, however it ends, and nothing that a process does is taken for what it is not. With the real program and shell
//! scripts as processes.

mod bench;
mod floods;

use std::process::{Command, Stdio};

use bench::{Bench, count_of};
use quietdown::finding::FindingKind;
use quietdown::run::Runner;
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

/// This test program again, with one of its tests alone: what it does to its own process is no other test's business.
fn again(test: &str, folder: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    let (_, module) = module_path!().split_once("::").expect("a module of the program");
    command
        .args(["--exact", &format!("{module}::{test}"), "--nocapture"])
        .env("ASKED_BY_THE_TEST", folder)
        .env_remove("QUIETDOWN_BIN");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Whether this is such a process, and the folder that it was given.
fn asked() -> Option<std::path::PathBuf> {
    std::env::var_os("ASKED_BY_THE_TEST").map(Into::into)
}

/// `from_env` reads this process's environment, which tests share: another process is asked.
#[test]
fn what_a_library_user_names_as_the_program_must_be_it() {
    if asked().is_some() {
        let said = Runner::from_env().map_or_else(|why| why.to_string(), |_| "it is taken".to_owned());
        println!("said: {said}");
        return;
    }
    let said = |program: Option<&str>| {
        let mut command = again("what_a_library_user_names_as_the_program_must_be_it", "/".as_ref());
        command.envs(program.map(|program| ("QUIETDOWN_BIN", program)));
        let output = command.output().expect("this test");
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(said(None).contains("it is taken"));
    assert!(said(Some(env!("CARGO_BIN_EXE_quietdown"))).contains("it is taken"));
    assert!(said(Some("/nowhere/quietdown")).contains("QUIETDOWN_BIN=/nowhere/quietdown: is no file"));
    assert!(said(Some("/bin/true")).contains("QUIETDOWN_BIN=/bin/true: does not say its version"));
}

#[test]
fn a_system_that_starts_the_program_says_that_nobody_has_named_it() {
    let scenario = quietdown::scenario::Scenario::parse("x.toml".as_ref(), "summary = \"x\"").expect("a scenario");
    let wrong = Runner::default().run(&scenario, &quietdown::system::System::store()).expect_err("no program");
    assert!(wrong.to_string().contains("set QUIETDOWN_BIN"), "{wrong}");
}

/// No second program: an ordinary test runs a scenario, and is killed in the middle of it.
#[test]
fn nothing_outlives_a_test_program_that_is_killed() {
    if let Some(folder) = asked() {
        drop(Bench::at(&folder).findings_with(Runner::default(), "never"));
        return;
    }
    let bench = Bench::new();
    // One of the family clears its environment, too: it is known by its working directory.
    bench.script("server", &format!("{FAMILY} setsid env -i sleep 3602 </dev/null >/dev/null 2>&1 & listening; trap 'true' TERM INT HUP; mkfifo wait; read x < wait"));
    bench.scenario("never", "[[step]]\non.line = { process = \"server\", line = \"never\" }\nwithin = \"100s\"");
    let mut test = again("nothing_outlives_a_test_program_that_is_killed", bench.path()).spawn().expect("this test");
    bench.await_family(4);
    bench.await_inhabitants(5);
    test.kill().expect("it lives");
    assert!(!test.wait().expect("it ends").success());
    bench.await_family(0);
    bench.await_inhabitants(0);
}

/// The supervisor is nobody's child.
#[test]
fn a_test_that_waits_for_any_child_meets_none_of_the_harness() {
    if let Some(folder) = asked() {
        assert_eq!(Bench::at(&folder).findings_with(Runner::default(), "one"), []);
        let waited = rustix::process::waitpid(None, rustix::process::WaitOptions::empty());
        assert!(matches!(waited, Err(rustix::io::Errno::CHILD)), "{waited:?}");
        return;
    }
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.scenario("one", "");
    let output =
        again("a_test_that_waits_for_any_child_meets_none_of_the_harness", bench.path()).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Its generations live for an instant each, and have nothing in common: no session, no group, no environment.
#[rstest]
#[case::every_2_ms("0.002")]
#[case::every_30_ms("0.03")]
#[case::every_100_ms("0.1")]
fn a_descendant_that_keeps_forking_and_ending_is_reported_and_ended(#[case] pause: &str) {
    let bench = Bench::new();
    let again = "</dev/null >/dev/null 2>&1 &";
    bench.script("again", &format!("sleep {pause}; setsid env -i sh $PWD/../../again {again}"));
    bench.script("server", &format!("setsid env -i sh $PWD/../../again {again} serve"));
    bench.scenario("forks", "");
    let findings = bench.findings("forks");
    assert_eq!(count_of(&findings, FindingKind::DescendantLeft), 1, "{findings:#?}");
    assert!(findings[0].message.contains("again"), "{findings:#?}");
    bench.await_inhabitants(0);
}

#[test]
fn what_this_process_may_open_is_not_what_processes_under_test_may() {
    let bench = Bench::new();
    bench.script("server", "ulimit -Sn > $BENCH/limit; serve");
    bench.scenario("one", "");
    let output = bench.limited("ulimit -Sn 300", &["run", "--accept", "one.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_to_string(bench.path().join("limit")).expect("written").trim(), "300");
}

#[test]
fn a_shortage_of_open_files_is_no_verdict() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.scenario("one", "");
    let output = bench.limited("ulimit -n 24", &["run", "one.toml"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("ulimit -n"), "{said}");
    (0..8).for_each(|number| bench.scenario(&format!("many-{number}"), ""));
    let names: Vec<String> = (0..8).map(|number| format!("many-{number}.toml")).collect();
    let arguments: Vec<&str> =
        ["run", "--accept", "--jobs", "8"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let output = bench.limited("ulimit -n 128", &arguments);
    assert_eq!(output.status.code(), Some(0), "they wait for each other: {}", String::from_utf8_lossy(&output.stderr));
}

#[rstest]
#[case::died("sleep 0.3; echo 'no such table' >&2; exit 2", "`server` has ended before it was ready, with status 2")]
#[case::nowhere("exec sleep 3600", "nobody listens on port")]
#[case::elsewhere("exec python3 -u -m http.server 0 --bind 127.0.0.1", "`server` listens on port")]
#[case::not_found(
    "exec python3 -m http.server $PORT --bind 127.0.0.1",
    "it answers with status 404, and 2xx is wanted"
)]
fn a_server_that_does_not_become_ready_is_said_to_do_what_it_does(#[case] server: &str, #[case] wanted: &str) {
    needs_python!();
    let bench = Bench::new();
    bench.file(
        "system.toml",
        &format!(
            "name = \"scripts\"\nsummary = \"x\"\n[log]\nformat = \"tracing\"\n[roles.server]\nkind = \"server\"\n\
             command = [\"sh\", \"-c\", \". {0}/server\"]\nenv = {{ BENCH = \"{0}\", PORT = \"${{port}}\" }}\n\
             ready = {{ http = \"/no-such-page\", within = \"3s\" }}\nexit = \"graceful\"\n[exits]\ngraceful = {{ status = [0] }}\n",
            bench.path().display()
        ),
    );
    bench.script("server", server);
    bench.scenario("waits", "");
    let findings = bench.findings("waits");
    assert_eq!(findings[0].kind, FindingKind::StepFailed, "{findings:#?}");
    assert!(findings[0].message.contains(wanted), "{findings:#?}");
    if wanted.contains("status 2") {
        assert!(findings[0].excerpt.iter().any(|line| line.contains("no such table")), "{findings:#?}");
    }
}

/// Nothing waits for what a file that is none has to say.
#[test]
fn a_file_that_is_no_regular_one_is_refused() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.scenario("one", "");
    let fifo = |name: &str| {
        let made = Command::new("mkfifo").arg(bench.path().join(name)).status().expect("mkfifo");
        assert!(made.success());
    };
    let said = |arguments: &[&str], code: i32| {
        let output = bench.command(arguments).output().expect("a run");
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert_eq!(output.status.code(), Some(code), "{said}");
        said
    };
    std::fs::create_dir(bench.path().join("snapshots")).expect("made");
    fifo("snapshots/one@scripts.snap");
    assert!(said(&["run", "one.toml"], 3).contains("it is no regular file"));
    std::fs::remove_file(bench.path().join("snapshots/one@scripts.snap")).expect("removed");
    std::os::unix::fs::symlink("/dev/zero", bench.path().join("snapshots/one@scripts.snap")).expect("a link");
    assert!(said(&["run", "one.toml"], 3).contains("it is no regular file"));
    std::fs::create_dir(bench.path().join("files")).expect("made");
    fifo("files/two.toml");
    assert!(said(&["check", "--system", "system.toml", "files"], 2).contains("it is no regular file"));
    fifo("fifo.toml");
    assert!(said(&["check", "--system", "./fifo.toml", "one.toml"], 2).contains("it is no regular file"));
}

/// Somebody else can make a folder in the one for temporary files before, and put links into it.
#[test]
fn the_default_folder_for_runs_is_never_behind_a_link() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.scenario("one", "");
    let place = bench.path().join("tmp");
    std::fs::create_dir(&place).expect("made");
    let run = || {
        let mut command = bench.command(&["run", "one.toml", "--runs", "runs"]);
        // Without --runs.
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let arguments: Vec<_> = arguments.into_iter().filter(|word| word != "--runs" && word != "runs").collect();
        command = Command::new("env");
        command
            .args(arguments)
            .current_dir(bench.path())
            .env("TMPDIR", &place)
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("CI");
        command.stdin(Stdio::null()).output().expect("a run")
    };
    let user = rustix::process::geteuid().as_raw();
    let folder = place.join(format!("quietdown-{user}"));
    assert_eq!(run().status.code(), Some(1), "it has no snapshot, so it is kept");
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&folder.metadata().expect("made")) & 0o7777, 0o700);
    std::fs::remove_dir_all(&folder).expect("removed");
    let elsewhere = bench.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    std::os::unix::fs::symlink(&elsewhere, &folder).expect("a link");
    let output = run();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(3) && said.contains("it is no folder"), "{said}");
    assert_eq!(std::fs::read_dir(&elsewhere).expect("there").count(), 0, "nothing was written through it");
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
