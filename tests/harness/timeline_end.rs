//! The end of a timeline: what was under way then has one effect however the race goes, and a stop has its bound whatever comes after it.

use std::path::Path;

use quietdown::evidence::{CallEffect, CallResult};
use quietdown::finding::FindingKind;
use quietdown::run::{Report, Runner};
use quietdown::scenario::Scenario;
use quietdown::system::System;
use rstest::rstest;

/// A server that needs PAUSE seconds for its end.
const SLOW: &str = r#"
name = "slow"
summary = "A server that takes its time to end"
[log]
format = "raw"
[roles.server]
kind = "server"
command = ["sh", "-c", "trap 'kill -9 $!; sleep PAUSE; exit 0' TERM; sleep 1000 & echo ready; wait"]
ready = { line = "ready" }
stop = { by = "sigterm", within = "500ms" }
exit = "success"
[lines]
ready = { message = "ready" }
[exits]
success = { status = [0] }
"#;

fn run(system: &str, text: &str) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    let system = System::parse(Path::new("system.toml"), system).unwrap_or_else(|wrong| panic!("{wrong}"));
    let scenario = Scenario::parse(Path::new("end.toml"), &format!("summary = \"x\"\n{text}"));
    let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}"));
    scenario.check(&system).unwrap_or_else(|wrong| panic!("{wrong}"));
    let runner = Runner::new(env!("CARGO_BIN_EXE_quietdown")).runs(folder.path()).without_snapshots();
    runner.run(&scenario, &system).expect("a run")
}

/// The store without its invariant: what is written here by requests of its own is none of its business.
fn store() -> String {
    let store = System::store().source;
    store.split_once("[[invariant]]").expect("it has one").0.to_owned()
}

#[rstest]
#[case::kill(r#"do.kill = { process = "server" }"#)]
#[case::cut(r#"do.cut = { link = "http", mode = "rst" }"#)]
#[case::hold(r#"do.hold = { link = "http" }"#)]
fn a_long_poll_that_the_server_has_begun_is_unknown_when_it_is_lost_by_the_last_fault(#[case] fault: &str) {
    let finish = match fault.contains("hold") {
        true => {
            "do.cut = { link = \"http\", mode = \"rst\" }\n[[step]]\ndo.finish = { call = \"poll\", result = \"transport\" }"
        }
        false => "do.finish = { call = \"poll\", result = \"transport\" }",
    };
    let report = run(
        &store(),
        &format!(
            r#"
[[step]]
do.call = {{ client = "http", op = "POST /v1/agl/queues/rollouts/enqueue", args = {{ rollouts = [{{ input = {{ task = 1 }} }}] }}, save = "one" }}
[[step]]
do.begin = {{ client = "http", op = "POST /v1/agl/waits/rollouts", args = {{ rollout_ids = ["${{one.0.rollout_id}}"], timeout = 60 }}, as = "poll" }}
[[step]]
on.line = {{ process = "server", line = "long-poll-waiting" }}
{fault}
[[step]]
{finish}
"#
        ),
    );
    let poll = &report.evidence.history[1];
    assert_eq!((poll.result, poll.effect), (Some(CallResult::Transport), CallEffect::Unknown), "{report:#?}");
    let sent: Vec<u64> = report.evidence.requests.iter().map(|request| request.seen.request_bytes).collect();
    assert!(sent.iter().all(|bytes| *bytes > 0), "{sent:?}");
}

#[test]
fn a_request_of_which_the_gate_lets_nothing_through_is_not_applied_when_the_server_is_killed_last() {
    let report = run(
        &store(),
        r#"
[[step]]
do.begin = { client = "http", op = "POST /v1/agl/queues/rollouts/enqueue", args = { rollouts = [{ input = { task = 1 } }] }, as = "one" }
[[step]]
on.request = { process = "http", path = "/v1/agl/queues/rollouts/enqueue", phase = "request-head" }
do.kill = { process = "server" }
[[step]]
do.finish = { call = "one", result = "transport" }
"#,
    );
    let call = &report.evidence.history[0];
    assert_eq!((call.result, call.effect), (Some(CallResult::Transport), CallEffect::NotApplied), "{report:#?}");
}

#[rstest]
#[case::as_the_last_step("")]
#[case::with_a_wait_for_its_end("[[step]]\non.exit = { process = \"server\" }")]
fn a_stop_that_takes_longer_than_its_bound_is_late(#[case] after: &str) {
    let slow = SLOW.replace("PAUSE", "2");
    let report = run(&slow, &format!("[processes.server]\n[[step]]\ndo.stop = {{ process = \"server\" }}\n{after}"));
    let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [FindingKind::ExitLate], "{:#?}", report.findings);
    let said = &report.findings[0].message;
    assert!(said.contains("did not end within 500ms of the stop (step 1)"), "{said}");
}

#[test]
fn a_stop_within_its_bound_is_not_late() {
    let prompt = SLOW.replace("PAUSE", "0").replace("500ms", "10s");
    let report = run(&prompt, "[processes.server]\n[[step]]\ndo.stop = { process = \"server\" }\n");
    assert!(report.passed(), "{:#?}", report.findings);
}

#[rstest]
#[case::until_the_drain_is_over("2s", "1m")]
#[case::until_its_client_gives_up("1m", "2s")]
fn a_stop_that_a_request_holds_up_is_late_and_names_it(#[case] drain: &str, #[case] patience: &str) {
    let system = store().replacen("stop = { by = \"sigterm\",", "stop = { by = \"sigterm\", within = \"300ms\",", 1);
    let report = run(
        &system,
        &format!(
            r#"
[processes.server]
options = {{ drain = "{drain}" }}
[processes.a]
options = {{ request-timeout = "{patience}", retry = "" }}
[[step]]
do.begin = {{ process = "a", op = "enqueue_rollout", args = {{ input = {{ text = "${{fill:256KiB}}" }} }}, as = "large" }}
[[step]]
on.request = {{ process = "a", op = "enqueue_rollout", phase = "request-body", at = 1000, keep = "body" }}
[[step]]
on.line = {{ process = "server", line = "request-begun", fields = {{ op = "enqueue_rollout" }} }}
do.stop = {{ process = "server" }}
[[step]]
on.exit = {{ process = "server" }}
do.release = {{ gate = "body" }}
[[step]]
do.finish = {{ call = "large", result = ["shutdown", "transport", "unreachable"] }}
"#
        ),
    );
    let first = &report.findings[0];
    assert_eq!(first.kind, FindingKind::ExitLate, "{:#?}", report.findings);
    assert!(first.message.contains("did not end within 300ms of the stop (step 3): it took "), "{first:#?}");
    let named = "connection 1 of `a`: POST /v1/agl/queues/rollouts/enqueue is in flight since";
    assert!(first.excerpt.iter().any(|line| line.contains(named)), "{first:#?}");
}
