//! The HTTP client of the harness itself, on the embedded store: what its calls end as, what they did, and that each has a link to break.

use std::path::Path;

use quietdown::evidence::{CallEffect, CallResult};
use quietdown::finding::FindingKind;
use quietdown::run::{Report, Runner};
use quietdown::scenario::Scenario;
use quietdown::system::System;

fn run(text: &str) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    // What is written here by requests of its own is none of its invariant's business.
    let store = System::store().source;
    let (source, _) = store.split_once("[[invariant]]").expect("it has one");
    let system = System::parse(Path::new("store.toml"), source).expect("in order");
    let scenario = Scenario::parse(Path::new("http.toml"), &format!("summary = \"x\"\n{text}"));
    let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}"));
    scenario.check(&system).unwrap_or_else(|wrong| panic!("{wrong}"));
    let runner = Runner::new(env!("CARGO_BIN_EXE_quietdown")).runs(folder.path()).without_snapshots();
    runner.run(&scenario, &system).expect("a run")
}

/// Every call with its result and its effect.
fn calls(report: &Report) -> Vec<(&str, Option<CallResult>, CallEffect)> {
    report.evidence.history.iter().map(|call| (call.name.as_str(), call.result, call.effect)).collect()
}

#[track_caller]
fn passes(report: &Report) {
    assert!(report.passed(), "{:#?}\n{:#?}", report.findings, report.evidence.history);
}

