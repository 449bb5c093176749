//! The processes that have a client, as the harness knows them: the driver's protocol, the runner, the strategy.

mod defects;
mod process;
mod strategy;

use process::{Process, loud};
use rustix::process::Signal;
use serde_json::{Value, json};

const ENQUEUE: &str = r#"{"call":1,"op":"enqueue_rollout","args":{"input":"task"}}"#;

/// Enqueues one rollout and gives its id.
fn enqueue(client: &mut Process) -> String {
    let answer = client.ask(ENQUEUE);
    answer["value"]["rollout_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn poll(call: u64, rollout: &str) -> String {
    json!({ "call": call, "op": "wait_for_rollouts", "args": { "rollout_ids": [rollout] } }).to_string()
}

fn status_of(client: &mut Process, rollout: &str) -> Value {
    client.ask(&json!({ "call": 99, "op": "get_rollout", "args": { "rollout_id": rollout } }).to_string())["value"]["status"]
        .clone()
}

#[test]
fn every_line_has_its_answer_and_a_wrong_one_ends_nothing() {
    let (_server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], None);
    assert_eq!(
        client.ask(r#"{"call":1,"op":"health"}"#),
        json!({"call": 1, "result": "ok", "value": {"status": "ok"}})
    );
    let rejected = client.ask(r#"{"call":2,"name":"n","op":"get_rollout","args":{"rollout_id":"ro-0"}}"#);
    assert_eq!((&rejected["result"], &rejected["status"]), (&json!("rejected"), &json!(404)), "{rejected}");
    assert!(rejected["error"].as_str().is_some_and(|error| error.contains("ro-0")), "{rejected}");
    for (line, call) in [
        ("nonsense", Value::Null),
        ("{}", Value::Null),
        (r#"{"call":3}"#, json!(3)),
        (r#"{"call":4,"op":"no_such"}"#, json!(4)),
        (r#"{"call":5,"op":"get_rollout","args":{}}"#, json!(5)),
        (r#"{"call":6,"op":"raw","args":{"method":"GET","path":"no slash"}}"#, json!(6)),
        (r#"{"call":7,"op":"wait_for_rollouts","args":{"rollout_ids":[],"timeout":-1}}"#, json!(7)),
    ] {
        let answer = client.ask(line);
        assert!(answer["error"].is_string() && answer.get("result").is_none(), "{line}: {answer}");
        assert_eq!(answer["call"], call, "{line}");
    }
    let raw = client.ask(r#"{"call":8,"op":"raw","args":{"method":"GET","path":"/v1/agl/health"}}"#);
    assert_eq!(raw["value"], json!({"status": "ok"}));
    client.end_input();
    let (status, log) = client.end();
    assert!(status.success());
    assert_eq!(loud(&log).len(), 1, "the rejection alone: {log:#?}");
    assert!(loud(&log)[0].contains("WARN client quietdown_store::client: rejected op=get_rollout call=2 status=404"));
}

#[test]
fn the_server_understands_every_operation() {
    let (_server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], None);
    let mut call = 0;
    let mut ask = |op: &str, args: Value| {
        call += 1;
        let answer = client.ask(&json!({ "call": call, "op": op, "args": args }).to_string());
        assert_eq!(answer["result"], "ok", "{op}: {answer}");
        answer["value"].clone()
    };
    assert_eq!(ask("get_latest_resources", json!({})), Value::Null);
    let prompt = json!({ "p": { "resource_type": "prompt_template", "template": "t", "engine": "jinja" } });
    let resources = ask("add_resources", json!({ "resources": prompt }))["resources_id"].clone();
    let named = json!({ "resources_id": resources });
    assert_eq!(ask("update_resources", json!({ "resources_id": resources, "resources": prompt }))["version"], 2);
    assert_eq!(ask("get_resources", named.clone()), ask("get_latest_resources", json!({})));
    assert_eq!(ask("query_resources", named)["total"], 1);

    let queued = ask("enqueue_rollout", json!({ "input": 1 }));
    assert_eq!(queued["resources_id"], resources, "the latest");
    ask("enqueue_many_rollouts", json!({ "rollouts": [{ "input": 2 }] }));
    let rollout = ask("dequeue_rollout", json!({ "worker_id": "w" }));
    assert_eq!(rollout["rollout_id"], queued["rollout_id"]);
    let (id, attempt) = (rollout["rollout_id"].clone(), rollout["attempt"]["attempt_id"].clone());
    let number = json!({ "rollout_id": id, "attempt_id": attempt });
    assert_eq!(ask("get_next_span_sequence_id", number)["sequence_id"], 1);
    ask("add_span", json!({ "rollout_id": id, "attempt_id": attempt, "span_id": "s", "name": "n" }));
    assert_eq!(ask("query_spans", json!({ "rollout_id": id }))["total"], 1);
    ask("update_attempt", json!({ "rollout_id": id, "attempt_id": attempt, "status": "succeeded" }));
    assert_eq!(ask("wait_for_rollouts", json!({ "rollout_ids": [id] }))[0]["status"], "succeeded");
    assert_eq!(ask("start_attempt", json!({ "rollout_id": id, "worker_id": "w" }))["attempt"]["sequence_id"], 2);
    assert_eq!(ask("query_attempts", json!({ "rollout_id": id, "sort_order": "desc" }))["items"][0]["sequence_id"], 2);
    assert_eq!(ask("get_latest_attempt", json!({ "rollout_id": id }))["sequence_id"], 2);
    assert_eq!(ask("get_latest_attempt", json!({ "rollout_id": "ro-0" })), Value::Null);
    assert_eq!(ask("update_rollout", json!({ "rollout_id": id, "status": "cancelled" }))["status"], "cancelled");
    assert_eq!(ask("get_rollout", json!({ "rollout_id": id }))["status"], "cancelled");
    assert_eq!(ask("start_rollout", json!({ "input": 3, "worker_id": "v" }))["status"], "preparing");
    assert_eq!(ask("query_rollouts", json!({ "status_in": ["cancelled", "preparing"] }))["total"], 2);
    assert_eq!(ask("update_worker", json!({ "worker_id": "w" }))["status"], "busy");
    assert_eq!(ask("get_worker", json!({ "worker_id": "nobody" })), Value::Null);
    assert_eq!(ask("query_workers", json!({ "status_in": ["busy"] }))["total"], 2);
    let statistics = ask("get_statistics", json!({}));
    assert_eq!((&statistics["total_rollouts"], &statistics["total_attempts"]), (&json!(3), &json!(3)));
    assert_eq!(ask("health", json!({}))["status"], "ok");
}

#[test]
fn calls_run_side_by_side_and_a_cancelled_one_frees_the_server() {
    let (mut server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], None);
    let rollout = enqueue(&mut client);
    client.tell(&poll(2, &rollout));
    server.log_line("long poll waiting");
    assert_eq!(client.ask(r#"{"call":3,"op":"health"}"#)["call"], 3, "the poll holds up nothing");
    let again = client.ask(&poll(2, &rollout));
    assert_eq!((&again["call"], again["error"].is_string()), (&json!(2), true), "its number is taken: {again}");
    // A cancellation of nothing is ignored.
    client.tell(r#"{"cancel":77}"#);
    assert_eq!(client.ask(r#"{"cancel":2}"#)["result"], "cancelled");
    server.log_line("client went away");
    client.end_input();
    let (_, log) = client.end();
    let cancelled: Vec<_> = log.iter().filter(|line| line.contains("cancelled")).collect();
    assert_eq!(cancelled.len(), 1, "{log:#?}");
    assert!(cancelled[0].contains("DEBUG client quietdown_store::client: cancelled op=wait_for_rollouts call=2"));
    assert_eq!(loud(&log), [""; 0]);
}

#[test]
fn the_end_of_input_and_sigterm_cancel_what_is_in_flight() {
    let (mut server, url) = Process::server(&[]);
    for by_signal in [false, true] {
        let mut client = Process::client(&url, &[], None);
        let rollout = enqueue(&mut client);
        client.tell(&poll(2, &rollout));
        server.log_line("long poll waiting");
        if by_signal {
            client.signal(Signal::TERM)
        } else {
            client.end_input()
        }
        assert_eq!(client.answer(), json!({"call": 2, "result": "cancelled", "error": "cancelled"}));
        let (status, log) = client.end();
        assert!(status.success(), "{status}");
        assert_eq!(loud(&log), [""; 0]);
    }
}

#[test]
fn a_stop_is_quiet_and_a_kill_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let flag = folder.path().join("online");
    let flag = flag.to_str().expect("UTF-8");
    for (signal, result, level) in [(Signal::TERM, "shutdown", "DEBUG"), (Signal::KILL, "unreachable", "ERROR")] {
        let (mut server, url) = Process::server(&["--online-flag", flag]);
        let mut client = Process::client(&url, &["--online-flag", flag, "--retry", "1ms,1ms"], None);
        let rollout = enqueue(&mut client);
        client.tell(&poll(2, &rollout));
        server.log_line("long poll waiting");
        server.signal(signal);
        assert_eq!(client.answer()["result"], result);
        server.end();
        assert_eq!(client.ask(r#"{"call":3,"op":"health"}"#)["result"], result);
        client.end_input();
        let (status, log) = client.end();
        assert!(status.success());
        for call in ["call=2 ", "call=3 "] {
            let about = log.iter().filter(|line| line.contains(call) && !line.contains("retrying"));
            let levels: Vec<_> = about.filter_map(|line| line.split_whitespace().nth(1)).collect();
            assert_eq!(levels, [level], "{call}: {log:#?}");
        }
    }
}

#[test]
fn a_panic_in_a_call_is_answered_and_leaves_its_text() {
    let (mut server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], Some("traceback-on-shutdown"));
    let rollout = enqueue(&mut client);
    client.tell(&poll(2, &rollout));
    server.log_line("long poll waiting");
    server.signal(Signal::TERM);
    let answer = client.answer();
    assert_eq!((&answer["call"], &answer["result"]), (&json!(2), &json!("transport")));
    assert!(answer["error"].as_str().is_some_and(|error| error.starts_with("panicked: ")), "{answer}");
    client.end_input();
    let (status, log) = client.end();
    assert!(status.success());
    assert!(log.iter().any(|line| line.starts_with("thread 'client'") && line.contains("panicked at")), "{log:#?}");
}

#[test]
fn wrong_usage_has_a_status_of_its_own() {
    let wrong: [(&[&str], Option<&str>); 5] = [
        (&["client"], None),
        (&["client", "--url", "ftp://x"], None),
        (&["serve", "--durability", "power"], None),
        (&["runner", "--url", "http://127.0.0.1:1", "--worker-id", "w", "--work", "long"], None),
        (&["client", "--url", "http://127.0.0.1:1"], Some("no-such-defect")),
    ];
    for (arguments, defect) in wrong {
        let (status, log) = Process::start(arguments, defect).end();
        assert_eq!(status.code(), Some(2), "{arguments:?}: {log:#?}");
    }
}

fn runner(url: &str, arguments: &[&str], defect: Option<&str>) -> Process {
    let mut runner =
        Process::start(&[&["runner", "--url", url, "--worker-id", "runner-7"], arguments].concat(), defect);
    assert!(runner.log_line("runner started").contains("INFO runner-7 quietdown_store::runner: runner started"));
    runner
}

#[test]
fn a_runner_finishes_rollouts_and_gives_back_what_is_interrupted() {
    let (_server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], None);
    let first = enqueue(&mut client);
    let mut quick = runner(&url, &["--work", "1ms", "--poll", "1ms", "--spans", "2", "--stop-on-stdin-eof"], None);
    assert_eq!(client.ask(&poll(2, &first))["value"][0]["status"], "succeeded");
    let spans = json!({ "call": 3, "op": "query_spans", "args": { "rollout_id": first } });
    assert_eq!(client.ask(&spans.to_string())["value"]["total"], 2);
    quick.end_input();
    let (status, log) = quick.end();
    assert!(status.success());
    assert_eq!(loud(&log), [""; 0]);

    let second = enqueue(&mut client);
    let mut slow = runner(&url, &["--work", "1m"], None);
    slow.log_line("rollout begun");
    slow.signal(Signal::TERM);
    let (status, log) = slow.end();
    assert!(status.success());
    assert!(log.iter().any(|line| line.contains("rollout given back")), "{log:#?}");
    assert_eq!(loud(&log), [""; 0]);
    assert_eq!(status_of(&mut client, &second), "requeuing");
}

#[test]
fn a_runner_with_the_defect_reports_interrupted_work_as_succeeded() {
    let (_server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], None);
    let rollout = enqueue(&mut client);
    let mut runner = runner(&url, &["--work", "1m"], Some("interrupted-is-succeeded"));
    runner.log_line("rollout begun");
    runner.signal(Signal::INT);
    runner.end();
    assert_eq!(status_of(&mut client, &rollout), "succeeded");
}

#[test]
fn a_runner_ends_quietly_with_the_server_and_reports_an_outage_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let flag = folder.path().join("online");
    let options = ["--online-flag", flag.to_str().expect("UTF-8")];
    let fast = ["--poll", "1ms", "--retry", "1ms"];
    let (server, url) = Process::server(&options);
    let mut planned = runner(&url, &[options, ["--poll", "1ms"]].concat(), None);
    planned.log_line("queue is empty");
    server.signal(Signal::TERM);
    server.end();
    let (status, log) = planned.end();
    assert!(status.success());
    assert!(log.last().is_some_and(|line| line.contains("reason=server-shutdown")), "{log:#?}");
    assert_eq!(loud(&log), [""; 0]);

    let (server, url) = Process::server(&options);
    let mut unplanned = runner(&url, &[&options[..], &fast[..]].concat(), None);
    unplanned.log_line("queue is empty");
    server.signal(Signal::KILL);
    server.end();
    for level in ["ERROR", "DEBUG", "DEBUG"] {
        let line = unplanned.log_line("server is unreachable");
        assert!(line.contains(level), "{line}");
    }
    let port = url.rsplit(':').next().expect("a port").to_owned();
    let (_server, _) = Process::server(&[&options[..], &["--port", &port]].concat());
    unplanned.log_line("server is back");
    unplanned.log_line("queue is empty");
    unplanned.signal(Signal::TERM);
    let (status, log) = unplanned.end();
    assert!(status.success());
    assert_eq!(loud(&log).len(), 1, "{log:#?}");
}

#[test]
fn a_dequeue_whose_answer_was_lost_is_asked_for_again_under_its_key() {
    let peer = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", peer.local_addr().expect("bound"));
    let runner = runner(&url, &["--poll", "1ms", "--retry", "", "--probe", "1ms"], None);
    let mut keys = Vec::new();
    // The answers to the first two are lost; the third is answered, so the fourth is another call.
    while keys.len() < 4 {
        let (mut stream, _) = peer.accept().expect("a connection");
        while let Some((head, key)) = request(&stream) {
            let lost = key.is_some() && keys.len() < 2;
            let body = if head.contains("/health") { "{}" } else { "[]" };
            keys.extend(key);
            if lost || keys.len() == 4 {
                break;
            }
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{body}");
            std::io::Write::write_all(&mut stream, answer.as_bytes()).expect("written");
        }
    }
    runner.signal(Signal::KILL);
    assert_eq!((&keys[0], &keys[1]), (&keys[1], &keys[2]));
    assert_ne!(keys[2], keys[3]);
}

/// The next request on a connection: its first line and its key; nothing when there is none.
fn request(stream: &std::net::TcpStream) -> Option<(String, Option<String>)> {
    use std::io::{BufRead, Read};
    let mut reader = std::io::BufReader::new(stream);
    let head: Vec<String> = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    let length = header("content-length: ").map_or(0, |length| length.parse().expect("a length"));
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some((head.first()?.clone(), header("idempotency-key: ")))
}
