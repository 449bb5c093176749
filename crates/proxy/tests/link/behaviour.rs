//! What a link does for a test: waits, undoes, refuses what is never met, and says what was not.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::time::Duration;

use crate::support::{Shop, ask, exchange, meanwhile, post};
use quietdown_proxy::{Cut, GateError, Link, Only, Phase, Place, Request, Side, Toxic, WrongPlace};

const GET: &str = "GET /items HTTP/1.1\r\n\r\n";

/// What a panic says.
fn panic_of(does: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(does)).expect_err("it panics");
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| panic!("a panic without a text"))
}

fn link(shop: &Shop) -> Link {
    Link::to(shop.addr).open().expect("a link")
}

static SHOP: LazyLock<Shop> = LazyLock::new(Shop::open);
static SHARED: LazyLock<Link> = LazyLock::new(|| link(&SHOP));

async fn a_shared_link_works() {
    let gate = SHARED.gate(Request::get("/items").at(Phase::RequestSent)).optional();
    ask(SHARED.addr(), "GET /other HTTP/1.1\r\n\r\n").expect("an answer");
    drop(gate);
    assert!(SHARED.requests().iter().any(|seen| seen.path == "/other" && seen.finished));
}

#[tokio::test]
async fn a_static_link_outlives_the_runtime_of_one_test() {
    a_shared_link_works().await;
}

#[tokio::test]
async fn a_static_link_outlives_the_runtime_of_another_test() {
    a_shared_link_works().await;
}

#[test]
fn a_runtime_without_clock_and_sockets_stops_neither_the_link_nor_its_waits() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(works_without_help());
}

async fn works_without_help() {
    let shop = Shop::open();
    let link = Link::to(shop.addr).within(Duration::from_millis(50)).await.expect("a link");
    let gate = link.gate(Request::get("/never").at(Phase::RequestHead)).optional();
    let addr = link.addr();
    assert_eq!(meanwhile(move || ask(addr, GET)).join().expect("no panic").expect("an answer"), "hello");
    let error = gate.reached().await.expect_err("nothing comes");
    assert!(matches!(error, GateError::NotReached { .. }), "{error}");
    assert!(error.to_string().contains("1 connections and 1 requests, `GET /items` (200)"), "{error}");
}

#[test]
fn a_gate_stops_a_stream_at_its_byte_until_it_is_resumed() {
    let (shop, mut byte) = (Shop::open(), [0]);
    let link = link(&shop);
    let gate = link.gate(Request::get("/items").at(Phase::ResponseBody).byte(1));
    let mut client = TcpStream::connect(link.addr()).expect("accepted");
    client.write_all(GET.as_bytes()).expect("sent");
    let reached = gate.reached_blocking().expect("a stream");
    let request = reached.request.expect("a request");
    assert_eq!(request.response_bytes, request.response_head + 1);
    gate.resume();
    let mut answer = String::new();
    while !answer.ends_with("hello") {
        client.read_exact(&mut byte).expect("the rest");
        answer.push(char::from(byte[0]));
    }
}

#[test]
fn a_gate_that_is_resumed_too_early_does_not_stop_what_comes_later() {
    let shop = Shop::open();
    let link = link(&shop);
    let gate = link.gate(Request::post("/items").at(Phase::RequestHead));
    gate.resume();
    assert_eq!(ask(link.addr(), &post("/items", "", "tea")).expect("an answer"), "hello");
    assert!(gate.is_met());
}

#[test]
fn a_gate_that_is_dropped_lets_go_of_what_it_holds() {
    let shop = Shop::open();
    let link = link(&shop);
    let addr = link.addr();
    let stopped = link.gate(Request::get("/items").at(Phase::RequestHead));
    let client = meanwhile(move || ask(addr, GET));
    stopped.reached_blocking().expect("a stream");
    drop(stopped);
    assert_eq!(client.join().expect("no panic").expect("an answer"), "hello");
    let held = link.gate(Request::get("/items").at(Phase::RequestHead));
    let client = meanwhile(move || ask(addr, GET));
    assert_eq!(held.hold_blocking().expect("a stream").held, 1);
    drop(held);
    assert_eq!(client.join().expect("no panic").expect("an answer"), "hello");
}

