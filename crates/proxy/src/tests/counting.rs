//! What a link counts.

use super::peer::{ANSWER, Bench, REQUEST, bytes_gate, soon};
use crate::{Counters, GateSpec, Side};

#[tokio::test(flavor = "current_thread")]
async fn a_gate_at_bytes_counts_the_connections_that_carry_so_many() {
    let mut bench = Bench::new([GateSpec { nth: 2, ..bytes_gate(1, Side::Server, 5) }]).await;
    let mut kept = Vec::new();
    for (text, parks) in [("abcd", false), ("abcdefg", false), ("abc", false), ("abcdefg", true)] {
        let (mut client, mut server) = bench.pair().await;
        let id = bench.opened().await;
        client.say(text).await;
        if parks {
            assert_eq!(server.hear(5).await, "abcde");
            assert_eq!(bench.parked().await, (1, id, None));
            bench.link.resume(1);
            assert_eq!(server.hear(2).await, "fg");
        } else {
            assert_eq!(server.hear(text.len()).await, text);
            assert_eq!(bench.link.parked(), []);
        }
        kept.push((client, server));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_comes_while_the_whole_link_is_held_is_its_later_effect() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    assert_eq!(bench.link.hold_all().await.withheld, 0);
    client.say("lost").await;
    server.say("lost too").await;
    let all = async {
        while bench.link.later_effect().withheld < 12 {
            tokio::task::yield_now().await;
        }
    };
    soon("twelve bytes", all).await;
    assert_eq!(bench.link.later_effect().withheld, 12);
    bench.link.release_all();
    assert_eq!(server.hear(4).await, "lost");
    assert_eq!(client.hear(8).await, "lost too");
}

#[tokio::test(flavor = "current_thread")]
async fn counters_say_what_is_open_in_flight_and_moved() {
    let mut bench = Bench::new([]).await;
    assert_eq!(bench.link.counters(), Counters::default());
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    let asked = REQUEST.len() as u64;
    assert_eq!(bench.link.counters(), Counters { connections: 1, requests: 1, bytes: asked });
    server.say(ANSWER).await;
    client.hear(ANSWER.len()).await;
    bench.done().await;
    let bytes = asked + ANSWER.len() as u64;
    assert_eq!(bench.link.counters(), Counters { connections: 1, requests: 0, bytes });
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    drop((client, server));
    bench.closed().await;
    assert_eq!(bench.link.counters(), Counters { connections: 0, requests: 0, bytes: bytes + asked });
}
