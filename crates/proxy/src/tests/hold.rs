//! Black holes: nothing comes out, not even an end; and what a release or a break makes of them.

use super::peer::{ANSWER, Bench, End, REQUEST, gate, soon};
use crate::{Bandwidth, CutMode, Effect, LinkEventKind, Phase, Side, Toward, Toxic, ToxicKind};

#[tokio::test(flavor = "current_thread")]
async fn what_a_hold_withholds_passes_in_order_when_it_is_released() {
    let mut bench = Bench::new([gate(1, Phase::RequestBody, 2)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    bench.parked().await;
    let effect = bench.link.hold(1).await;
    assert_eq!(effect, Effect { withheld: 3, held: 1, ..Effect::default() });
    bench.link.resume(1);
    client.say("POST /b HTTP/1.1\r\n\r\n").await;
    client.finish().await;
    server.say(ANSWER).await;
    bench.link.release_all();
    assert_eq!(server.rest().await, (format!("{REQUEST}POST /b HTTP/1.1\r\n\r\n"), End::Fin));
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
}

#[tokio::test(flavor = "current_thread")]
async fn a_held_connection_lets_nothing_out_neither_bytes_nor_ends() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    assert_eq!(bench.link.hold(1).await.held, 1);
    client.say("into the hole").await;
    client.finish().await;
    server.say("into the hole").await;
    // Another connection goes all the way meanwhile: the link had every chance.
    let (mut other, mut other_server) = bench.pair().await;
    other.exchange(&mut other_server).await;
    bench.link.cut(1, CutMode::Rst, Toward::Both).await;
    assert_eq!(client.rest().await, (String::new(), End::Rst));
    assert_eq!(server.rest().await, (String::new(), End::Rst));
}

#[tokio::test(flavor = "current_thread")]
async fn a_reset_of_a_held_peer_is_carried_when_the_hold_ends() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    bench.link.hold_all().await;
    client.reset();
    bench.link.release_all();
    assert_eq!(server.rest().await, (String::new(), End::Rst));
    assert_eq!(bench.closed().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_held_link_swallows_those_who_come_and_says_so() {
    let mut bench = Bench::new([]).await;
    assert_eq!(bench.link.hold_all().await, Effect::default());
    assert_eq!(bench.link.later_effect(), Effect::default());
    let mut client = bench.client().await;
    client.say(REQUEST).await;
    // Its request was taken in, whole, and goes nowhere.
    bench.requested().await;
    let swallowed = Effect { refused: 1, withheld: REQUEST.len() as u64, ..Effect::default() };
    assert_eq!(bench.link.later_effect(), swallowed);
    client.say("more").await;
    client.finish().await;
    bench.link.release_all();
    let mut server = bench.server().await;
    assert_eq!(server.rest().await, (format!("{REQUEST}more"), End::Fin));
    server.say(ANSWER).await;
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
    // Those who come after the release are not swallowed.
    let (mut later, mut later_server) = bench.pair().await;
    later.exchange(&mut later_server).await;
    assert_eq!(bench.link.later_effect().refused, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_that_was_released_is_not_held_any_more() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    bench.link.hold(1).await;
    client.say(REQUEST).await;
    bench.link.release_all();
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
    // Breaking what is held spares it: it was let go.
    bench.link.break_held().await;
    server.say(ANSWER).await;
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
    client.exchange(&mut server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn breaking_what_is_held_breaks_what_a_toxic_withholds() {
    let bench = Bench::new([]).await;
    let stalled = ToxicKind::Bandwidth(Bandwidth { rate: 0 });
    bench.link.add_toxic(Toxic::new(stalled, Side::Server)).expect("a toxic");
    let (mut client, mut server) = bench.pair().await;
    let (mut idle, mut idle_server) = bench.pair().await;
    client.say(REQUEST).await;
    soon("a hit", async {
        while bench.link.hits().0.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    bench.link.break_held().await;
    bench.link.clear_toxics();
    assert_eq!(server.rest().await, (String::new(), End::Rst));
    assert_eq!(client.rest().await, (String::new(), End::Rst));
    // Of this one nothing is withheld.
    idle.exchange(&mut idle_server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn breaking_what_is_held_spares_the_rest() {
    let mut bench = Bench::new([]).await;
    let (mut held, mut held_server) = bench.pair().await;
    held.exchange(&mut held_server).await;
    let (mut free, mut free_server) = bench.pair().await;
    free.exchange(&mut free_server).await;
    bench.link.hold(1).await;
    held.say("never arrives").await;
    bench.link.break_held().await;
    assert_eq!(held.rest().await, (String::new(), End::Rst));
    assert_eq!(held_server.rest().await, (String::new(), End::Rst));
    assert_eq!(bench.closed().await, 1);
    free.exchange(&mut free_server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn breaking_what_is_held_breaks_the_swallowed_and_opens_the_link_again() {
    let mut bench = Bench::new([]).await;
    bench.link.hold_all().await;
    let mut swallowed = bench.client().await;
    bench.opened().await;
    bench.link.break_held().await;
    assert_eq!(swallowed.rest().await, (String::new(), End::Rst));
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_hold_right_after_a_release_holds() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    bench.link.hold(1).await;
    bench.link.release_all();
    assert_eq!(bench.link.hold(1).await.held, 1);
    client.say("into the hole").await;
    let (mut other, mut other_server) = bench.pair().await;
    other.exchange(&mut other_server).await;
    bench.link.cut(1, CutMode::Rst, Toward::Both).await;
    assert_eq!(server.rest().await, (String::new(), End::Rst));
}

#[tokio::test(flavor = "current_thread")]
async fn a_held_connection_is_closed_only_when_the_hold_ends() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    bench.link.hold(1).await;
    drop((client, server));
    let (mut other, mut other_server) = bench.pair().await;
    other.exchange(&mut other_server).await;
    assert!(bench.told().iter().all(|event| !matches!(event, LinkEventKind::Closed(_))));
    bench.link.release_all();
    assert_eq!(bench.closed().await, 1);
}
