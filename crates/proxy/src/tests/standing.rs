//! How connections say that they stand, and what is still written to a server that is gone.

use super::peer::{ANSWER, Bench, End, HEAD, REQUEST, gate, soon};
use crate::{LinkEventKind, Phase};

#[tokio::test(flavor = "current_thread")]
async fn a_connection_says_what_it_waits_for() {
    let bench = Bench::new([]).await;
    let (_silent, _) = bench.pair().await;
    let (mut asking, mut asked) = bench.pair().await;
    asking.say(REQUEST).await;
    asked.hear(REQUEST.len()).await;
    let (mut idle, mut answers) = bench.pair().await;
    idle.exchange(&mut answers).await;
    let standing = soon("answers", bench.link.standing()).await;
    let told: Vec<(u64, u64, usize, bool)> =
        standing.iter().map(|it| (it.sent, it.answered, it.requests.len(), it.server_open)).collect();
    let whole = REQUEST.len() as u64;
    assert_eq!(told[1], (whole, 0, 1, true), "{standing:#?}");
    assert_eq!(told[2], (whole, 1, 0, true), "{standing:#?}");
    assert_eq!((told[0].0, told[0].2), (0, 0), "{standing:#?}");
    let request = &standing[1].requests[0];
    assert_eq!((request.phase, request.request_bytes), (Some(Phase::RequestSent), whole));
    assert_eq!(bench.link.sent(), [(1, 0), (2, whole), (3, whole)]);
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_written_to_the_server_is_told_before_the_end_whatever_the_protocol() {
    for said in [REQUEST, HEAD, "POST /a", "*1\r\n$4\r\nPING\r\n"] {
        let mut bench = Bench::new([]).await;
        let (mut client, mut server) = bench.pair().await;
        client.say(said).await;
        server.hear(said.len()).await;
        drop((client, server));
        bench.closed().await;
        assert!(soon("answers", bench.link.standing()).await.is_empty());
        let mut bench = Bench::new([]).await;
        let (mut client, mut server) = bench.pair().await;
        client.say(said).await;
        server.hear(said.len()).await;
        drop((client, server));
        let sent = bench
            .event("sent", |event| match event {
                LinkEventKind::Sent { bytes, .. } => Some(*bytes),
                LinkEventKind::Closed(_) => panic!("it has ended before it was told"),
                _ => None,
            })
            .await;
        assert_eq!(sent, said.len() as u64);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_is_written_to_a_server_that_is_gone() {
    // Its socket is still there: without being told, the link would write to it.
    let mut bench = Bench::new([gate(1, Phase::RequestHead, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    soon("obeys", bench.link.lose_server()).await;
    bench.link.resume(1);
    assert_eq!(client.rest().await, (String::new(), End::Rst));
    assert_eq!(bench.done().await.request_bytes, 0);
    assert_eq!(server.rest().await.0, "");
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_server_has_said_before_it_was_gone_still_passes() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    soon("obeys", bench.link.lose_server()).await;
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
    client.say(REQUEST).await;
    assert_eq!(client.rest().await, (String::new(), End::Rst));
}