#[test]
fn what_was_never_met_is_told_with_what_was_seen() {
    let shop = Shop::open();
    let link = link(&shop);
    ask(link.addr(), GET).expect("an answer");
    let gate = link.gate(Request::post("/items").at(Phase::RequestSent));
    let rule = link.on(Place::from(Phase::RequestHead).nth(2)).cut(Cut::Reset);
    let all = panic_of(|| link.assert_all_met());
    for what in [
        "`POST /items` at RequestSent",
        "`* *` at RequestHead, match 2",
        "`GET /items` (200)",
        "tests/link/behaviour.rs:",
    ] {
        assert!(all.contains(what), "{all}");
    }
    let one = panic_of(|| drop(gate));
    assert!(one.contains("a gate at `POST /items`") && one.contains("never met, expected at least 1 times"), "{one}");
    assert!(panic_of(|| drop(rule)).contains("a cut at"));
    link.assert_all_met();
}

#[test]
fn a_rule_acts_from_the_first_match_on_as_often_as_it_says() {
    let shop = Shop::open();
    let link = link(&shop);
    let addr = link.addr();
    let rule = link.on(Request::post("/items").at(Phase::RequestHead)).times(2).cut(Cut::Reset).expect(2);
    for _ in 0..2 {
        ask(addr, &post("/items", "", "tea")).expect_err("it is cut");
    }
    ask(addr, &post("/items", "", "tea")).expect("it has recovered");
    rule.reached_blocking(2).expect("both");
    assert_eq!((rule.met(), rule.effect().broken, shop.orders().len()), (2, 2, 1));
    drop(rule);
    let twice = link.on(Request::get("/items").at(Phase::RequestHead)).count().expect(2..=3);
    ask(addr, GET).expect("an answer");
    let failure = panic_of(|| drop(twice));
    assert!(failure.contains("was met 1 times, expected 2 to 3 times"), "{failure}");
    let never = link.on(Request::get("/items").at(Phase::RequestHead)).count().expect(0);
    ask(addr, GET).expect("an answer");
    assert!(panic_of(|| drop(never)).contains("was met 1 times, expected 0 times"));
}

#[test]
fn a_rule_that_is_dropped_undoes_what_it_did() {
    let shop = Shop::open();
    let link = link(&shop);
    let addr = link.addr();
    let holds = link.on(Request::get("/items").at(Phase::RequestHead)).hold();
    let client = meanwhile(move || ask(addr, GET));
    holds.reached_blocking(1).expect("it is held");
    drop(holds);
    assert_eq!(client.join().expect("no panic").expect("an answer"), "hello");
    let refuses = link.on(Request::get("/items").at(Phase::RequestHead)).refuse();
    ask(addr, GET).expect("an answer");
    TcpStream::connect(addr).expect_err("it refuses");
    drop(refuses);
    ask(addr, GET).expect("an answer");
}

#[test]
fn a_place_that_can_never_be_met_is_refused_with_what_to_write() {
    let shop = Shop::open();
    let link = link(&shop);
    let head = Phase::RequestHead;
    for (place, remedy) in [
        (Request::any().at(head).nth(0), "nth(1)"),
        (Request::new("post", "/items").at(head), "write `POST`"),
        (Request::post("items").at(head), "write `/items`"),
        (Request::post("/items?x=1").at(head), "write `/items` instead"),
        (Request::any().except("items").at(head), "write `/items`"),
        (Request::any().at(Phase::RequestSent).byte(3), "leave byte() and middle() out"),
        (Request::any().at(Phase::ResponseSent).middle(), "leave byte() and middle() out"),
        (Place::connect().byte(1), "leave byte() and middle() out"),
        (Place::idle().byte(1), "leave byte() and middle() out"),
        (Place::bytes(Side::Server, 0).byte(-1), "a number of 0 or more"),
    ] {
        let wrong = link.try_gate(place.clone()).expect_err(remedy);
        assert!(wrong.to_string().contains(remedy), "{wrong}");
        assert_eq!(link.try_on(place.clone()).map(drop), Err(wrong.clone()));
        assert!(panic_of(|| drop(link.gate(place.clone()))).contains(&wrong.to_string()));
        assert!(panic_of(|| drop(link.on(place).count())).contains(remedy));
    }
    assert_eq!(link.try_gate(Request::any().at(head).nth(0)).map(drop), Err(WrongPlace::NthZero));
    let wrong = link.toxic(Toxic::limit_data(0).only(Only::requests("post", "/items"))).expect_err("lower case");
    assert!(wrong.to_string().contains("write `POST`"), "{wrong}");
}

