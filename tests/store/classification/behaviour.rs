//! What the table does not show: how calls recover, what the client remembers between them, how often it reports.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use quietdown_store::client::Reporting;
use quietdown_store::flag;

use super::*;

/// Fails so often, and then succeeds.
fn failing(times: usize, mut act: impl FnMut() -> Act + Send + 'static, then: &'static str) -> Peer {
    let left = AtomicUsize::new(times);
    Peer::start(move |seen| match seen.path.as_str() {
        "/v1/agl/health" => Act::Answer(answer(200, false, "{}")),
        _ if left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() => act(),
        _ => Act::Answer(answer(200, false, then)),
    })
}

fn levels<'a>(lines: &[&'a str], message: &str) -> Vec<&'a str> {
    let about = lines.iter().filter(|line| line.contains(message));
    about.map(|line| line.split_whitespace().nth(1).unwrap_or_default()).collect()
}

fn expect<T: PartialEq + std::fmt::Debug>(found: T, expected: T, lines: &[&str]) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{found:?} is not {expected:?} in {lines:#?}")) }
}

#[traced_test]
#[rstest]
#[case::reset(|| Act::Reset)]
#[case::closed(|| Act::Close(Vec::new()))]
#[case::cut(|| Act::Close(answer(200, false, "{}")[..40].to_vec()))]
#[tokio::test(flavor = "current_thread")]
async fn a_call_that_recovers_repeats_its_key_and_stays_at_debug(#[case] act: fn() -> Act) {
    let peer = failing(3, act, r#"[{"rollout_id":"ro-1"}]"#);
    let value = Client::new(client(&peer)).call(enqueue(), Some(1)).await.expect("the fourth attempt succeeds");
    assert_eq!(value["rollout_id"], "ro-1");
    let keys: Vec<_> =
        peer.seen().iter().filter(|seen| !seen.path.ends_with("health")).map(|seen| seen.key.clone()).collect();
    assert_eq!(keys.len(), 4);
    assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    logs_assert(|lines| match lines.iter().find(|line| line.contains("ERROR") || line.contains("WARN")) {
        None => Ok(()),
        Some(line) => Err((*line).to_owned()),
    });
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_is_used_again_and_two_calls_at_once_have_two() {
    let peer = Peer::start(|_| Act::Answer(answer(200, false, "{}")));
    let client = Client::new(client(&peer));
    for _ in 0..3 {
        client.call(get("a"), None).await.expect("an answer");
    }
    assert_eq!(peer.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>(), [1, 1, 1]);
    let (one, other) = tokio::join!(client.call(get("a"), None), client.call(get("a"), None));
    assert!(one.is_ok() && other.is_ok());
    let mut connections: Vec<_> = peer.seen()[3..].iter().map(|seen| seen.connection).collect();
    connections.sort_unstable();
    assert_eq!(connections, [1, 2]);
}

#[traced_test]
#[tokio::test(flavor = "current_thread")]
async fn a_server_that_closes_an_idle_connection_breaks_no_call() {
    let peer = Peer::start(|_| Act::Close(answer(200, false, "{}")));
    let client = Client::new(client(&peer));
    for ended in 1..=3 {
        client.call(get("a"), None).await.expect("an answer");
        // The peer sees the client's end only after the client has seen the peer's.
        peer.ended(ended).await;
    }
    logs_assert(|lines| expect(levels(lines, "retrying").len(), 0, lines));
}

#[traced_test]
#[rstest]
#[case::draining(503, true, "shutdown", "DEBUG", "server is shutting down")]
#[case::well(200, false, "transport", "ERROR", "transport failed")]
#[case::unwell(500, false, "transport", "ERROR", "transport failed")]
#[tokio::test(flavor = "current_thread")]
async fn without_a_flag_health_is_asked(
    #[case] status: u16,
    #[case] draining: bool,
    #[case] result: &str,
    #[case] level: &str,
    #[case] message: &str,
) {
    let peer = Peer::start(move |seen| match seen.path.as_str() {
        "/v1/agl/health" => Act::Close(answer(status, draining, "{}")),
        _ => Act::Reset,
    });
    // The cases share the log of this test: the status tells them apart.
    let number = u64::from(status);
    let failed = Client::new(client(&peer)).call(get("a"), Some(number)).await.expect_err("it fails");
    assert_eq!(failed.result(), result);
    logs_assert(|lines| {
        let field = format!("call={number} ");
        let about: Vec<&str> = lines.iter().copied().filter(|line| line.contains(&field)).collect();
        expect(levels(&about, message), vec![level], &about)
    });
}

#[traced_test]
#[tokio::test(flavor = "current_thread")]
async fn without_a_flag_a_server_that_is_gone_is_unreachable_after_one_probe_schedule() {
    let peer = Peer::start(|_| Act::Reset);
    let failed = Client::new(client(&peer)).call(get("a"), None).await.expect_err("it fails");
    assert_eq!(failed, Error::Unreachable { cause: "reset".into() });
    assert_eq!(peer.seen().len(), 4, "one request and three probes");
    logs_assert(|lines| expect(levels(lines, "server is unreachable"), vec!["WARN"], lines));
}

#[tokio::test(flavor = "current_thread")]
async fn an_announcement_is_forgotten_when_the_server_answers_without_it() {
    let peer = Peer::start(|seen| match seen.path.as_str() {
        "/v1/agl/rollouts/stopping" => Act::Answer(answer(200, true, "{}")),
        "/v1/agl/rollouts/again" => Act::Answer(answer(200, false, "{}")),
        _ => Act::Reset,
    });
    let client = Client::new(client(&peer));
    client.call(get("stopping"), None).await.expect("an answer");
    assert_eq!(client.call(get("reset"), None).await, Err(Error::Shutdown));
    client.call(get("again"), None).await.expect("an answer");
    assert_eq!(client.call(get("reset"), None).await, Err(Error::Unreachable { cause: "reset".into() }));
}

#[tokio::test(flavor = "current_thread")]
async fn a_long_poll_that_a_stopping_server_answers_early_is_a_shutdown_unless_it_is_complete() {
    let peer = Peer::start(|_| Act::Answer(answer(200, true, r#"[{"rollout_id":"a"}]"#)));
    let client = Client::new(client(&peer));
    let wait = |ids: &[&str]| StoreOperation::WaitForRollouts {
        rollout_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        timeout: None,
    };
    assert_eq!(client.call(wait(&["a", "b"]), None).await, Err(Error::Shutdown));
    assert_eq!(client.call(wait(&["a"]), None).await, Ok(json!([{ "rollout_id": "a" }])));
}

#[tokio::test(flavor = "current_thread")]
async fn a_long_poll_without_a_limit_outlasts_the_request_timeout() {
    let peer = Peer::start(|seen| match seen.path.as_str() {
        "/v1/agl/health" => Act::Answer(answer(200, false, "{}")),
        _ => Act::Hold,
    });
    let client = Client::new(ClientConfig { request_timeout: Duration::from_millis(20), ..client(&peer) });
    let wait = StoreOperation::WaitForRollouts { rollout_ids: vec!["a".into()], timeout: None };
    tokio::select! {
        ended = client.call(wait, None) => panic!("it has ended: {ended:?}"),
        // It lasts four times the request timeout.
        bounded = client.call(get("a"), None) => assert_eq!(bounded, Err(Error::Transport { cause: "timeout".into() })),
    }
    assert_eq!(peer.seen().iter().filter(|seen| seen.path == "/v1/agl/waits/rollouts").count(), 1);
}

#[traced_test]
#[tokio::test(flavor = "current_thread")]
async fn a_free_running_process_reports_once_per_outage() {
    let peer = Peer::start(|seen| match seen.path.as_str() {
        "/v1/agl/rollouts/recover" => Act::Answer(answer(200, false, "{}")),
        _ => Act::Reset,
    });
    let client = Client::new(ClientConfig { reporting: Reporting::OncePerOutage, ..client(&peer) });
    for rollout in ["a", "b", "c", "recover", "d", "e"] {
        assert_eq!(client.call(get(rollout), None).await.is_ok(), rollout == "recover");
    }
    logs_assert(|lines| {
        expect(levels(lines, "server is unreachable"), vec!["WARN", "DEBUG", "DEBUG", "WARN", "DEBUG"], lines)?;
        expect(levels(lines, "server is back"), vec!["DEBUG"], lines)
    });
}

#[tokio::test(flavor = "current_thread")]
async fn a_restart_in_the_middle_of_a_request_gives_a_new_budget() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("online");
    let flag = Flag::create_with_epoch(&path, 1).expect("written");
    flag.set(State::Online).expect("written");
    let (place, mut failures) = (path.clone(), 0);
    let peer = Peer::start(move |_| {
        failures += 1;
        // The last attempt of the old budget, of four, meets the new server.
        if failures == 4 {
            Flag::create_with_epoch(&place, 2).expect("written");
        }
        if failures <= 7 { Act::Reset } else { Act::Answer(answer(200, false, "{}")) }
    });
    let client = Client::new(ClientConfig { flag: Some(path.clone()), ..client(&peer) });
    client.call(get("a"), None).await.expect("the eighth attempt succeeds");
    assert_eq!(peer.seen().len(), 8);
    assert_eq!(flag::read(&path).map(|flag| flag.epoch), Some(2));
}
