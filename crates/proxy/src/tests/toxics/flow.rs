//! Toxics that slow a stream down or change it.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;

use super::super::peer::{ANSWER, Bench, End, REQUEST, soon};
use super::{NEVER, toxic};
use crate::Side;

#[tokio::test(flavor = "current_thread")]
async fn latency_delays_each_direction_for_itself() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(r#"{"latency":{"latency":30}}"#, Side::Client)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    for _ in 0..3 {
        client.say(REQUEST).await;
        server.hear(REQUEST.len()).await;
        let sent = Instant::now();
        server.say(ANSWER).await;
        assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
        assert!(sent.elapsed() >= Duration::from_millis(30));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_delayed_stream_takes_in_what_is_sent_meanwhile() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(&format!(r#"{{"latency":{{"latency":{NEVER}}}}}"#), Side::Client)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    // More than goes into the sockets; and nothing of it comes out.
    let text: String = (0..1_500_000).map(|number| format!("{number:07}\n")).collect();
    soon("room for all", server.0.write_all(text.as_bytes())).await.expect("writes");
    server.finish().await;
    let mut nothing = [0];
    assert!(client.0.try_read(&mut nothing).is_err());
    // Taken away, it lets everything go at once, and in order.
    bench.link.remove_toxic("latency_downstream").expect("removed");
    assert!(client.rest().await == (text, End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_toxic_holds_when_its_client_is_gone_keeps_nobody_waiting() {
    let mut bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(&format!(r#"{{"latency":{{"latency":{NEVER}}}}}"#), Side::Client)).expect("added");
    let (client, mut server) = bench.pair().await;
    server.say(&"x".repeat(5_000_000)).await;
    client.reset();
    assert_eq!(bench.closed().await, 1);
    bench.link.remove_toxic("latency_downstream").expect("removed");
    server.rest().await;
}

#[tokio::test(flavor = "current_thread")]
async fn bandwidth_takes_at_least_its_time_and_loses_nothing() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(r#"{"bandwidth":{"rate":1000}}"#, Side::Server)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    let text: String = (0..12_500).map(|number| format!("{number:07}\n")).collect();
    let began = Instant::now();
    client.say(&text).await;
    client.finish().await;
    assert!(server.rest().await == (text, End::Fin));
    assert!(began.elapsed() >= Duration::from_millis(100));
}

#[tokio::test(flavor = "current_thread")]
async fn a_rate_of_nothing_stops_the_stream_until_it_is_raised() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(r#"{"bandwidth":{"rate":0}}"#, Side::Server)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    // The other direction is free.
    server.say(ANSWER).await;
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
    assert!(server.0.try_read(&mut [0]).is_err());
    let faster = toxic(r#"{"bandwidth":{"rate":1000000}}"#, Side::Server).kind;
    bench.link.update_toxic("bandwidth_upstream", |toxic| toxic.kind = faster).expect("changed");
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
}

#[tokio::test(flavor = "current_thread")]
async fn slices_arrive_whole_and_take_at_least_their_delays() {
    let bench = Bench::new([]).await;
    let slicer = r#"{"slicer":{"average_size":100,"size_variation":50,"delay":1000}}"#;
    bench.link.add_toxic(toxic(slicer, Side::Client)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    let text: String = (0..500).map(|number| format!("{number:07}\n")).collect();
    let began = Instant::now();
    server.say(&text).await;
    server.finish().await;
    assert!(client.rest().await == (text, End::Fin));
    // 4000 bytes are at least 27 slices, with 26 delays between them.
    assert!(began.elapsed() >= Duration::from_millis(26));
}

#[tokio::test(flavor = "current_thread")]
async fn each_slice_is_a_write_of_its_own() {
    let bench = Bench::new([]).await;
    bench
        .link
        .add_toxic(toxic(&format!(r#"{{"slicer":{{"average_size":7,"delay":{}}}}}"#, NEVER * 1000), Side::Client))
        .expect("added");
    let (mut client, mut server) = bench.pair().await;
    server.say("0123456789").await;
    assert_eq!(client.hear(7).await, "0123456");
    assert!(client.0.try_read(&mut [0]).is_err());
    bench.link.remove_toxic("slicer_downstream").expect("removed");
    assert_eq!(client.hear(3).await, "789");
}

#[tokio::test(flavor = "current_thread")]
async fn corrupt_flips_the_bytes_of_its_range() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(r#"{"corrupt":{"from":5,"length":3,"mask":1}}"#, Side::Server)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.say("0123456789").await;
    assert_eq!(server.hear(10).await, "0123447689");
}

#[tokio::test(flavor = "current_thread")]
async fn a_noop_changes_nothing() {
    let bench = Bench::new([]).await;
    for side in [Side::Client, Side::Server] {
        bench.link.add_toxic(toxic(r#"{"noop":{}}"#, side)).expect("added");
    }
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    client.finish().await;
    assert_eq!(server.rest().await, (String::new(), End::Fin));
    server.say(ANSWER).await;
    server.finish().await;
    assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn toxics_come_and_go_while_connections_are_open() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    for kind in [
        r#"{"latency":{"latency":1,"jitter":1}}"#,
        r#"{"bandwidth":{"rate":100000}}"#,
        r#"{"slow_close":{"delay":1}}"#,
        r#"{"slicer":{"average_size":3,"size_variation":2}}"#,
        r#"{"limit_data":{"bytes":1000000}}"#,
        r#"{"noop":{}}"#,
    ] {
        for side in [Side::Client, Side::Server] {
            let toxic = toxic(kind, side);
            let name = toxic.name.clone();
            bench.link.add_toxic(toxic).expect("added");
            client.exchange(&mut server).await;
            bench.link.remove_toxic(&name).expect("removed");
            client.exchange(&mut server).await;
        }
    }
}
