//! Traces as a real exporter sent them: `recorded/traces.pb` was written by OpenTelemetry's Python SDK, for a rollout and an
//! attempt whose ids are all zeros.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::booted::Booted;
use super::http::Response;

/// The recorded export for these ids, which are as long as those that they replace.
fn export(rollout: &str, attempt: &str) -> Vec<u8> {
    let mut bytes = include_bytes!("recorded/traces.pb").to_vec();
    for (zeros, id) in [("ro-000000000000", rollout), ("at-00000000", attempt)] {
        assert_eq!(zeros.len(), id.len());
        let at = bytes.windows(zeros.len()).position(|window| window == zeros.as_bytes()).expect("the id");
        bytes[at..at + id.len()].copy_from_slice(id.as_bytes());
    }
    bytes
}

fn send(server: &Booted, headers: &str, body: &[u8]) -> Response {
    let mut connection = server.connect();
    connection.send_to("POST", "/v1/traces", &format!("content-type: application/x-protobuf\r\n{headers}"), body);
    connection.response()
}

/// Enqueues and dequeues a rollout: its id and that of its attempt.
fn begun(server: &Booted) -> (String, String) {
    server.enqueue(json!(1));
    let rollout = server.ask("POST", "/queues/rollouts/dequeue", None).json();
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    (text(&rollout[0]["rollout_id"]), text(&rollout[0]["attempt"]["attempt_id"]))
}

fn spans(server: &Booted, rollout: &str) -> Value {
    server.ask("GET", &format!("/spans?rollout_id={rollout}&sort_by=start_time"), None).json()["items"].clone()
}

#[test]
fn the_spans_of_an_exporter_are_kept_and_set_the_rollout_running() {
    let server = Booted::with(&[]);
    let (rollout, attempt) = begun(&server);
    let answer = send(&server, "", &export(&rollout, &attempt));
    assert_eq!((answer.status, answer.body.len()), (200, 0), "{answer:?}");
    let spans = spans(&server, &rollout);
    let (outer, inner) = (&spans[0], &spans[1]);
    assert_eq!((&outer["name"], &inner["name"]), (&json!("agent"), &json!("llm.call")));
    assert_eq!(outer["attributes"], json!({ "task": 7, "tags": ["a", "b"], "share": 0.5, "ok": true }));
    assert_eq!(outer["events"][0]["name"], "begun");
    assert_eq!(inner["parent_id"], outer["span_id"]);
    assert_eq!(inner["links"][0]["context"]["span_id"], outer["span_id"]);
    assert_eq!(inner["status"], json!({ "status_code": "ERROR", "description": "no answer" }));
    assert_eq!(inner["resource"]["attributes"]["service.name"], "agent");
    assert_eq!(server.ask("GET", &format!("/rollouts/{rollout}"), None).json()["status"], "running");
    server.stop();
}

#[test]
fn an_export_that_is_sent_again_is_kept_once_with_a_key_and_without() {
    let server = Booted::with(&[]);
    let (rollout, attempt) = begun(&server);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&export(&rollout, &attempt)).expect("written");
    let zipped = gzip.finish().expect("zipped");
    for headers in ["", "", "idempotency-key: t\r\n", "idempotency-key: t\r\n"] {
        let answer = send(&server, &format!("content-encoding: gzip\r\n{headers}"), &zipped);
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{answer:?}");
    }
    assert_eq!(spans(&server, &rollout).as_array().map(Vec::len), Some(2));
    server.stop();
}

#[test]
fn spans_of_an_unknown_rollout_are_told_of_as_a_partial_success() {
    let server = Booted::with(&[]);
    let answer = send(&server, "", &export("ro-ffffffffffff", "at-ffffffff"));
    assert_eq!(answer.status, 200, "an error would be sent again and again: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/x-protobuf"));
    let told = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(told.contains("unknown rollout ro-ffffffffffff"), "{told:?}");
    server.stop();
}
