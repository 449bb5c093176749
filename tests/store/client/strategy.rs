//! The execution strategy: both sides from one command, or each from its own.

use rustix::process::Signal;

use super::process::{Process, loud};

const STRATEGY: [&str; 7] = ["run", "--runners", "2", "--tasks", "3", "--poll", "1ms"];

/// The places of texts in a log; each must be there.
fn places(log: &[String], texts: &[&str]) -> Vec<usize> {
    let place = |text: &&str| {
        log.iter().position(|line| line.contains(*text)).unwrap_or_else(|| panic!("no `{text}` in {log:#?}"))
    };
    texts.iter().map(place).collect()
}

#[test]
fn a_strategy_stops_its_runners_before_its_server() {
    for until_done in [true, false] {
        let more: &[&str] = if until_done { &["--work", "1ms", "--finish-when-done"] } else { &["--work", "1m"] };
        let mut strategy = Process::start(&[&STRATEGY[..], more].concat(), None);
        if !until_done {
            for _ in 0..2 {
                strategy.log_line("rollout begun");
            }
            strategy.end_input();
        }
        let (status, log) = strategy.end();
        assert!(status.success(), "{status}: {log:#?}");
        let order = places(
            &log,
            &["algorithm finished", "runners told to stop", "all runners stopped", "stop begun", "server: stopped"],
        );
        assert!(order.is_sorted(), "{order:?} {log:#?}");
        assert_eq!(log.iter().filter(|line| line.contains("runner stopped")).count(), 2);
        assert_eq!(
            log.iter().filter(|line| line.contains("rollout given back")).count(),
            if until_done { 0 } else { 2 }
        );
        assert_eq!(loud(&log), [""; 0]);
    }
}

#[test]
fn a_strategy_that_stops_its_server_first_is_loud() {
    let folder = tempfile::tempdir().expect("a folder");
    let flag = folder.path().join("online");
    let options = ["--work", "1m", "--online-flag", flag.to_str().expect("UTF-8")];
    let mut strategy = Process::start(&[&STRATEGY[..], &options].concat(), Some("server-stopped-first"));
    for _ in 0..2 {
        strategy.log_line("rollout begun");
    }
    strategy.signal(Signal::TERM);
    let (_, log) = strategy.end();
    let order = places(&log, &["algorithm finished", "server: stopped", "runners told to stop", "all runners stopped"]);
    assert!(order.is_sorted(), "{order:?} {log:#?}");
    places(&log, &["ERROR runner-", "panicked at"]);
}

#[test]
fn a_strategy_whose_server_is_killed_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("online");
    let flag = path.to_str().expect("UTF-8");
    let mut strategy = Process::start(&[&STRATEGY[..], &["--work", "1m", "--online-flag", flag]].concat(), None);
    strategy.log_line("rollout begun");
    let server = quietdown_store::flag::read(&path).expect("the server's flag").pid;
    let server = rustix::process::Pid::from_raw(server as i32).expect("a pid is not zero");
    rustix::process::kill_process(server, Signal::KILL).expect("it is there");
    let (status, log) = strategy.end();
    assert_eq!(status.code(), Some(1));
    assert_eq!(
        log.iter()
            .filter(|line| line.contains("ERROR algorithm") && line.contains("server ended unexpectedly"))
            .count(),
        1
    );
    places(&log, &["all runners stopped"]);
}

#[test]
fn a_strategy_with_its_runner_in_the_main_process_stops_it_before_the_server() {
    for until_done in [true, false] {
        let more: &[&str] = if until_done { &["--work", "1ms", "--finish-when-done"] } else { &["--work", "1m"] };
        let inverted = ["run", "--main-process", "runner", "--tasks", "2", "--poll", "1ms"];
        let mut strategy = Process::start(&[&inverted[..], more].concat(), None);
        if !until_done {
            strategy.log_line("rollout begun");
            strategy.end_input();
        }
        let (status, log) = strategy.end();
        assert!(status.success(), "{status}: {log:#?}");
        let mut order =
            vec!["runners told to stop", "runner stopped", "all runners stopped", "stop begun", "server: stopped"];
        if until_done {
            order.insert(0, "algorithm finished");
        }
        let order = places(&log, &order);
        assert!(order.is_sorted(), "{order:?} {log:#?}");
        let given_back = log.iter().filter(|line| line.contains("rollout given back")).count();
        assert_eq!(given_back, usize::from(!until_done), "{log:#?}");
        assert_eq!(loud(&log), [""; 0]);
    }
}

