//! Which toxic hit which request at which byte.

use super::super::peer::{ANSWER, Bench, REQUEST};
use super::toxic;
use crate::{Hit, HitEffect, LinkEventKind, RequestHit, Side};

async fn hit(bench: &mut Bench) -> Hit {
    bench
        .event("a hit", |event| match event {
            LinkEventKind::Hit(hit) => Some(hit.clone()),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "current_thread")]
async fn a_hit_names_toxic_request_and_byte_once_for_each_request() {
    let mut bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(r#"{"latency":{"latency":1}}"#, Side::Client)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    for number in 1..=2 {
        client.exchange(&mut server).await;
        let expected = Hit {
            toxic: "latency_downstream".into(),
            effect: HitEffect::Delayed,
            connection: 1,
            toward: Side::Client,
            offset: (number - 1) * ANSWER.len() as u64,
            request: Some(RequestHit { number, method: "POST".into(), path: "/a".into(), byte: 0 }),
        };
        assert_eq!(hit(&mut bench).await, expected);
    }
    assert_eq!(bench.link.hits().0.len(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_hit_in_the_middle_names_the_byte() {
    let mut bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(r#"{"limit_data":{"bytes":50}}"#, Side::Server)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    client.say(REQUEST).await;
    server.rest().await;
    let hit = hit(&mut bench).await;
    let byte = 50 - REQUEST.len() as u64;
    assert_eq!((hit.effect, hit.offset), (HitEffect::Closed, 50));
    assert_eq!(hit.request.map(|request| (request.number, request.byte)), Some((2, byte)));
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_no_http_is_hit_at_its_offset() {
    let mut bench = Bench::new([]).await;
    bench.link.add_toxic(toxic(r#"{"corrupt":{"from":2,"mask":1}}"#, Side::Server)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.say("\u{1}\u{2}abc").await;
    assert_eq!(server.hear(5).await, "\u{1}\u{2}`bc");
    let hit = hit(&mut bench).await;
    assert_eq!((hit.effect, hit.offset, hit.request), (HitEffect::Changed, 2, None));
}