#[test]
fn it_sends_what_is_written_and_gives_what_is_answered() {
    let report = run(r#"
[[step]]
do.call = { client = "http", op = "POST /v1/agl/queues/rollouts/enqueue", args = { rollouts = [{ input = { task = 1 } }] }, save = "one", returns = [{ status = "queuing" }] }
[[step]]
do.call = { client = "http", op = "enqueue_rollout", args-json = '{"rollouts": [{"input": null}]}', save = "two" }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/rollouts/${one.0.rollout_id}?x=1", returns = { rollout_id = "${one.0.rollout_id}", input = { task = 1 } } }
[[step]]
do.call = { client = "http", op = "POST /v1/agl/queues/rollouts/enqueue", body = '{"rollouts": [{"input": "${two.0.rollout_id}"}]}', headers = { content-type = "application/json", x-request = "1" }, returns = [{ input = "${two.0.rollout_id}" }] }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/rollouts/none", as = "missing", result = "rejected" }
[[step]]
do.call = { client = "http", op = "enqueue_rollout", body = "no json", as = "wrong", result = "rejected" }
"#);
    passes(&report);
    let ends = calls(&report);
    assert_eq!(ends[0], ("one", Some(CallResult::Ok), CallEffect::Applied));
    assert_eq!(ends[4], ("missing", Some(CallResult::Rejected), CallEffect::Unknown));
    // The operation documents it.
    assert_eq!(ends[5], ("wrong", Some(CallResult::Rejected), CallEffect::NotApplied));
    let said = report.evidence.history[4].error.as_deref().unwrap_or_default();
    assert!(said.starts_with("status 404"), "{said}");
    assert!(report.evidence.requests.iter().all(|request| request.process == "http"), "it has a link of its own");
    assert_eq!(report.evidence.requests.len(), 6);
}

#[test]
fn a_broken_connection_is_transport_and_nobody_there_is_unreachable() {
    let report = run(r#"
[[step]]
do.begin = { client = "http", op = "enqueue_rollout", args = { input = 1 }, as = "reset" }
[[step]]
on.request = { process = "http", op = "enqueue_rollout", phase = "response-head" }
do.cut = { mode = "rst" }
[[step]]
do.finish = { call = "reset", result = "transport" }
[[step]]
do.refuse = { link = "http" }
[[step]]
do.call = { client = "http", op = "enqueue_rollout", args = { input = 2 }, as = "refused", result = "unreachable" }
[[step]]
do.accept = { link = "http" }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/health", as = "back" }
[[step]]
do.stop = { process = "server" }
[[step]]
on.exit = { process = "server" }
[[step]]
do.call = { client = "http", op = "enqueue_rollout", args = { input = 3 }, as = "gone", result = "unreachable" }
"#);
    // It logs nothing, and nobody expects it to.
    passes(&report);
    let ends = calls(&report);
    assert_eq!(ends[0], ("reset", Some(CallResult::Transport), CallEffect::Unknown));
    assert_eq!(ends[1], ("refused", Some(CallResult::Unreachable), CallEffect::NotApplied));
    assert_eq!(ends[3], ("gone", Some(CallResult::Unreachable), CallEffect::NotApplied));
    assert!(!report.transcript.contains("\nhttp\n"), "{}", report.transcript);
    assert!(report.transcript.contains("  http enqueue_rollout reset: transport"), "{}", report.transcript);
}

#[test]
fn a_call_is_cancelled_and_has_a_patience_of_its_own() {
    let report = run(r#"
[processes.hasty]
role = "http"
options = { timeout = "200ms" }
[[step]]
do.call = { client = "http", op = "enqueue_rollout", args = { rollouts = [{ input = 1 }] }, save = "one" }
[[step]]
do.begin = { client = "http", op = "POST /v1/agl/waits/rollouts", args = { rollout_ids = ["${one.0.rollout_id}"], timeout = 60 }, as = "poll" }
[[step]]
on.line = { process = "server", line = "long-poll-waiting" }
do.cancel = { call = "poll" }
[[step]]
on.line = { process = "server", line = "client-went-away" }
[[step]]
do.begin = { process = "hasty", op = "POST /v1/agl/waits/rollouts", args = { rollout_ids = ["${one.0.rollout_id}"], timeout = 60 }, as = "slow" }
[[step]]
do.hold = { link = "hasty" }
[[step]]
do.finish = { call = "slow", result = "transport" }
"#);
    passes(&report);
    let ends = calls(&report);
    assert_eq!(ends[1].1, Some(CallResult::Cancelled), "{:#?}", report.findings);
    assert_eq!(ends[2].1, Some(CallResult::Transport), "{:#?}", report.findings);
    assert_eq!(report.evidence.history[2].error.as_deref(), Some("no whole answer within 200ms"));
}

#[test]
fn a_call_that_never_ends_is_a_finding_and_its_connection_ends_with_the_run() {
    let report = run(r#"
[processes.patient]
role = "http"
options = { timeout = "1h" }
[[step]]
do.begin = { process = "patient", op = "GET /v1/agl/health", as = "held" }
[[step]]
on.request = { process = "patient", op = "health", phase = "request-sent", keep = "gate" }
[[step]]
do.finish = { call = "held" }
within = "100ms"
[[step]]
do.release = { gate = "gate" }
"#);
    let kinds: Vec<String> = report.findings.iter().map(|finding| finding.kind.to_string()).collect();
    assert!(kinds.contains(&"step-failed".to_owned()), "{:#?}", report.findings);
}

/// The connection of each request, in order.
fn connections(report: &Report) -> Vec<u64> {
    report.evidence.requests.iter().map(|request| request.seen.connection).collect()
}

#[test]
fn connections_are_kept_only_where_that_is_asked_for_and_carry_one_call_at_a_time() {
    let steps = r#"
[[step]]
do.call = { client = "http", op = "GET /v1/agl/health" }
[[step]]
do.begin = { client = "http", op = "GET /v1/agl/health", as = "parked" }
[[step]]
on.request = { process = "http", path = "/v1/agl/health", phase = "response-head", nth = 2, keep = "answer" }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/rollouts" }
[[step]]
do.release = { gate = "answer" }
[[step]]
do.finish = { call = "parked" }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/health" }
"#;
    let kept = run(&format!("[processes.http]\noptions = {{ keep-alive = true }}\n{steps}"));
    passes(&kept);
    assert_eq!(connections(&kept), [1, 1, 2, 1], "the one that was used last");
    let closed = run(steps);
    passes(&closed);
    assert_eq!(connections(&closed), [1, 2, 3, 4]);
}

#[test]
fn a_kept_connection_that_the_server_has_closed_is_not_used_again() {
    let report = run(r#"
[processes.http]
options = { keep-alive = true }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/health", as = "before" }
[[step]]
do.restart = { process = "server" }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/health", as = "after" }
"#);
    passes(&report);
    assert_eq!(connections(&report), [1, 2]);
}

#[test]
fn a_request_that_was_sent_on_a_kept_connection_is_not_sent_again() {
    let report = run(r#"
[processes.http]
options = { keep-alive = true }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/health", as = "before" }
[[step]]
do.begin = { client = "http", op = "enqueue_rollout", args-json = '{"rollouts": [{"input": null}]}', as = "sent" }
[[step]]
on.request = { process = "http", op = "enqueue_rollout", phase = "request-head" }
do.cut = { mode = "fin" }
[[step]]
do.finish = { call = "sent", result = "transport" }
[[step]]
do.call = { client = "http", op = "GET /v1/agl/health", as = "after" }
"#);
    passes(&report);
    assert_eq!(connections(&report), [1, 1, 2], "nothing is sent twice");
}

#[test]
fn a_silent_connection_reaches_the_server_and_is_open_until_it_is_closed() {
    let report = run(r#"
[processes.second]
role = "http"
[[step]]
do.connect = { process = "second", as = "silent" }
[[step]]
on.connected = { process = "second" }
[[step]]
do.close = { connection = "silent" }
[[step]]
do.connect = { process = "second", as = "again" }
[[step]]
on.connected = { process = "second", nth = 2 }
do.cut = { mode = "rst" }
"#);
    passes(&report);
    assert_eq!(report.evidence.requests.len(), 0);
    assert_eq!(report.evidence.faults[0].fired.as_deref(), Some("1 connection broken"));
}

#[test]
fn a_connection_that_a_gate_stops_on_its_way_is_opened() {
    let report = run(r#"
[[step]]
do.connect = { client = "http", as = "silent" }
[[step]]
on.connect = { process = "http" }
do.cut = { mode = "fin" }
"#);
    passes(&report);
}

#[test]
fn a_connection_that_finds_nobody_fails_its_step_with_what_came_of_it() {
    for (fault, says) in [
        (r#"do.refuse = { link = "http" }"#, "cannot be opened: Connection refused"),
        (r#"do.kill = { process = "server" }"#, "cannot be opened: Connection refused"),
    ] {
        let report = run(&format!("[[step]]\n{fault}\n[[step]]\ndo.connect = {{ client = \"http\", as = \"a\" }}\n"));
        let failed = report.findings.iter().find(|finding| finding.kind == FindingKind::StepFailed);
        assert!(failed.is_some_and(|found| found.message.contains(says)), "{fault}: {:#?}", report.findings);
    }
}
