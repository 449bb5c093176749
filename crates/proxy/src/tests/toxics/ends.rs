//! Toxics that end connections.

use super::super::peer::{ANSWER, Bench, End, REQUEST};
use super::{NEVER, toxic};
use crate::{Side, Toxic};

#[tokio::test(flavor = "current_thread")]
async fn limit_data_passes_exactly_its_bytes_and_then_ends_the_stream() {
    for bytes in [0, 1, 10, ANSWER.len() - 1, ANSWER.len()] {
        let mut bench = Bench::new([]).await;
        let limit = toxic(&format!(r#"{{"limit_data":{{"bytes":{bytes}}}}}"#), Side::Client);
        bench.link.add_toxic(limit).expect("added");
        let (mut client, mut server) = bench.pair().await;
        client.say(REQUEST).await;
        server.hear(REQUEST.len()).await;
        server.say(ANSWER).await;
        assert_eq!(client.rest().await, (ANSWER[..bytes].to_owned(), End::Fin));
        assert_eq!(bench.closed().await, 1);
        assert_eq!(server.rest().await.0, "");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_limit_that_is_not_reached_does_nothing() {
    let bench = Bench::new([]).await;
    let limit = toxic(&format!(r#"{{"limit_data":{{"bytes":{}}}}}"#, ANSWER.len() + 1), Side::Client);
    bench.link.add_toxic(limit).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    server.finish().await;
    assert_eq!(client.rest().await, (String::new(), End::Fin));
    client.say(REQUEST).await;
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
}

#[tokio::test(flavor = "current_thread")]
async fn a_timeout_drops_what_is_sent_and_closes_idle_connections_too() {
    for speaks in [true, false] {
        let mut bench = Bench::new([]).await;
        bench.link.add_toxic(toxic(r#"{"timeout":{"timeout":20}}"#, Side::Server)).expect("added");
        let (mut client, mut server) = bench.pair().await;
        if speaks {
            client.say(REQUEST).await;
        }
        assert_eq!(client.rest().await, (String::new(), End::Fin));
        assert_eq!(server.rest().await, (String::new(), End::Fin));
        assert_eq!(bench.closed().await, 1);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_timeout_of_nothing_never_closes_until_it_is_removed() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    bench.link.add_toxic(toxic(r#"{"timeout":{"timeout":0}}"#, Side::Client)).expect("added");
    client.say(REQUEST).await;
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
    server.say(ANSWER).await;
    bench.event("the hit", |event| matches!(event, crate::LinkEventKind::Hit(_)).then_some(())).await;
    assert!(client.0.try_read(&mut [0]).is_err());
    bench.link.remove_toxic("timeout_downstream").expect("removed");
    assert_eq!(client.rest().await, (String::new(), End::Fin));
    assert_eq!(bench.closed().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn reset_peer_resets_connections_that_are_open_and_idle() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    let (mut fresh, mut fresh_server) = bench.pair().await;
    fresh.say(REQUEST).await;
    fresh_server.hear(REQUEST.len()).await;
    bench.link.add_toxic(toxic(r#"{"reset_peer":{"timeout":0}}"#, Side::Client)).expect("added");
    for peer in [&mut client, &mut server, &mut fresh, &mut fresh_server] {
        assert_eq!(peer.rest().await, (String::new(), End::Rst));
    }
    bench.closed().await;
    bench.closed().await;
    // Later ones live until something comes in its direction.
    let (mut later, mut later_server) = bench.pair().await;
    later.say(REQUEST).await;
    later_server.hear(REQUEST.len()).await;
    later_server.say(ANSWER).await;
    assert_eq!(later.rest().await, (String::new(), End::Rst));
    assert_eq!(later_server.rest().await, (String::new(), End::Rst));
}

#[tokio::test(flavor = "current_thread")]
async fn a_toxic_for_no_connection_hits_none() {
    for kind in [r#"{"reset_peer":{"timeout":0}}"#, r#"{"timeout":{"timeout":1}}"#, r#"{"limit_data":{"bytes":0}}"#] {
        let bench = Bench::new([]).await;
        let (mut open, mut open_server) = bench.pair().await;
        bench.link.add_toxic(Toxic { toxicity: 0.0, ..toxic(kind, Side::Client) }).expect("added");
        let (mut client, mut server) = bench.pair().await;
        open.exchange(&mut open_server).await;
        client.exchange(&mut server).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn slow_close_passes_the_data_at_once_and_the_end_when_it_goes() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(&format!(r#"{{"slow_close":{{"delay":{NEVER}}}}}"#), Side::Client)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    server.finish().await;
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
    assert!(client.0.try_read(&mut [0]).is_err());
    // The other direction ends without a delay.
    client.finish().await;
    assert_eq!(server.rest().await, (String::new(), End::Fin));
    assert!(client.0.try_read(&mut [0]).is_err());
    bench.link.remove_toxic("slow_close_downstream").expect("removed");
    assert_eq!(client.rest().await, (String::new(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn a_half_closed_stream_still_gets_its_answer() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(r#"{"latency":{"latency":1}}"#, Side::Client)).expect("added");
    for _ in 0..10 {
        let (mut client, mut server) = bench.pair().await;
        client.say(REQUEST).await;
        client.finish().await;
        assert_eq!(server.rest().await, (REQUEST.to_owned(), End::Fin));
        server.say(ANSWER).await;
        server.finish().await;
        assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Fin));
    }
}
