mod machine;
mod model;

use rstest::rstest;
use serde_json::json;

use super::*;

const ENQUEUE: DataOperation = DataOperation { name: "enqueue_rollout", access: Access::Write, apply: queue::enqueue };
const QUERY: DataOperation = DataOperation { name: "query_rollouts", access: Access::Read, apply: rollouts::query };

fn enqueue(input: u32) -> DataCall {
    DataCall { body: json!({ "rollouts": [{ "input": input }] }).to_string().into_bytes(), ..DataCall::default() }
}

async fn total(data: &Data) -> serde_json::Value {
    let answer = data.apply(QUERY, DataCall::default(), None, "").await;
    serde_json::from_slice::<serde_json::Value>(&answer.body).expect("JSON")["total"].clone()
}

/// In memory a small write is carried out on the spot, with a file by the thread, together with others.
#[rstest]
#[case::memory(None)]
#[case::file(Some("store.db"))]
#[tokio::test(flavor = "current_thread")]
async fn a_call_that_fails_halfway_has_no_effect_and_does_not_disturb_others(#[case] file: Option<&str>) {
    fn halfway(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
        queue::enqueue(store, call)?;
        store.execute("INSERT INTO no_such_table VALUES (1)", [])?;
        Ok(Answer::ok(&()))
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = file.map(|name| folder.path().join(name));
    let data = Data::open(file.as_deref(), Durability::default()).expect("open");
    let fails = DataOperation { name: "halfway", access: Access::Write, apply: halfway };
    let calls = tokio::join!(
        data.apply(ENQUEUE, enqueue(1), None, ""),
        data.apply(fails, enqueue(2), Some("key".to_owned()), ""),
        data.apply(ENQUEUE, enqueue(3), None, ""),
    );
    assert_eq!((calls.0.status, calls.1.status, calls.2.status), (201, 500, 201));
    assert!(calls.1.problem.is_some_and(|problem| problem.contains("no_such_table")));
    assert_eq!(total(&data).await, json!(2));
    data.close().expect("closed");
}

#[rstest]
#[case::memory(None)]
#[case::file(Some("store.db"))]
#[tokio::test(flavor = "current_thread")]
async fn a_call_is_carried_out_even_if_its_caller_went_away(#[case] file: Option<&str>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = file.map(|name| folder.path().join(name));
    let data = Data::open(file.as_deref(), Durability::default()).expect("open");
    {
        let call = data.apply(ENQUEUE, enqueue(1), None, "");
        tokio::pin!(call);
        tokio::select! {
            biased;
            _ = &mut call => {}
            () = std::future::ready(()) => {}
        }
    }
    assert_eq!(total(&data).await, json!(1));
}

#[tokio::test(flavor = "current_thread")]
async fn after_its_end_the_data_answers_that_it_has_ended() {
    let data = Data::open(None, Durability::default()).expect("open");
    data.close().expect("closed");
    let answer = data.apply(ENQUEUE, enqueue(1), None, "").await;
    assert_eq!((answer.status, answer.problem.as_deref()), (500, Some("the storage thread has ended")));
}

#[rstest]
#[case::memory(None)]
#[case::file(Some("store.db"))]
#[tokio::test(flavor = "current_thread")]
async fn the_end_of_a_rollout_is_told_to_those_who_watch_it_and_to_nobody_after_they_left(#[case] file: Option<&str>) {
    const UPDATE: DataOperation =
        DataOperation { name: "update_rollout", access: Access::Write, apply: rollouts::update };
    let folder = tempfile::tempdir().expect("a folder");
    let file = file.map(|name| folder.path().join(name));
    let data = Data::open(file.as_deref(), Durability::default()).expect("open");
    let answer = data.apply(ENQUEUE, enqueue(1), None, "").await;
    let rollouts: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    let id = rollouts[0]["rollout_id"].as_str().expect("an id").to_owned();
    let (mut first, second) = (data.watch(std::slice::from_ref(&id)), data.watch(std::slice::from_ref(&id)));
    drop(second);
    let call =
        DataCall { segments: vec![id.clone()], body: b"{\"status\":\"failed\"}".to_vec(), ..DataCall::default() };
    data.apply(UPDATE, call, None, "").await;
    assert_eq!(first.next().await, id);
}

#[tokio::test(flavor = "current_thread")]
async fn in_memory_a_large_write_and_a_read_do_not_keep_other_requests_waiting() {
    fn on_which_thread(_: &mut Store<'_>, _: &DataCall) -> Result<Answer, Refusal> {
        Ok(Answer::ok(&format!("{:?}", std::thread::current().id())))
    }
    let data = Data::open(None, Durability::default()).expect("open");
    let here = format!("{:?}", std::thread::current().id());
    let is_here = async |access: Access, length: usize| {
        let operation = DataOperation { name: "where", access, apply: on_which_thread };
        let answer =
            data.apply(operation, DataCall { body: vec![b'x'; length], ..DataCall::default() }, None, "").await;
        serde_json::from_slice::<String>(&answer.body).expect("a thread") == here
    };
    assert!(!is_here(Access::Write, 100_000).await);
    assert!(!is_here(Access::Read, 10).await);
    // The thread may be at its watch just then.
    let mut small = false;
    for _ in 0..100 {
        small |= is_here(Access::Write, 10).await;
    }
    assert!(small, "no small write was carried out on the spot");
}

#[test]
fn a_file_of_another_version_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    Data::open(Some(&file), Durability::default()).expect("open").close().expect("closed");
    let db = rusqlite::Connection::open(&file).expect("open");
    db.pragma_update(None, "user_version", 99).expect("set");
    drop(db);
    let refused = Data::open(Some(&file), Durability::default()).expect_err("refused").to_string();
    assert!(refused.contains("version 99"), "{refused}");
}
