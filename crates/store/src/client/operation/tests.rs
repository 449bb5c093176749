use super::*;

fn operation(op: &str, args: Value) -> StoreOperation {
    serde_json::from_value(json!({ "op": op, "args": args })).expect("an operation")
}

fn sent(op: &str, args: Value) -> (String, String) {
    let request = operation(op, args).request();
    (format!("{} {}", request.method, request.path), String::from_utf8_lossy(&request.body).into_owned())
}

#[test]
fn each_operation_goes_to_its_route() {
    let table = [
        ("health", json!({}), "GET /v1/agl/health", ""),
        (
            "enqueue_rollout",
            json!({"input": 1, "mode": null}),
            "POST /v1/agl/queues/rollouts/enqueue",
            r#"{"rollouts":[{"input":1,"mode":null}]}"#,
        ),
        (
            "enqueue_many_rollouts",
            json!({"rollouts": []}),
            "POST /v1/agl/queues/rollouts/enqueue",
            r#"{"rollouts":[]}"#,
        ),
        ("dequeue_rollout", json!({}), "POST /v1/agl/queues/rollouts/dequeue", r#"{"limit":1}"#),
        (
            "wait_for_rollouts",
            json!({"rollout_ids": ["a"]}),
            "POST /v1/agl/waits/rollouts",
            r#"{"rollout_ids":["a"],"timeout":null}"#,
        ),
        ("add_span", json!({"name": "n"}), "POST /v1/agl/spans", r#"{"name":"n"}"#),
        (
            "update_attempt",
            json!({"rollout_id": "r/1", "attempt_id": "latest", "status": "failed"}),
            "POST /v1/agl/rollouts/r%2F1/attempts/latest",
            r#"{"status":"failed"}"#,
        ),
        ("update_rollout", json!({"rollout_id": "r", "config": null}), "POST /v1/agl/rollouts/r", r#"{"config":null}"#),
        ("update_worker", json!({"worker_id": "w"}), "POST /v1/agl/workers/w", "{}"),
        (
            "query_rollouts",
            json!({"status_in": ["a", "b"], "limit": -1, "offset": null}),
            "GET /v1/agl/rollouts?status_in=a&status_in=b&limit=-1",
            "",
        ),
        ("get_rollout", json!({"rollout_id": "r"}), "GET /v1/agl/rollouts/r", ""),
        ("query_spans", json!({"rollout_id": "r"}), "GET /v1/agl/spans?rollout_id=r", ""),
        ("start_rollout", json!({"input": 1}), "POST /v1/agl/rollouts", r#"{"input":1}"#),
        (
            "start_attempt",
            json!({"rollout_id": "r", "worker_id": "w"}),
            "POST /v1/agl/rollouts/r/attempts",
            r#"{"worker_id":"w"}"#,
        ),
        ("query_attempts", json!({"rollout_id": "r", "limit": 1}), "GET /v1/agl/rollouts/r/attempts?limit=1", ""),
        ("get_latest_attempt", json!({"rollout_id": "r"}), "GET /v1/agl/rollouts/r/attempts/latest", ""),
        ("query_workers", json!({"status_in": ["idle"]}), "GET /v1/agl/workers?status_in=idle", ""),
        ("get_worker", json!({"worker_id": "w"}), "GET /v1/agl/workers/w", ""),
        ("get_statistics", json!({}), "GET /v1/agl/statistics", ""),
        ("query_resources", json!({"resources_id": "s"}), "GET /v1/agl/resources?resources_id=s", ""),
        ("add_resources", json!({"resources": {"a": 1}}), "POST /v1/agl/resources", r#"{"a":1}"#),
        ("update_resources", json!({"resources_id": "s", "resources": {}}), "POST /v1/agl/resources/s", "{}"),
        ("get_resources", json!({"resources_id": "s"}), "GET /v1/agl/resources/s", ""),
        ("get_latest_resources", json!({}), "GET /v1/agl/resources/latest", ""),
        (
            "get_next_span_sequence_id",
            json!({"rollout_id": "r", "attempt_id": "a"}),
            "POST /v1/agl/spans/next",
            r#"{"rollout_id":"r","attempt_id":"a"}"#,
        ),
        ("raw", json!({"method": "PUT", "path": "/x?y=1", "body": [1]}), "PUT /x?y=1", "[1]"),
    ];
    for (op, args, head, body) in table {
        assert_eq!(sent(op, args), (head.to_owned(), body.to_owned()), "{op}");
    }
}

#[test]
fn an_answer_of_another_shape_is_no_value() {
    let rollout = json!({"rollout_id": "r"});
    assert_eq!(operation("enqueue_rollout", json!({})).value(json!([rollout])), Ok(rollout.clone()));
    assert_eq!(operation("dequeue_rollout", json!({})).value(json!([])), Ok(Value::Null));
    for (op, args, answer) in [
        ("enqueue_rollout", json!({}), json!([])),
        ("enqueue_rollout", json!({}), json!({})),
        ("dequeue_rollout", json!({}), json!([1])),
        ("wait_for_rollouts", json!({"rollout_ids": []}), json!(null)),
        ("get_rollout", json!({"rollout_id": "r"}), json!([])),
        ("health", json!({}), json!("ok")),
    ] {
        assert!(operation(op, args).value(answer.clone()).is_err(), "{op} {answer}");
    }
}

#[test]
fn a_long_poll_is_cut_short_when_it_ends_before_its_time_with_something_missing() {
    let second = Duration::from_secs(1);
    let endless = operation("wait_for_rollouts", json!({"rollout_ids": ["a", "b", "b"]}));
    assert!(endless.cut_short(&json!([1]), second));
    assert!(!endless.cut_short(&json!([1, 2]), second));
    let limited = operation("wait_for_rollouts", json!({"rollout_ids": ["a"], "timeout": 2}));
    assert!(limited.cut_short(&json!([]), second));
    assert!(!limited.cut_short(&json!([]), second * 2));
    assert!(!operation("dequeue_rollout", json!({})).cut_short(&json!([]), second));
}
