//! A client repeats a request whose answer was lost. Was the request carried out twice?

use std::io;
use std::net::SocketAddr;

use crate::support::{Shop, ask, meanwhile, post};
use quietdown_proxy::{Cut, Link, Phase, Request};

/// The client under test: it repeats what has failed.
fn order_with_retry(addr: SocketAddr, headers: &str) -> io::Result<String> {
    let request = post("/items", headers, "tea");
    ask(addr, &request).or_else(|_| ask(addr, &request))
}

/// Loses the answer to the first order; gives what the shop has then.
async fn orders_after_a_lost_answer(headers: &'static str) -> Vec<String> {
    let shop = Shop::open();
    let link = Link::to(shop.addr).await.expect("a link");
    // The server has done what it was asked for; no byte of its answer passes.
    let gate = link.gate(Request::post("/items").at(Phase::ResponseHead));
    let posts = link.on(Request::post("/items").at(Phase::RequestSent)).count().expect(2);
    let addr = link.addr();
    let client = meanwhile(move || order_with_retry(addr, headers));
    gate.reached().await.expect("the answer comes");
    assert_eq!(shop.orders(), ["tea"]);
    gate.cut(Cut::Reset).await.expect("a connection to cut");
    posts.reached(2).await.expect("it is repeated");
    client.join().expect("no panic").expect("the second try succeeds");
    shop.orders()
}

#[tokio::test]
async fn a_retry_without_a_key_orders_twice() {
    assert_eq!(orders_after_a_lost_answer("").await, ["tea", "tea"]);
}

#[tokio::test]
async fn a_retry_with_a_key_orders_once() {
    assert_eq!(orders_after_a_lost_answer("idempotency-key: 1\r\n").await, ["tea"]);
}
