use std::time::Instant;

use serde_json::json;

use super::booted::Booted;
use super::http::Connection;

/// A long poll for this rollout that the server is known to wait on.
pub fn waiting(server: &mut Booted, rollout: &str) -> Connection {
    let mut poll = server.connect();
    poll.send("POST", "/waits/rollouts", "", json!({ "rollout_ids": [rollout] }).to_string().as_bytes());
    server.line("long poll waiting rollouts=1");
    poll
}

#[test]
fn it_is_answered_when_the_last_rollout_has_finished() {
    let mut server = Booted::with(&[]);
    let (first, second) = (server.enqueue(json!(1)), server.enqueue(json!(2)));
    let mut poll = server.connect();
    let body = json!({ "rollout_ids": [second, "ro-unknown", first, second], "timeout": null });
    poll.send("POST", "/waits/rollouts", "", body.to_string().as_bytes());
    server.line("long poll waiting rollouts=2");
    for id in [&first, &second] {
        server.ask("POST", &format!("/rollouts/{id}"), json!({ "status": "cancelled" }));
    }
    let answer = poll.response();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()[0]["rollout_id"], json!(second));
    assert_eq!(answer.json()[1]["rollout_id"], json!(first));
    server.stop();
}

#[test]
fn its_time_ends_it_with_what_has_finished() {
    let server = Booted::with(&[]);
    let (first, second) = (server.enqueue(json!(1)), server.enqueue(json!(2)));
    server.ask("POST", &format!("/rollouts/{first}"), json!({ "status": "succeeded" }));
    for timeout in [json!(0.05), json!(0), json!(-1.0)] {
        let begun = Instant::now();
        let body = json!({ "rollout_ids": [first, second], "timeout": timeout });
        let answer = server.ask("POST", "/waits/rollouts", body);
        assert_eq!(answer.json().as_array().map(Vec::len), Some(1), "{answer:?}");
        assert!(begun.elapsed().as_secs_f64() >= timeout.as_f64().unwrap_or(0.0));
    }
    server.stop();
}

#[test]
fn a_client_that_goes_away_frees_it_and_does_not_hold_up_the_stop() {
    let mut server = Booted::with(&["--drain", "600s"]);
    let id = server.enqueue(json!(1));
    drop(waiting(&mut server, &id));
    server.line("client went away op=\"wait_for_rollouts\"");
    server.begin_stop();
    server.exit_gracefully();
    assert_eq!(server.count("long poll answered early"), 0);
    assert_eq!(server.count("client went away"), 1);
}

#[test]
fn a_stop_answers_it_early_with_what_has_finished() {
    let mut server = Booted::with(&["--drain", "600s"]);
    let (first, second) = (server.enqueue(json!(1)), server.enqueue(json!(2)));
    server.ask("POST", &format!("/rollouts/{first}"), json!({ "status": "failed" }));
    let mut poll = server.connect();
    poll.send("POST", "/waits/rollouts", "", json!({ "rollout_ids": [first, second] }).to_string().as_bytes());
    server.line("long poll waiting rollouts=1");
    server.begin_stop();
    let answer = poll.response();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-store-state"), Some("draining"));
    assert_eq!(answer.json()[0]["rollout_id"], json!(first));
    assert_eq!(answer.json().as_array().map(Vec::len), Some(1));
    assert_eq!(poll.rest(), (0, true));
    server.line("long poll answered early");
    server.exit_gracefully();
}
