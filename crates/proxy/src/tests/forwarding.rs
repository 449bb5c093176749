//! What passes a link that nothing stops, and what passes where a gate stops the other direction.

use super::peer::{ANSWER, ANSWER_HEAD, Bench, End, HEAD, REQUEST, bare, gate};
use crate::{CutMode, LinkEventKind, Phase, Point, Toward};

#[tokio::test(flavor = "current_thread")]
async fn bytes_pass_unchanged_and_the_requests_are_told() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    client.exchange(&mut server).await;
    drop((client, server));
    bench.opened().await;
    for number in 1..=2 {
        let seen = bench.done().await;
        assert_eq!((seen.number, seen.method.as_str(), seen.path.as_str()), (number, "POST", "/a"));
        assert_eq!((seen.finished, seen.status), (true, Some(200)));
    }
    assert_eq!(bench.closed().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn an_end_of_one_direction_is_carried_and_the_other_goes_on() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    client.finish().await;
    assert_eq!(server.rest().await, (REQUEST.to_owned(), End::Fin));
    server.say(ANSWER).await;
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
    server.finish().await;
    assert_eq!(client.rest().await, (String::new(), End::Fin));
    assert_eq!(bench.closed().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_may_end_first() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    server.say(ANSWER).await;
    server.finish().await;
    assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Fin));
    client.say(REQUEST).await;
    client.finish().await;
    assert_eq!(server.rest().await, (REQUEST.to_owned(), End::Fin));
    assert_eq!(bench.closed().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_reset_is_carried_as_a_reset_both_ways() {
    let mut bench = Bench::new([]).await;
    for _ in 0..2 {
        let (mut client, mut server) = bench.pair().await;
        client.exchange(&mut server).await;
        client.reset();
        assert_eq!(server.rest().await, (String::new(), End::Rst));
        bench.closed().await;
        let (mut client, mut server) = bench.pair().await;
        client.exchange(&mut server).await;
        server.reset();
        assert_eq!(client.rest().await, (String::new(), End::Rst));
        bench.closed().await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_sent_before_a_reset_arrives_before_it() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    server.reset();
    assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Rst));
}

#[tokio::test(flavor = "current_thread")]
async fn a_gate_holds_back_what_was_sent_before_a_reset() {
    let bench = Bench::new([gate(1, Phase::ResponseBody, 1)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    server.reset();
    assert_eq!(client.rest().await, (ANSWER[..=ANSWER_HEAD.len()].to_owned(), End::Rst));
}

#[tokio::test(flavor = "current_thread")]
async fn a_response_that_ends_with_its_stream_is_whole() {
    let mut bench = Bench::new([gate(1, Phase::ResponseSent, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say("GET /a HTTP/1.0\r\n\r\n").await;
    server.hear(19).await;
    server.say("HTTP/1.0 200 OK\r\n\r\nuntil the end").await;
    server.finish().await;
    assert_eq!(bench.parked().await.2.expect("a request").response_bytes, 32);
    bench.link.resume(1);
    assert!(bench.done().await.finished);
    assert_eq!(client.rest().await, ("HTTP/1.0 200 OK\r\n\r\nuntil the end".to_owned(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn a_parked_request_lets_the_response_direction_pass() {
    let mut bench = Bench::new([gate(1, Phase::RequestBody, 2)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    server.hear(HEAD.len() + 2).await;
    server.say(ANSWER).await;
    server.finish().await;
    assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Fin));
    bench.link.resume(1);
    assert_eq!(server.hear(3).await, "llo");
}

#[tokio::test(flavor = "current_thread")]
async fn a_client_that_leaves_a_parked_response_is_seen_by_the_server() {
    let mut bench = Bench::new([gate(1, Phase::RequestSent, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    drop(client);
    assert_eq!(server.rest().await, (REQUEST.to_owned(), End::Fin));
    // The server ends too, without a word: nothing is left to be stopped.
    drop(server);
    assert_eq!(bench.closed().await, 1);
    assert!(bench.link.parked().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn a_reset_passes_whatever_is_parked_and_from_whichever_side() {
    for phase in [Phase::RequestHead, Phase::RequestSent, Phase::ResponseBody] {
        for client_leaves in [true, false] {
            let mut bench = Bench::new([gate(1, phase, 0)]).await;
            let (mut client, mut server) = bench.pair().await;
            client.say(REQUEST).await;
            if phase != Phase::RequestHead {
                server.hear(REQUEST.len()).await;
                server.say(ANSWER).await;
            }
            bench.parked().await;
            let mut stays = if client_leaves {
                client.reset();
                server
            } else {
                server.reset();
                client
            };
            assert_eq!(stays.rest().await.1, End::Rst, "{phase:?}, client leaves: {client_leaves}");
            assert_eq!(bench.closed().await, 1);
            assert!(bench.link.parked().is_empty());
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_client_that_resets_a_connection_parked_at_the_connect_is_noticed() {
    let mut bench = Bench::new([bare(1, Point::Connect)]).await;
    let client = bench.client().await;
    bench.parked().await;
    client.reset();
    assert_eq!(bench.closed().await, 1);
    assert!(bench.link.parked().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn a_request_is_told_before_what_becomes_of_it() {
    let mut bench = Bench::new([gate(1, Phase::RequestHead, 0)]).await;
    let (mut client, _server) = bench.pair().await;
    client.say(REQUEST).await;
    let seen = bench
        .event("a request", |event| match event {
            LinkEventKind::Request(seen) => Some(seen.clone()),
            _ => None,
        })
        .await;
    assert_eq!((seen.number, seen.phase, seen.request_bytes), (1, None, 0));
    bench.parked().await;
    bench.link.cut(1, CutMode::Rst, Toward::Both).await;
    let done = bench.done().await;
    assert_eq!((done.number, done.phase, done.finished), (1, None, false));
    assert_eq!(bench.closed().await, 1);
}