#[test]
fn the_sides_of_a_strategy_meet_by_its_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let flag = folder.path().join("online");
    let flag = ["--online-flag", flag.to_str().expect("UTF-8")];
    let mut algorithm = Process::start_with(
        &[&["run", "--tasks", "3", "--finish-when-done"], &flag[..]].concat(),
        &[("QUIETDOWN_STORE_CURRENT_ROLE", "algorithm"), ("QUIETDOWN_STORE_SERVER_HOST", "localhost")],
    );
    let line = algorithm.log_line("server: listening");
    let port = line.rsplit(':').next().expect("a port").trim().to_owned();
    let runners = Process::start_with(
        &[&["run", "--runners", "2", "--work", "1ms", "--poll", "1ms"], &flag[..]].concat(),
        &[
            ("QUIETDOWN_STORE_CURRENT_ROLE", "runner"),
            ("QUIETDOWN_STORE_SERVER_HOST", "localhost"),
            ("QUIETDOWN_STORE_SERVER_PORT", &port),
        ],
    );
    let (status, log) = algorithm.end();
    assert!(status.success(), "{status}: {log:#?}");
    places(&log, &["algorithm finished", "server: stopped"]);
    assert_eq!(log.iter().filter(|line| line.contains("runner started")).count(), 0, "{log:#?}");
    assert_eq!(loud(&log), [""; 0]);
    // They end by themselves when their server shuts down.
    let (status, log) = runners.end();
    assert!(status.success(), "{status}: {log:#?}");
    assert_eq!(loud(&log), [""; 0]);
    assert_eq!(log.iter().filter(|line| line.contains("runner stopped")).count(), 2, "{log:#?}");
}

#[test]
fn an_algorithm_works_with_a_server_that_it_does_not_manage_and_leaves_it_alone() {
    let (mut server, url) = Process::server(&[]);
    let port = url.rsplit(':').next().expect("a port").to_owned();
    let managed = [("QUIETDOWN_STORE_MANAGED_STORE", "false"), ("QUIETDOWN_STORE_SERVER_PORT", port.as_str())];
    let strategy =
        Process::start_with(&["run", "--tasks", "2", "--work", "1ms", "--poll", "1ms", "--finish-when-done"], &managed);
    let (status, log) = strategy.end();
    assert!(status.success(), "{status}: {log:#?}");
    assert_eq!(log.iter().filter(|line| line.contains("listening")).count(), 0, "{log:#?}");
    let mut client = Process::client(&url, &[], None);
    let done = client.ask(r#"{"call":1,"op":"query_rollouts","args":{"status_in":["succeeded"]}}"#);
    assert_eq!(done["value"]["total"], 2);
    server.signal(Signal::TERM);
    server.log_line("server: stopped");
}

#[test]
fn a_strategy_whose_options_contradict_each_other_says_so() {
    for (arguments, expected) in [
        (&["run", "--main-process", "runner", "--runners", "2"][..], "one runner"),
        (&["run", "--main-process", "runner", "--role", "algorithm"], "--role both"),
        (&["run", "--role", "runner"], "QUIETDOWN_STORE_SERVER_PORT"),
        (&["run", "--role", "algorithm", "--managed-store", "false"], "where is the server?"),
    ] {
        let (status, log) = Process::start(arguments, None).end();
        assert_eq!(status.code(), Some(2), "{arguments:?}: {log:#?}");
        assert!(log.concat().contains(expected), "{arguments:?}: {log:#?}");
    }
}
