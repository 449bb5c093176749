use std::path::Path;

use super::*;
use crate::evidence::{Boot, ProcessEvidence};
use crate::log::{Format, Reader, Stream};
use crate::scenario::Scenario;
use crate::system::System;

/// A run in which processes have logged this.
fn evidence(logs: &[(&str, &str)]) -> Evidence {
    let process = |(name, text): &(&str, &str)| {
        let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
        reader.feed(1, text.as_bytes());
        reader.finish(1);
        let boots = vec![Boot { pid: 4242, ..Boot::default() }];
        let role = if *name == "server" { "server" } else { "client" };
        let records = reader.into_records();
        ProcessEvidence { name: (*name).into(), role: role.into(), boots, records, ..ProcessEvidence::default() }
    };
    Evidence { processes: logs.iter().map(process).collect(), folder: "/run/x".into(), ..Evidence::default() }
}

/// The transcript, with what the scenario says about it, on the embedded store.
fn of(rules: &str, logs: &[(&str, &str)]) -> String {
    let scenario = format!("summary = \"x\"\n[expect.transcript]\n{rules}");
    let scenario = Scenario::parse(Path::new("x.toml"), &scenario).expect("a scenario");
    let system = System::store();
    scenario.check(&system).expect("it is in order");
    transcript(&evidence(logs), &system.file, &scenario.file.expect.transcript).expect("shapes are right")
}

const SERVER: &str = " INFO quietdown_store::server: listening addr=127.0.0.1:4444\n";

#[test]
fn equal_values_have_equal_names_in_all_processes() {
    let client =
        " WARN app: cannot reach http://127.0.0.1:4444/x from 127.0.0.1:5001\n WARN app: pid=4242 ro-0123456789ab\n";
    let text = of("", &[("server", SERVER), ("a", client)]);
    assert!(text.contains("listening addr=<address-1>"), "{text}");
    assert!(text.contains("cannot reach http://<address-1>/x from <address>"), "{text}");
    assert!(text.contains("pid=<pid-of-server> <rollout-1>"), "{text}");
    // What only one process speaks of has no identity that matters.
    assert!(of("", &[("server", SERVER)]).contains("addr=<address>\n"));
}

#[test]
fn pids_and_ports_of_the_run_have_names_wherever_they_stand() {
    let transcript_of = |pid: u32, port: u16, worker: u32| {
        let log = format!(
            " INFO app: listening at http://0.0.0.0:{port} ({pid})\n INFO app: serving on {port}\n \
             INFO app: booting worker with pid: {worker}\n INFO app: {worker} has joined\n \
             WARN app: slow responseTime={port}\n"
        );
        let mut evidence = evidence(&[("server", &log)]);
        evidence.processes[0].boots[0].pid = pid;
        evidence.ports.insert("server".to_owned(), port);
        transcript(&evidence, &System::store().file, &Default::default()).expect("shapes are right")
    };
    let text = transcript_of(32519, 44123, 32520);
    for said in [
        "http://<address> (<pid-of-server>)",
        "serving on <port-of-server>",
        "worker with pid: <pid>",
        "<pid> has joined",
        "responseTime=<duration>",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert_eq!(text, transcript_of(4711, 51000, 4712));
}

#[test]
fn a_scenario_has_its_own_identifiers() {
    let log = [("a", " WARN app: job-77 and job-78 and job-77\n")];
    assert!(of("ids = { job = 'job-\\d+' }", &log).contains("<job-1> and <job-2> and <job-1>"));
    assert!(of("", &log).contains("job-77 and job-78"));
}

#[test]
fn what_moves_can_be_sorted_folded_or_left_out() {
    let line = |what: &str, number: u8| format!(" INFO quietdown_store::runner: {what} n={number}\n");
    let (one, two) = (line("runner started", 1), line("runner started", 2));
    let stopped = line("runner stopped", 1);
    let both = |rules: &str, first: &[&str], second: &[&str]| {
        let transcript = |lines: &[&str]| of(rules, &[("a", &lines.concat())]);
        (transcript(first), transcript(second))
    };
    for (rules, first, second) in [
        ("unordered = [\"runner-started\", \"runner-stopped\"]", &[&one[..], &stopped][..], &[&stopped[..], &one][..]),
        ("fold = [\"runner-started\"]", &[&one, &stopped, &one], &[&one, &stopped]),
        ("optional = [\"runner-started\"]", &[&two, &stopped, &one], &[&stopped]),
    ] {
        let (settled, again) = both(rules, first, second);
        assert_eq!(settled, again, "{rules}");
        let (moving, other) = both("", first, second);
        assert_ne!(moving, other, "{rules}");
    }
}

#[test]
fn of_what_a_system_omits_only_lifecycle_lines_may_be_above_debug() {
    let source = include_str!("../../systems/store.toml")
        .replace("transcript-omits = [", "transcript-omits = [\"stop-begun\", \"unreachable-error\", ");
    let system = System::parse(Path::new("store.toml"), &source).expect("it is in order");
    let log = " INFO quietdown_store::server: stop begun\nERROR quietdown_store::client: server is unreachable\n";
    let text = transcript(&evidence(&[("server", log)]), &system.file, &Default::default()).expect("shapes are right");
    assert!(!text.contains("stop begun") && text.contains("server is unreachable"), "{text}");
}