#[test]
fn a_place_past_the_end_of_a_message_is_not_met_and_said() {
    let shop = Shop::open();
    let link = link(&shop);
    for phase in [Phase::RequestHead, Phase::ResponseHead, Phase::ResponseBody, Phase::RequestBody] {
        for byte in [1000, -1000] {
            let gate = link.gate(Request::get("/items").at(phase).byte(byte));
            ask(link.addr(), GET).expect("an answer");
            let failure = panic_of(|| drop(gate));
            assert!(failure.contains("`GET /items` was too short for this place"), "{phase:?} {byte}: {failure}");
        }
    }
    // Its last byte is there.
    let gate = link.gate(Request::get("/items").at(Phase::ResponseBody).byte(5));
    let addr = link.addr();
    let client = meanwhile(move || ask(addr, GET));
    gate.reached_blocking().expect("a stream");
    gate.resume();
    client.join().expect("no panic").expect("an answer");
}

#[test]
fn toxics_holds_and_refusals_end_with_their_guards() {
    let shop = Shop::open();
    let link = link(&shop);
    let addr = link.addr();
    let lost = link.toxic(Toxic::limit_data(0).only(Only::requests("GET", "/items").first(1))).expect("a toxic");
    let other = link.toxic(Toxic::limit_data(0).toward(Side::Server)).expect("another direction");
    let third = link.toxic(Toxic::limit_data(1)).expect("the same name, with a number");
    assert_ne!(lost.name(), third.name());
    drop((other, third));
    ask(addr, GET).expect_err("the answer is lost");
    assert_eq!(ask(addr, GET).expect("it has recovered"), "hello");
    assert_eq!(link.hits().len(), 1);
    drop(lost);
    let refuses = link.refuse();
    TcpStream::connect(addr).expect_err("it refuses");
    drop(refuses);
    let held = link.hold_blocking();
    let client = meanwhile(move || ask(addr, GET));
    // It is taken in, and goes nowhere.
    while held.effect().withheld < GET.len() as u64 {
        std::thread::yield_now();
    }
    assert_eq!((held.effect().refused, link.requests().iter().filter(|seen| seen.phase.is_none()).count()), (1, 1));
    drop(held);
    assert_eq!(client.join().expect("no panic").expect("an answer"), "hello");
    let held = link.hold_blocking();
    assert_eq!(held.effect().refused, 0);
    let client = meanwhile(move || ask(addr, GET));
    while held.effect().refused == 0 {
        std::thread::yield_now();
    }
    held.break_connections_blocking();
    client.join().expect("no panic").expect_err("it is broken");
}

#[tokio::test]
async fn dropping_a_link_ends_its_connections_and_whoever_waits() {
    let shop = Shop::open();
    let link = Link::to(shop.addr).await.expect("a link");
    let addr = link.addr();
    let gate = link.gate(Request::get("/never").at(Phase::RequestHead)).optional();
    let mut client = TcpStream::connect(addr).expect("accepted");
    exchange(&mut client, GET).expect("an answer");
    let waits = tokio::spawn(async move { gate.reached().await });
    tokio::task::yield_now().await;
    tokio::task::spawn_blocking(move || drop(link)).await.expect("no panic");
    assert_eq!(client.read(&mut [0]).expect("an orderly end"), 0);
    TcpStream::connect(addr).expect_err("nobody listens");
    let error = waits.await.expect("no panic").expect_err("nothing comes any more");
    assert!(matches!(error, GateError::LinkClosed { .. }), "{error}");
}

#[test]
fn a_byte_of_any_protocol_can_be_a_place() {
    let shop = Shop::open();
    let link = link(&shop);
    let gate = link.gate(Place::bytes(Side::Server, 3));
    let mut client = TcpStream::connect(link.addr()).expect("accepted");
    client.write_all(b"\x16\x03\x01\x00").expect("sent");
    assert_eq!(gate.reached_blocking().expect("a stream").request, None);
    assert_eq!(gate.cut_blocking(Cut::Reset).expect("a connection").withheld, 1);
    client.read(&mut [0]).expect_err("it is reset");
}
