//! Which match of a gate counts, and what happens there.

use super::peer::{ANSWER, Bench, End, HEAD, REQUEST, gate, repeated};
use crate::At;
use crate::{CutMode, FirstMatch, GateSpec, LinkEventKind, Phase, Point, RepeatAction, Toward};

#[tokio::test(flavor = "current_thread")]
async fn the_nth_match_is_counted_over_all_connections_and_only_over_what_the_gate_names() {
    let mut third = gate(1, Phase::RequestHead, 0);
    third.nth = 3;
    third.point = Point::Request {
        method: Some("POST".into()),
        path: Some("/*".into()),
        without: vec!["/other/*".into()],
        phase: Phase::RequestHead,
        at: At::Byte(0),
        exact: false,
    };
    let mut bench = Bench::new([third]).await;
    let (mut one, mut one_server) = bench.pair().await;
    let (mut two, mut two_server) = bench.pair().await;
    one.exchange(&mut one_server).await;
    let other = "GET /a HTTP/1.1\r\n\r\n";
    two.say(other).await;
    assert_eq!(two_server.hear(other.len()).await, other);
    two_server.say(ANSWER).await;
    two.hear(ANSWER.len()).await;
    two.exchange(&mut two_server).await;
    one.say(REQUEST).await;
    let (_, connection, seen) = bench.parked().await;
    assert_eq!((connection, seen.expect("a request").number), (1, 4));
    // The other connection is not stopped, nor a later match.
    two.exchange(&mut two_server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn counts_begin_again_with_every_boot_but_a_gate_parks_once() {
    let mut second = gate(1, Phase::RequestHead, 0);
    second.nth = 2;
    let mut bench = Bench::new([second]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    bench.link.reset_counts();
    client.exchange(&mut server).await;
    client.say(REQUEST).await;
    assert_eq!(bench.parked().await.2.expect("a request").number, 3);
    bench.link.resume(1);
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    client.hear(ANSWER.len()).await;
    bench.link.reset_counts();
    for _ in 0..3 {
        client.exchange(&mut server).await;
    }
    assert!(bench.told().iter().all(|event| !matches!(event, LinkEventKind::Parked { .. })));
}

#[tokio::test(flavor = "current_thread")]
async fn the_link_repeats_an_action_so_many_times_after_it_parked_once() {
    let cut = RepeatAction::Cut(CutMode::Rst, Toward::Both);
    let mut bench = Bench::new([repeated(gate(1, Phase::RequestBody, 1), Some(2), cut)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    bench.link.resume(1);
    server.hear(REQUEST.len()).await;
    for _ in 0..2 {
        let (mut client, mut server) = bench.pair().await;
        client.say(REQUEST).await;
        let (seen, effect) = bench
            .event("repeated", |event| match event {
                LinkEventKind::Repeated { gate: 1, request, effect, .. } => Some((request.clone(), *effect)),
                _ => None,
            })
            .await;
        assert_eq!((effect.broken, effect.withheld), (1, 4));
        assert_eq!(seen.expect("a request").request_bytes as usize, HEAD.len() + 1);
        assert_eq!(client.rest().await, (String::new(), End::Rst));
        assert_eq!(server.rest().await, (REQUEST[..=HEAD.len()].to_owned(), End::Rst));
    }
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_repeat_without_a_number_never_ends_and_is_met_by_every_pipelined_request() {
    let mut bench = Bench::new([repeated(gate(1, Phase::RequestHead, 0), None, RepeatAction::Refuse)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(&REQUEST.repeat(4)).await;
    bench.parked().await;
    bench.link.resume(1);
    server.hear(REQUEST.len() * 4).await;
    for number in 2..=4 {
        let seen = bench
            .event("repeated", |event| match event {
                LinkEventKind::Repeated { request, .. } => request.clone(),
                _ => None,
            })
            .await;
        assert_eq!(seen.number, number);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn disarming_lets_go_of_what_is_parked_and_of_what_would_park() {
    let mut bench = Bench::new([gate(1, Phase::RequestHead, 2), gate(2, Phase::ResponseSent, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    bench.link.disarm(2);
    bench.link.disarm(1);
    assert!(bench.link.parked().is_empty());
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    client.hear(ANSWER.len()).await;
    client.exchange(&mut server).await;
    assert!(bench.told().iter().all(|event| !matches!(event, LinkEventKind::Parked { .. })));
}

#[tokio::test(flavor = "current_thread")]
async fn a_gate_that_was_resumed_before_anything_came_stops_nothing() {
    let mut bench = Bench::new([gate(1, Phase::RequestHead, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    bench.link.resume(1);
    client.say(REQUEST).await;
    // It was met, all the same.
    assert_eq!(bench.parked().await.0, 1);
    assert!(bench.link.parked().is_empty());
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
    // After its stream has gone on, there is nothing to let go of.
    bench.link.resume(1);
    server.say(ANSWER).await;
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
}

#[tokio::test(flavor = "current_thread")]
async fn a_gate_can_act_from_the_first_match_on() {
    let cut = repeated(gate(1, Phase::RequestHead, 0), Some(2), RepeatAction::Cut(CutMode::Rst, Toward::Both));
    let mut bench = Bench::new([GateSpec { first: FirstMatch::Acts, nth: 2, ..cut }]).await;
    for (match_, is_cut) in [(1, false), (2, true), (3, true), (4, false)] {
        let (mut client, mut server) = bench.pair().await;
        client.say(REQUEST).await;
        if is_cut {
            assert_eq!(client.rest().await, (String::new(), End::Rst), "match {match_}");
            assert_eq!(server.rest().await, (String::new(), End::Rst), "match {match_}");
        } else {
            assert_eq!(server.hear(REQUEST.len()).await, REQUEST, "match {match_}");
        }
    }
    assert!(!bench.told().iter().any(|event| matches!(event, LinkEventKind::Parked { .. })));
}
