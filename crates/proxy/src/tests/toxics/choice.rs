//! Toxics that are about some requests only.

use super::super::peer::{ANSWER, Bench, End, Peer, REQUEST};
use super::{NEVER, only};
use crate::{Only, Side};

const GET: &str = "GET /b?x=1 HTTP/1.1\r\n\r\n";

fn get() -> Only {
    Only { method: Some("GET".into()), path: Some("/b".into()), ..Only::default() }
}

async fn ask(client: &mut Peer, server: &mut Peer, request: &str) {
    client.say(request).await;
    assert_eq!(server.hear(request.len()).await, request);
    server.say(ANSWER).await;
}

#[tokio::test(flavor = "current_thread")]
async fn the_first_requests_fail_and_then_everything_has_recovered() {
    let bench = Bench::new([]).await;
    let first = Only { first: Some(2), ..Only::default() };
    bench.link.add_toxic(only(r#"{"reset_peer":{"timeout":0}}"#, Side::Client, first)).expect("added");
    for _ in 0..2 {
        let (mut client, mut server) = bench.pair().await;
        ask(&mut client, &mut server, REQUEST).await;
        assert_eq!(client.rest().await, (String::new(), End::Rst));
    }
    for _ in 0..2 {
        let (mut client, mut server) = bench.pair().await;
        client.exchange(&mut server).await;
        client.exchange(&mut server).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_request_is_chosen_by_method_and_path_on_a_connection_that_carries_others() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(only(r#"{"limit_data":{"bytes":9}}"#, Side::Client, get())).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.exchange(&mut server).await;
    client.exchange(&mut server).await;
    ask(&mut client, &mut server, GET).await;
    assert_eq!(client.rest().await, (ANSWER[..9].to_owned(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn the_nth_of_pipelined_requests_is_changed_and_no_other() {
    let bench = Bench::new([]).await;
    let nth = Only { nth: Some(2), ..Only::default() };
    bench.link.add_toxic(only(r#"{"corrupt":{"from":6,"length":1,"mask":2}}"#, Side::Server, nth)).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.say(&REQUEST.repeat(3)).await;
    let changed = REQUEST.replacen("/a", "/c", 1);
    assert_eq!(server.hear(3 * REQUEST.len()).await, format!("{REQUEST}{changed}{REQUEST}"));
}

#[tokio::test(flavor = "current_thread")]
async fn an_answer_is_chosen_by_its_request_also_behind_an_interim_one() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(only(r#"{"limit_data":{"bytes":12}}"#, Side::Client, get())).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.say(&format!("{REQUEST}{GET}")).await;
    server.hear(REQUEST.len() + GET.len()).await;
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    server.say(&format!("{interim}{ANSWER}{interim}{ANSWER}")).await;
    let all = format!("{interim}{ANSWER}{interim}{}", &ANSWER[..12]);
    assert_eq!(client.rest().await, (all, End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn a_head_that_comes_in_pieces_is_chosen_as_a_whole() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(only(&format!(r#"{{"latency":{{"latency":{NEVER}}}}}"#), Side::Server, get())).expect("added");
    let (mut client, mut server) = bench.pair().await;
    for byte in GET.bytes() {
        client.say(&char::from(byte).to_string()).await;
    }
    while bench.link.hits().0.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(server.0.try_read(&mut [0]).is_err());
    let (hits, forgotten) = bench.link.hits();
    assert_eq!((hits[0].offset, forgotten), (0, 0));
    bench.link.remove_toxic("latency_upstream").expect("removed");
    assert_eq!(server.hear(GET.len()).await, GET);
}

#[tokio::test(flavor = "current_thread")]
async fn a_client_is_chosen_by_its_address() {
    let bench = Bench::new([]).await;
    let (mut one, mut one_server) = bench.pair().await;
    let (mut other, mut other_server) = bench.pair().await;
    let client = one.0.local_addr().expect("bound").to_string();
    let only_one = Only { client: Some(client), ..Only::default() };
    bench.link.add_toxic(only(r#"{"limit_data":{"bytes":0}}"#, Side::Client, only_one)).expect("added");
    other.exchange(&mut other_server).await;
    ask(&mut one, &mut one_server, REQUEST).await;
    assert_eq!(one.rest().await, (String::new(), End::Fin));
    other.exchange(&mut other_server).await;
}

#[tokio::test(flavor = "current_thread")]
async fn where_no_request_is_recognised_nothing_is_chosen() {
    let bench = Bench::new([]).await;
    bench.link.add_toxic(only(r#"{"limit_data":{"bytes":0}}"#, Side::Server, Only::default())).expect("added");
    let (mut client, mut server) = bench.pair().await;
    client.say("\u{1}\u{2}no HTTP at all").await;
    assert_eq!(server.hear(16).await.len(), 16);
    client.finish().await;
    assert_eq!(server.rest().await, (String::new(), End::Fin));
}
