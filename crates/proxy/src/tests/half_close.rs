//! Peers that go away while a gate stops a stream: who is told, and what still passes.

use super::peer::{ANSWER, Bench, End, HEAD, REQUEST, bare, gate, soon};
use crate::{Phase, Point};

#[tokio::test(flavor = "current_thread")]
async fn the_server_is_told_of_a_client_that_closed_behind_what_a_gate_withholds() {
    let mut bench = Bench::new([gate(1, Phase::RequestBody, 2)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    drop(client);
    assert_eq!(server.rest().await, (format!("{HEAD}he"), End::Fin));
    drop(server);
    assert_eq!(bench.closed().await, 1);
    assert!(bench.link.parked().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn a_client_is_seen_to_close_behind_more_than_the_link_reads() {
    let mut bench = Bench::new([gate(1, Phase::RequestBody, 2)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say("POST /a HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n").await;
    let chunk = vec![b'x'; 64 * 1024];
    soon("room", client.0.writable()).await.expect("a socket");
    while client.0.try_write(&chunk).is_ok() {}
    bench.parked().await;
    drop(client);
    let (text, end) = server.rest().await;
    assert!(text.ends_with("\r\n\r\nxx"), "{} bytes", text.len());
    assert_eq!(end, End::Fin);
    drop(server);
    assert_eq!(bench.closed().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_client_that_only_ended_its_stream_still_says_what_it_said_before() {
    let mut bench = Bench::new([gate(1, Phase::RequestBody, 2)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    client.finish().await;
    bench.parked().await;
    assert_eq!(server.hear(HEAD.len() + 2).await, format!("{HEAD}he"));
    // Another connection goes all the way meanwhile: the link had every chance to cut it short.
    let (mut other, mut other_server) = bench.pair().await;
    other.exchange(&mut other_server).await;
    bench.link.resume(1);
    assert_eq!(server.rest().await, ("llo".to_owned(), End::Fin));
    server.say(ANSWER).await;
    drop(server);
    assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Fin));
    assert_eq!(bench.closed().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn an_answer_that_nobody_takes_any_more_ends_the_connection() {
    let mut bench = Bench::new([gate(1, Phase::RequestSent, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
    bench.parked().await;
    server.say(ANSWER).await;
    drop(client);
    assert_eq!(bench.closed().await, 1);
    // The end of the client's stream came before the reset that its answer met.
    assert_eq!(server.rest().await, (String::new(), End::Fin));
    assert!(server.0.try_write(b"more").is_err());
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_is_gone_has_said_what_it_said() {
    let mut bench = Bench::new([gate(1, Phase::RequestSent, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
    bench.parked().await;
    server.say(ANSWER).await;
    drop(server);
    let (mut other, mut other_server) = bench.pair().await;
    other.exchange(&mut other_server).await;
    bench.link.resume(1);
    assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn a_client_that_closes_before_the_server_was_connected_to_leaves_nothing() {
    let mut bench = Bench::new([bare(1, Point::Connect)]).await;
    let mut client = bench.client().await;
    client.say(REQUEST).await;
    bench.parked().await;
    drop(client);
    assert_eq!(bench.closed().await, 1);
    assert!(bench.link.parked().is_empty());
    // The next to come to the server is the next client.
    let (mut other, mut other_server) = bench.pair().await;
    other.exchange(&mut other_server).await;
}
