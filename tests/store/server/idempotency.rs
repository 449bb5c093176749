use rustix::process::Signal;
use serde_json::{Value, json};

use super::booted::Booted;
use super::http::Response;

const ENQUEUE: &str = "/queues/rollouts/enqueue";

fn keyed(server: &Booted, key: &str, path: &str, body: &Value) -> Response {
    let mut connection = server.connect();
    connection.send("POST", path, &format!("idempotency-key: {key}\r\n"), body.to_string().as_bytes());
    connection.response()
}

fn total(server: &Booted) -> Value {
    server.ask("GET", "/rollouts", None).json()["total"].clone()
}

fn one(input: u32) -> Value {
    json!({ "rollouts": [{ "input": input }] })
}

#[test]
fn a_repeated_key_repeats_the_answer_and_not_the_effect() {
    let server = Booted::with(&[]);
    let first = keyed(&server, "a", ENQUEUE, &one(1));
    let again = keyed(&server, "a", ENQUEUE, &one(1));
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_ne!(keyed(&server, "b", ENQUEUE, &one(1)).body, first.body, "another key is another request");
    assert_eq!(total(&server), json!(2));
    server.stop();
}

#[test]
fn a_key_is_for_one_request_only() {
    let server = Booted::with(&[]);
    keyed(&server, "a", ENQUEUE, &one(1));
    for (path, body) in [(ENQUEUE, one(2)), ("/queues/rollouts/dequeue", one(1)), ("/workers/w", json!({}))] {
        let answer = keyed(&server, "a", path, &body);
        assert_eq!(answer.status, 422, "{path}: {answer:?}");
    }
    assert_eq!(total(&server), json!(1));
    server.stop();
}

#[test]
fn a_refused_request_leaves_its_key_unused() {
    let server = Booted::with(&[]);
    assert_eq!(keyed(&server, "a", ENQUEUE, &json!({})).status, 422);
    assert_eq!(keyed(&server, "a", ENQUEUE, &one(1)).status, 201);
    server.stop();
}

#[test]
fn one_key_sent_many_times_at_once_is_applied_once() {
    let server = Booted::with(&[]);
    let mut connections: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for connection in &mut connections {
        connection.send("POST", ENQUEUE, "idempotency-key: a\r\n", one(1).to_string().as_bytes());
    }
    let mut bodies: Vec<_> = connections.iter_mut().map(|connection| connection.response().body).collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert_eq!(total(&server), json!(1));
    server.stop();
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_so_does_its_key() {
    let mut server = Booted::with(&[]);
    let first = keyed(&server, "a", ENQUEUE, &one(1));
    let dequeued = keyed(&server, "d", "/queues/rollouts/dequeue", &json!({ "worker_id": "w" }));
    server.signal(Signal::KILL);
    server.exit();
    let server = server.again(&[]);
    assert_eq!(keyed(&server, "a", ENQUEUE, &one(1)).body, first.body);
    assert_eq!(keyed(&server, "d", "/queues/rollouts/dequeue", &json!({ "worker_id": "w" })).body, dequeued.body);
    assert_eq!(total(&server), json!(1));
    server.stop();
}

#[test]
fn the_answer_of_a_request_whose_client_left_is_kept_for_its_retry() {
    let mut server = Booted::with(&[]);
    let mut connection = server.connect();
    connection.send("POST", ENQUEUE, "idempotency-key: a\r\n", one(1).to_string().as_bytes());
    drop(connection);
    // Whichever of the two is applied first, there is one.
    assert_eq!(keyed(&server, "a", ENQUEUE, &one(1)).status, 201);
    assert_eq!(total(&server), json!(1));
    server.begin_stop();
    server.exit_gracefully();
}

#[test]
fn every_write_is_applied_once_by_its_key_before_and_after_a_kill() {
    let mut server = Booted::with(&[]);
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let rollout = server.enqueue(json!("first"));
    let dequeued = server.ask("POST", "/queues/rollouts/dequeue", None).json();
    let attempt = text(&dequeued[0]["attempt"]["attempt_id"]);
    server.enqueue(json!("second"));
    let prompt = json!({ "p": { "resource_type": "prompt_template", "template": "t", "engine": "jinja" } });
    let resources = text(&server.ask("POST", "/resources", prompt.clone()).json()["resources_id"]);
    let span = json!({ "rollout_id": rollout, "attempt_id": attempt, "span_id": "s", "name": "n" });
    let writes = [
        (ENQUEUE.to_owned(), one(3)),
        ("/queues/rollouts/dequeue".to_owned(), json!({ "worker_id": "w" })),
        ("/rollouts".to_owned(), json!({ "input": 4, "worker_id": "w" })),
        (format!("/rollouts/{rollout}"), json!({ "metadata": { "a": 1 } })),
        (format!("/rollouts/{rollout}/attempts"), json!({})),
        (format!("/rollouts/{rollout}/attempts/{attempt}"), json!({ "status": "failed" })),
        ("/workers/w".to_owned(), json!({ "heartbeat_stats": { "cpu": 1 } })),
        ("/resources".to_owned(), prompt.clone()),
        (format!("/resources/{resources}"), prompt),
        ("/spans".to_owned(), span),
        ("/spans/next".to_owned(), json!({ "rollout_id": rollout, "attempt_id": attempt })),
    ];
    let all = |server: &Booted| -> Vec<(u16, String)> {
        let answer = |(path, body): &(String, Value)| keyed(server, &format!("key of {path}"), path, body);
        let answers = writes.iter().map(answer);
        answers.map(|answer| (answer.status, String::from_utf8_lossy(&answer.body).into_owned())).collect()
    };
    let counts = |server: &Booted| {
        let mut counts = server.ask("GET", "/statistics", None).json();
        counts["uptime"].take();
        (counts, server.ask("GET", "/rollouts", None).json(), server.ask("GET", "/workers", None).json())
    };
    let first = all(&server);
    assert!(first.iter().all(|(status, _)| *status < 300), "{first:#?}");
    let kept = counts(&server);
    assert_eq!(all(&server), first, "again");
    assert_eq!(counts(&server), kept, "again");
    server.signal(Signal::KILL);
    server.exit();
    let server = server.again(&[]);
    assert_eq!(all(&server), first, "after a kill");
    assert_eq!(counts(&server), kept, "after a kill");
    let latest = server.ask("GET", &format!("/resources/{resources}"), None).json();
    assert_eq!(latest["version"], 2);
    server.stop();
}
