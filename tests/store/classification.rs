//! What the client makes of a failed request, and what it logs about it: every flag × every announcement × every failure,
//! against a peer that fails in exactly that way.

mod behaviour;
mod peer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quietdown_store::client::{Client, ClientConfig, Error, StoreOperation};
use quietdown_store::duration::Schedule;
use quietdown_store::flag::{Flag, State};
use rstest::rstest;
use serde_json::json;
use tokio::sync::Notify;
use tracing_test::traced_test;

use peer::{Act, Peer, answer};

/// What the flag says when the failure is there; before that it said online.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    NoFlag,
    Unreadable,
    Starting,
    Online,
    Stopping,
    Stopped,
    /// Online again, with another epoch.
    Restarted,
}

/// Whether the server has announced its shutdown before.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Announced {
    Never,
    ByHeader,
    ByHealth,
}

/// How the request fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fails {
    Cancelled,
    Draining503,
    Status4xx,
    Status5xx,
    Plain503,
    MalformedHttp,
    WrongJson,
    Refused,
    Reset,
    ClosedBeforeAnyByte,
    CutInHead,
    CutInBody,
    TimedOut,
    /// The head and some of the body have come.
    TimedOutInBody,
    ResetInBody,
    CutInChunks,
    MalformedChunk,
    /// A status that no route gives.
    Redirected,
    /// JSON, but no rollout.
    OtherShape,
}

/// What must come of it: the result, the one record about it, and how often it was tried again.
#[derive(Debug, PartialEq)]
struct Outcome {
    result: &'static str,
    level: &'static str,
    message: &'static str,
    retries: usize,
}

/// The eleven rows, for a budget of two attempts.
fn expected(says: Says, announced: Announced, fails: Fails) -> Outcome {
    let outcome = |result, level, message, retries| Outcome { result, level, message, retries };
    let shutdown = outcome("shutdown", "DEBUG", "server is shutting down", 0);
    match (fails, says, announced) {
        (Fails::Cancelled, ..) => outcome("cancelled", "DEBUG", "cancelled", 0),
        (Fails::Draining503, ..) => shutdown,
        (Fails::Status4xx, ..) => outcome("rejected", "WARN", "rejected", 0),
        (Fails::Status5xx | Fails::Plain503, ..) => outcome("rejected", "ERROR", "rejected", 0),
        (Fails::MalformedHttp | Fails::MalformedChunk | Fails::Redirected, ..)
        | (Fails::WrongJson | Fails::OtherShape, ..) => outcome("transport", "ERROR", "transport failed", 0),
        // Who is refused has met the new server only.
        (Fails::Refused, Says::Restarted, _) => outcome("unreachable", "ERROR", "server is unreachable", 1),
        // One retry because of the restart, and one of the new budget.
        (_, Says::Restarted, _) => outcome("unreachable", "ERROR", "server is unreachable", 2),
        (_, Says::Stopping | Says::Stopped, _) => shutdown,
        (_, Says::Starting | Says::Online, _) => outcome("unreachable", "ERROR", "server is unreachable", 1),
        (_, _, Announced::ByHeader | Announced::ByHealth) => shutdown,
        // Where connections are refused, so are health probes; everywhere else the peer answers them.
        (Fails::Refused, ..) => outcome("unreachable", "WARN", "server is unreachable", 0),
        _ => outcome("transport", "ERROR", "transport failed", 1),
    }
}

#[traced_test]
#[rstest]
#[tokio::test(flavor = "current_thread")]
async fn every_failure_has_its_row(
    #[values(
        Says::NoFlag,
        Says::Unreadable,
        Says::Starting,
        Says::Online,
        Says::Stopping,
        Says::Stopped,
        Says::Restarted
    )]
    says: Says,
    #[values(Announced::Never, Announced::ByHeader, Announced::ByHealth)] announced: Announced,
    #[values(
        Fails::Cancelled,
        Fails::Draining503,
        Fails::Status4xx,
        Fails::Status5xx,
        Fails::Plain503,
        Fails::MalformedHttp,
        Fails::WrongJson,
        Fails::Refused,
        Fails::Reset,
        Fails::ClosedBeforeAnyByte,
        Fails::CutInHead,
        Fails::CutInBody,
        Fails::TimedOut,
        Fails::TimedOutInBody,
        Fails::ResetInBody,
        Fails::CutInChunks,
        Fails::MalformedChunk,
        Fails::Redirected,
        Fails::OtherShape
    )]
    fails: Fails,
) {
    let expected = expected(says, announced, fails);
    // The cases run at once and share one log: the call's number tells them apart.
    let number = 1000 + (says as u64 * 3 + announced as u64) * 100 + fails as u64;
    let result = run(says, announced, fails, number).await;
    assert_eq!(result, expected.result);
    logs_assert(|lines| judge(lines, number, &expected));
}

