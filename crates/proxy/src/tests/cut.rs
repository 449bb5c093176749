//! Breaking connections: what the peers see of it, and what it is said to have met.

use super::peer::{ANSWER, Bench, End, REQUEST, bare, gate};
use crate::{CutMode, Effect, LinkEventKind, Phase, Point, Toward};

#[tokio::test(flavor = "current_thread")]
async fn each_mode_looks_to_each_side_as_it_says() {
    for (mode, end) in [(CutMode::Fin, End::Fin), (CutMode::Rst, End::Rst)] {
        let mut bench = Bench::new([]).await;
        let (mut client, mut server) = bench.pair().await;
        client.exchange(&mut server).await;
        let effect = bench.link.cut(1, mode, Toward::Both).await;
        assert_eq!(effect, Effect { broken: 1, ..Effect::default() });
        assert_eq!(client.rest().await, (String::new(), end));
        assert_eq!(server.rest().await.0, "");
        drop((client, server));
        assert_eq!(bench.closed().await, 1);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn only_the_side_that_is_named_sees_it() {
    for mode in [CutMode::Fin, CutMode::Rst] {
        for toward in [Toward::Client, Toward::Server] {
            let mut bench = Bench::new([]).await;
            let (mut client, mut server) = bench.pair().await;
            client.exchange(&mut server).await;
            let (mut named, mut other) = if toward == Toward::Client { (client, server) } else { (server, client) };
            assert_eq!(bench.link.cut(1, mode, toward).await.broken, 1);
            let end = if mode == CutMode::Fin { End::Fin } else { End::Rst };
            assert_eq!(named.rest().await, (String::new(), end));
            drop(named);
            // It speaks and ends by itself; only then the connection is closed.
            other.say("anybody there?").await;
            assert!(bench.told().iter().all(|event| !matches!(event, LinkEventKind::Closed(_))));
            other.finish().await;
            assert_eq!(other.rest().await, (String::new(), End::Fin));
            assert_eq!(bench.closed().await, 1);
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_side_that_was_spared_can_be_cut_later() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    assert_eq!(bench.link.cut(1, CutMode::Rst, Toward::Client).await.broken, 1);
    assert_eq!(client.rest().await, (String::new(), End::Rst));
    assert_eq!(bench.link.cut(1, CutMode::Rst, Toward::Client).await, Effect::default());
    assert_eq!(bench.link.cut_all(CutMode::Rst, Toward::Both).await.broken, 1);
    assert_eq!(server.rest().await, (String::new(), End::Rst));
}

#[tokio::test(flavor = "current_thread")]
async fn a_cut_of_all_breaks_idle_connections_before_those_on_which_somebody_waits() {
    let mut bench = Bench::new([]).await;
    let (mut asking, mut asked) = bench.pair().await;
    asking.say(REQUEST).await;
    asked.hear(REQUEST.len()).await;
    let (mut idle, mut answers) = bench.pair().await;
    idle.exchange(&mut answers).await;
    assert_eq!(bench.link.cut_all(CutMode::Rst, Toward::Both).await.broken, 2);
    drop((asking, asked, idle, answers));
    // The busy one is the older one, and would be first by its number.
    assert_eq!((bench.closed().await, bench.closed().await), (2, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn bytes_that_never_arrive_are_counted_whichever_side_is_told() {
    for toward in [Toward::Client, Toward::Server, Toward::Both] {
        let mut bench = Bench::new([gate(1, Phase::RequestBody, 3)]).await;
        let (mut client, _server) = bench.pair().await;
        client.say(REQUEST).await;
        bench.parked().await;
        let effect = bench.link.cut(1, CutMode::Rst, toward).await;
        assert_eq!(effect, Effect { withheld: 2, broken: 1, ..Effect::default() });
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_orderly_end_is_no_reset_even_if_the_peer_was_sending() {
    let mut bench = Bench::new([gate(1, Phase::RequestHead, 0)]).await;
    let (mut client, _server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    bench.link.cut(1, CutMode::Fin, Toward::Client).await;
    for _ in 0..100 {
        client.say(REQUEST).await;
    }
    client.finish().await;
    assert_eq!(client.rest().await, (String::new(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn what_had_arrived_is_still_read_after_a_reset() {
    let mut bench = Bench::new([gate(1, Phase::ResponseSent, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    bench.parked().await;
    assert_eq!(bench.link.cut(1, CutMode::Rst, Toward::Both).await.broken, 1);
    assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Rst));
}

#[tokio::test(flavor = "current_thread")]
async fn a_cut_of_what_is_gone_or_never_was_meets_nothing() {
    let mut bench = Bench::new([]).await;
    let (client, server) = bench.pair().await;
    drop((client, server));
    bench.closed().await;
    assert_eq!(bench.link.cut(1, CutMode::Rst, Toward::Both).await, Effect::default());
    assert_eq!(bench.link.cut(99, CutMode::Rst, Toward::Both).await, Effect::default());
    assert_eq!(bench.link.cut_all(CutMode::Fin, Toward::Both).await, Effect::default());
    assert!(!Effect::default().fired());
}

#[tokio::test(flavor = "current_thread")]
async fn a_held_connection_that_both_peers_have_left_is_not_live() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    assert_eq!(bench.link.hold_all().await.held, 1);
    client.reset();
    server.reset();
    assert_eq!(bench.link.cut_all(CutMode::Rst, Toward::Both).await, Effect::default());
    assert_eq!(bench.closed().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn every_connection_is_cut_wherever_it_is() {
    let mut bench = Bench::new([bare(1, Point::Connect), gate(2, Phase::RequestHead, 1)]).await;
    let mut connecting = bench.client().await;
    bench.parked().await;
    let (mut parked, _parked_server) = bench.pair().await;
    parked.say(REQUEST).await;
    bench.parked().await;
    let (mut held, mut held_server) = bench.pair().await;
    held.exchange(&mut held_server).await;
    assert_eq!(bench.link.hold(3).await.held, 1);
    let (mut idle, mut idle_server) = bench.pair().await;
    idle.exchange(&mut idle_server).await;
    let effect = bench.link.cut_all(CutMode::Rst, Toward::Both).await;
    assert_eq!((effect.broken, effect.withheld), (4, REQUEST.len() as u64 - 1));
    for client in [&mut connecting, &mut parked, &mut held, &mut idle] {
        assert_eq!(client.rest().await, (String::new(), End::Rst));
    }
    assert!(bench.link.parked().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn a_request_that_is_cut_off_is_reported_before_the_cut_returns() {
    let mut bench = Bench::new([gate(1, Phase::ResponseBody, 1)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    bench.parked().await;
    bench.link.cut(1, CutMode::Rst, Toward::Both).await;
    let told = bench.told();
    let done = told.iter().find_map(|event| match event {
        LinkEventKind::RequestDone(seen) => Some(seen),
        _ => None,
    });
    let done = done.expect("told");
    assert_eq!((done.phase, done.finished), (Some(Phase::ResponseHead), false));
    assert_eq!(done.response_bytes as usize, ANSWER.len() - 3);
}
