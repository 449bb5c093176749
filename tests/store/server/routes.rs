use serde_json::{Value, json};

use super::booted::Booted;

/// The body of a good answer.
#[track_caller]
fn good(server: &Booted, status: u16, method: &str, path: &str, body: impl Into<Option<Value>>) -> Value {
    let answer = server.ask(method, path, body);
    assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-store-state"), None, "it is not stopping");
    answer.json()
}

#[test]
fn every_route_once() {
    let server = Booted::with(&[]);
    assert_eq!(good(&server, 200, "GET", "/health", None), json!({ "status": "ok" }));

    let config = json!({ "timeout_seconds": 60.0, "unresponsive_seconds": null, "max_attempts": 2,
        "retry_condition": ["failed"] });
    let new = json!({ "input": { "q": "1+1" }, "mode": "train", "config": config, "metadata": { "k": "v" } });
    let rollouts = json!({ "rollouts": [new, { "input": "second" }] });
    let enqueued = good(&server, 201, "POST", "/queues/rollouts/enqueue", rollouts);
    let id = enqueued[0]["rollout_id"].as_str().expect("an id").to_owned();
    assert!(id.len() == 15 && id.starts_with("ro-"), "{id}");
    let mut expected = json!({ "rollout_id": id, "input": { "q": "1+1" }, "start_time": enqueued[0]["start_time"],
        "end_time": null, "mode": "train", "resources_id": null, "status": "queuing", "config": config,
        "metadata": { "k": "v" } });
    assert_eq!(enqueued[0], expected);
    assert_eq!(good(&server, 200, "GET", &format!("/rollouts/{id}"), None), expected);

    let dequeued = good(&server, 200, "POST", "/queues/rollouts/dequeue", json!({ "limit": 5, "worker_id": "w" }));
    assert_eq!(dequeued.as_array().map(Vec::len), Some(2));
    let attempt = dequeued[0]["attempt"]["attempt_id"].as_str().expect("an id").to_owned();
    assert!(attempt.len() == 11 && attempt.starts_with("at-"), "{attempt}");
    expected["status"] = json!("preparing");
    expected["attempt"] = json!({ "rollout_id": id, "attempt_id": attempt, "sequence_id": 1,
        "start_time": dequeued[0]["attempt"]["start_time"], "end_time": null, "status": "preparing", "worker_id": "w",
        "last_heartbeat_time": null, "metadata": null });
    assert_eq!(dequeued[0], expected);
    assert_eq!(good(&server, 200, "POST", "/queues/rollouts/dequeue", None), json!([]));

    let next = json!({ "rollout_id": id, "attempt_id": attempt });
    assert_eq!(good(&server, 200, "POST", "/spans/next", next), json!({ "sequence_id": 1 }));
    let span = json!({ "rollout_id": id, "attempt_id": attempt, "sequence_id": 1, "trace_id": "t", "span_id": "sp-1",
        "parent_id": null, "name": "llm.call", "status": { "status_code": "OK", "description": null },
        "attributes": { "reward": 1.0 }, "events": [], "links": [], "start_time": 1.0, "end_time": 2.0,
        "context": null, "parent": null, "resource": { "attributes": {}, "schema_url": "" }, "extra": 1 });
    assert_eq!(good(&server, 201, "POST", "/spans", span.clone()), span);
    assert_eq!(good(&server, 201, "POST", "/spans", span.clone()), Value::Null, "it is there already");
    let query = format!("/spans?rollout_id={id}&attempt_id=latest&name_contains=llm&limit=10");
    let page = good(&server, 200, "GET", &query, None);
    assert_eq!(page, json!({ "items": [span], "limit": 10, "offset": 0, "total": 1 }));
    let running = good(&server, 200, "GET", &format!("/rollouts/{id}/attempts/latest"), None);
    assert_eq!(running["status"], "running", "the first span shows it");

    let path = format!("/rollouts/{id}/attempts/{attempt}");
    let failed = good(&server, 200, "POST", &path, json!({ "status": "failed", "metadata": { "err": "x" } }));
    assert_eq!((&failed["status"], &failed["metadata"]), (&json!("failed"), &json!({ "err": "x" })));
    assert!(failed["end_time"].is_f64());
    let requeued = good(&server, 200, "GET", &format!("/rollouts/{id}"), None);
    assert_eq!((&requeued["status"], &requeued["end_time"]), (&json!("requeuing"), &Value::Null));
    let second = good(&server, 200, "POST", "/queues/rollouts/dequeue", json!({ "worker_id": "w" }));
    assert_eq!(second[0]["attempt"]["sequence_id"], 2);
    good(&server, 200, "POST", &format!("/rollouts/{id}/attempts/latest"), json!({ "status": "succeeded" }));
    let attempts = good(&server, 200, "GET", &format!("/rollouts/{id}/attempts?sort_order=desc&limit=1"), None);
    assert_eq!((&attempts["total"], &attempts["items"][0]["sequence_id"]), (&json!(2), &json!(2)));

    let other = enqueued[1]["rollout_id"].as_str().expect("an id");
    let update = json!({ "status": "cancelled", "metadata": { "why": "user" }, "mode": null });
    let cancelled = good(&server, 200, "POST", &format!("/rollouts/{other}"), update);
    assert_eq!((&cancelled["status"], &cancelled["metadata"]["why"]), (&json!("cancelled"), &json!("user")));
    assert!(cancelled.get("attempt").is_none() && cancelled["end_time"].is_f64());

    let waited = good(&server, 200, "POST", "/waits/rollouts", json!({ "rollout_ids": [id, "ro-unknown", other] }));
    assert_eq!((&waited[0]["rollout_id"], &waited[1]["rollout_id"]), (&json!(id), &json!(other)));
    let query = format!("/rollouts?status_in=succeeded&status_in=cancelled&rollout_id_in={id}&rollout_id_in=x");
    let page = good(&server, 200, "GET", &query, None);
    assert_eq!((&page["total"], &page["items"][0]["rollout_id"]), (&json!(1), &json!(id)));

    let worker = good(&server, 200, "POST", "/workers/w", json!({ "heartbeat_stats": { "cpu": 12.5 } }));
    assert_eq!((&worker["status"], &worker["heartbeat_stats"]["cpu"]), (&json!("idle"), &json!(12.5)));
    assert_eq!(good(&server, 200, "GET", "/workers/w", None), worker);
    assert_eq!(good(&server, 200, "GET", "/workers/nobody", None), Value::Null);
    assert_eq!(good(&server, 200, "GET", "/workers?status_in=idle", None)["items"], json!([worker]));
    server.stop();
}