/// Lets the call fail and gives its result.
async fn run(says: Says, announced: Announced, fails: Fails, number: u64) -> &'static str {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("online");
    let mut flag = prepare(&path, says);
    let arrived = Arc::new(Notify::new());
    let (arrival, place) = (arrived.clone(), path.clone());
    let header = announced != Announced::Never;
    let mut peer = Peer::start(move |seen| match seen.path.as_str() {
        "/v1/agl/health" if announced == Announced::ByHealth => Act::Close(answer(503, true, "{}")),
        "/v1/agl/health" => Act::Close(answer(200, false, r#"{"status":"ok"}"#)),
        "/v1/agl/rollouts/before" => Act::Close(answer(200, header, "{}")),
        _ => {
            change(&mut flag, &place, says);
            arrival.notify_one();
            act(fails, header)
        }
    });
    let client = Client::new(ClientConfig {
        flag: (says != Says::NoFlag).then_some(path),
        connect_timeout: Duration::from_secs(20),
        request_timeout: match fails {
            Fails::TimedOut | Fails::TimedOutInBody => Duration::from_millis(100),
            _ => Duration::from_secs(20),
        },
        retry: Schedule(vec![Duration::from_millis(1)]),
        probe: Schedule(vec![Duration::from_millis(1); 2]),
        probe_timeout: Duration::from_secs(20),
        ..ClientConfig::new(peer.url.parse().expect("a URL"))
    });
    announce(&client, announced).await;
    if fails == Fails::Refused {
        peer.refuse().await;
        // No request will arrive to change it.
        change(&mut prepare(folder.path().join("online").as_path(), says), &folder.path().join("online"), says);
    }
    let call = client.call(StoreOperation::GetRollout { rollout_id: "ro-1".into() }, Some(number));
    tokio::select! {
        biased;
        outcome = call => outcome.expect_err("it fails").result(),
        () = arrived.notified(), if fails == Fails::Cancelled => {
            peer.ended(if announced == Announced::Never { 1 } else { 2 }).await;
            Error::Cancelled.result()
        }
    }
}

/// Lets the client hear the announcement. Again if need be: on a busy machine a short timeout may be over.
async fn announce(client: &Client, announced: Announced) {
    match announced {
        Announced::Never => {}
        Announced::ByHeader => {
            let before = StoreOperation::GetRollout { rollout_id: "before".into() };
            while client.call(before.clone(), None).await.is_err() {}
        }
        Announced::ByHealth => while client.call(StoreOperation::Health {}, None).await != Err(Error::Shutdown) {},
    }
}

/// The flag before the failure.
fn prepare(path: &Path, says: Says) -> Option<Flag> {
    match says {
        Says::NoFlag => None,
        Says::Unreadable => {
            std::fs::write(path, "no flag").expect("written");
            None
        }
        _ => {
            let flag = Flag::create_with_epoch(path, 1).expect("written");
            flag.set(State::Online).expect("written");
            Some(flag)
        }
    }
}

/// The flag from the failure on.
fn change(flag: &mut Option<Flag>, path: &Path, says: Says) {
    let Some(flag) = flag else { return };
    if says == Says::Restarted {
        *flag = Flag::create_with_epoch(path, 2).expect("written");
    }
    let state = match says {
        Says::Starting => State::Starting,
        Says::Stopping => State::Stopping,
        Says::Stopped => State::Stopped,
        _ => State::Online,
    };
    flag.set(state).expect("written");
}

/// What the peer does to make it fail. While stopping, a server has its header on every response.
fn act(fails: Fails, header: bool) -> Act {
    let part = |length: usize| answer(200, header, r#"{"rollout_id":"ro-1"}"#)[..length].to_vec();
    let cut = |length: usize| Act::Close(part(length));
    let head = answer(200, header, r#"{"rollout_id":"ro-1"}"#).len() - r#"{"rollout_id":"ro-1"}"#.len();
    match fails {
        Fails::Cancelled | Fails::TimedOut => Act::Hold,
        Fails::Draining503 => Act::Close(answer(503, true, r#"{"detail":"server is shutting down"}"#)),
        Fails::Status4xx => Act::Close(answer(404, header, r#"{"detail":"unknown rollout ro-1"}"#)),
        Fails::Status5xx => Act::Close(answer(500, header, r#"{"detail":"Internal server error"}"#)),
        Fails::Plain503 => Act::Close(answer(503, false, r#"{"detail":"no"}"#)),
        Fails::MalformedHttp => Act::Close(b"this is not HTTP\r\n\r\n".to_vec()),
        Fails::WrongJson => Act::Close(answer(200, header, r#"{"rollout_id":"#)),
        Fails::Refused => unreachable!("nothing arrives"),
        Fails::Reset => Act::Reset,
        Fails::ClosedBeforeAnyByte => Act::Close(Vec::new()),
        Fails::CutInHead => cut(20),
        Fails::TimedOutInBody => Act::HoldAfter(part(head + 5)),
        Fails::ResetInBody => Act::ResetAfter(part(head + 5)),
        Fails::CutInChunks => Act::Close(chunked(header, "5\r\n{\"rol\r\n")),
        Fails::MalformedChunk => Act::Answer(chunked(header, "five\r\n{\"rol\r\n0\r\n\r\n")),
        Fails::Redirected => Act::Close(answer(302, header, "{}")),
        Fails::OtherShape => Act::Close(answer(200, header, "[]")),
        Fails::CutInBody => cut(head + 5),
    }
}

/// An answer whose body comes in these chunks.
fn chunked(draining: bool, chunks: &str) -> Vec<u8> {
    let header = if draining { "x-store-state: draining\r\n" } else { "" };
    format!("HTTP/1.1 200 X\r\n{header}transfer-encoding: chunked\r\n\r\n{chunks}").into()
}

/// Exactly one record about the call, at its level; apart from it only retries and probes, at DEBUG.
fn judge(lines: &[&str], number: u64, expected: &Outcome) -> Result<(), String> {
    let field = format!("call={number}");
    let about: Vec<&str> = lines.iter().copied().filter(|line| line.split(' ').any(|word| word == field)).collect();
    let has = |line: &&str, text: &str| line.contains(text);
    let (retries, others): (Vec<&str>, Vec<&str>) =
        about.iter().filter(|line| !has(line, "health probe")).partition(|line| has(line, "request failed, retrying"));
    let level = format!(" {} ", expected.level);
    let right = retries.len() == expected.retries
        && retries.iter().all(|line| has(line, " DEBUG "))
        && others.len() == 1
        && others.iter().all(|line| has(line, &level) && has(line, expected.message));
    if right { Ok(()) } else { Err(format!("expected {expected:?}, found {about:#?}")) }
}

/// A client with short pauses.
fn client(peer: &Peer) -> ClientConfig {
    ClientConfig {
        connect_timeout: Duration::from_secs(20),
        request_timeout: Duration::from_secs(20),
        retry: Schedule(vec![Duration::from_millis(1); 3]),
        probe: Schedule(vec![Duration::from_millis(1); 3]),
        probe_timeout: Duration::from_secs(20),
        ..ClientConfig::new(peer.url.parse().expect("a URL"))
    }
}

fn get(rollout: &str) -> StoreOperation {
    StoreOperation::GetRollout { rollout_id: rollout.into() }
}

fn enqueue() -> StoreOperation {
    serde_json::from_value(json!({ "op": "enqueue_rollout", "args": { "input": 1 } })).expect("an operation")
}