#[test]
fn what_is_wrong_is_refused_and_has_no_effect() {
    let server = Booted::with(&[]);
    let id = server.enqueue(json!(1));
    let cases = [
        ("GET", "/rollouts/ro-x".to_owned(), "", 404, "unknown rollout ro-x"),
        ("POST", "/rollouts/ro-x".to_owned(), "{}", 404, "unknown rollout ro-x"),
        ("POST", "/rollouts/ro-x/attempts/latest".to_owned(), "{}", 404, "unknown rollout ro-x"),
        ("POST", format!("/rollouts/{id}/attempts/at-x"), "{}", 404, "unknown attempt at-x"),
        ("POST", "/rollouts/ro-x/attempts".to_owned(), "", 404, "unknown rollout ro-x"),
        ("GET", "/spans".to_owned(), "", 422, "Field required"),
        ("POST", "/spans/search".to_owned(), "{}", 422, "Field required"),
        ("POST", "/rollouts/search".to_owned(), "", 422, "EOF"),
        ("POST", "/rollouts/search".to_owned(), r#"{"status_in":["odd"]}"#, 422, "none of queuing"),
        ("GET", "/workers?status_in=odd".to_owned(), "", 422, "none of idle"),
        ("GET", "/rollouts?sort_order=up".to_owned(), "", 422, "'asc' or 'desc'"),
        ("POST", "/resources".to_owned(), r#"{"a":{"resource_type":"llm"}}"#, 422, "missing field `endpoint`"),
        ("POST", "/resources".to_owned(), r#"{"a":{"resource_type":"odd"}}"#, 422, "unknown variant `odd`"),
        (
            "POST",
            "/rollouts".to_owned(),
            r#"{"input":1,"config":{"max_attempts":0}}"#,
            422,
            "greater than or equal to 1",
        ),
        ("GET", "/rollouts?limit=0".to_owned(), "", 400, "Limit must be greater than 0 or -1 for no limit"),
        ("GET", "/rollouts?offset=-1".to_owned(), "", 400, "Offset must be"),
        ("GET", "/rollouts?limit=x".to_owned(), "", 422, "no whole number"),
        ("GET", "/rollouts?sort_by=nope".to_owned(), "", 400, "Invalid sort_by: nope, allowed fields are"),
        ("POST", format!("/rollouts/{id}"), r#"{"status":null}"#, 400, "status is invalid"),
        ("POST", format!("/rollouts/{id}"), r#"{"status":"bogus","mode":"val"}"#, 422, "bogus"),
        ("POST", "/queues/rollouts/enqueue".to_owned(), "{\"rollouts\":[{\"inp", 422, "EOF"),
        ("POST", "/queues/rollouts/enqueue".to_owned(), "{\"rollouts\":[{\"input\":1},{}]}", 422, "missing field"),
        ("POST", "/queues/rollouts/enqueue".to_owned(), "", 422, "EOF"),
        ("POST", "/waits/rollouts".to_owned(), "[]", 422, "body"),
        ("GET", "/no/such".to_owned(), "", 404, "Not Found"),
        ("GET", "/queues/rollouts/dequeue".to_owned(), "", 404, "Not Found"),
        ("PUT", "/rollouts".to_owned(), "{}", 405, "Method Not Allowed"),
    ];
    // All on one connection: a refusal does not cost it.
    let mut connection = server.connect();
    for (method, path, body, status, detail) in cases {
        connection.send(method, &path, "", body.as_bytes());
        let answer = connection.response();
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        let told = answer.json()["detail"].to_string();
        assert!(told.contains(detail), "{method} {path}: {told}");
        assert_eq!(answer.header("allow").is_some(), status == 405);
    }
    let page = good(&server, 200, "GET", "/rollouts", None);
    assert_eq!((&page["total"], &page["items"][0]["mode"]), (&json!(1), &Value::Null));
    server.stop();
}

#[test]
fn requests_in_a_row_are_answered_in_a_row_and_head_without_a_body() {
    let mut server = Booted::with(&[]);
    let mut connection = server.connect();
    let head = |method: &str, path: &str| format!("{method} /v1/agl{path} HTTP/1.1\r\nhost: store\r\n\r\n");
    let row =
        [head("HEAD", "/rollouts"), head("GET", "/health"), head("GET", "/rollouts/ro-x"), head("GET", "/health")];
    connection.send_bytes(row.concat().as_bytes());
    let statuses: Vec<u16> = row.iter().map(|_| connection.response().status).collect();
    assert_eq!(statuses, [405, 200, 404, 200]);
    server.begin_stop();
    server.exit_gracefully();
    assert_eq!(server.count("cut short"), 0);
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let server = Booted::with(&[]);
    let mut connection = server.connect();
    connection.send_head("POST", "/spans", "", (64 << 20) + 1);
    connection.send_bytes(&[b' '; 4096]);
    let answer = connection.response();
    assert_eq!(answer.status, 413, "{answer:?}");
    drop(connection);
    server.stop();
}

#[test]
fn work_that_is_given_back_goes_to_the_end_of_the_queue() {
    let server = Booted::with(&[]);
    let (first, second) = (server.enqueue(json!(1)), server.enqueue(json!(2)));
    let dequeue = || good(&server, 200, "POST", "/queues/rollouts/dequeue", None)[0]["rollout_id"].clone();
    assert_eq!(dequeue(), json!(first));
    good(&server, 200, "POST", &format!("/rollouts/{first}"), json!({ "status": "requeuing" }));
    assert_eq!((dequeue(), dequeue(), dequeue()), (json!(second), json!(first), Value::Null));
    server.stop();
}

#[test]
fn the_watchdog_ends_an_attempt_that_takes_too_long() {
    let server = Booted::with(&[]);
    let new = json!({ "rollouts": [{ "input": 1, "config": { "timeout_seconds": 0.01 } }] });
    let id = good(&server, 201, "POST", "/queues/rollouts/enqueue", new)[0]["rollout_id"].clone();
    good(&server, 200, "POST", "/queues/rollouts/dequeue", json!({ "worker_id": "w" }));
    let ended = good(&server, 200, "POST", "/waits/rollouts", json!({ "rollout_ids": [id] }));
    assert_eq!(ended[0]["status"], "failed");
    let attempt = format!("/rollouts/{}/attempts/latest", id.as_str().expect("an id"));
    assert_eq!(good(&server, 200, "GET", &attempt, None)["status"], "timeout");
    assert_eq!(good(&server, 200, "GET", "/workers/w", None)["status"], "unknown");
    server.stop();
}
