//! An independent client of Toxiproxy (the crate `toxiproxy_rust`) drives faults into a live store with a live client,
//! through `quietdown proxy`. Times are lower bounds only: a machine may be as slow as it likes.

#[allow(dead_code, reason = "shared with other tests, which need more of it")]
#[path = "../../store/client/process.rs"]
mod process;
#[allow(dead_code, reason = "shared with other tests, which need more of it")]
#[path = "../../proxy_api/served.rs"]
mod served;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use process::Process;
use serde_json::{Value, json};
use served::Served;
use toxiproxy_rust::client::Client;
use toxiproxy_rust::proxy::{Proxy, ProxyPack};

const DOWN: &str = "downstream";
const UP: &str = "upstream";

/// A store, a proxy before it, and its client behind that.
struct Bench {
    served: Served,
    toxiproxy: Client,
    proxy: Proxy,
    store: Process,
    client: Process,
    calls: u64,
}

impl Bench {
    /// The store's client gives up at the first failure, so that what it says is what the network did.
    fn new() -> Self {
        Self::with(&["--retry", "", "--probe", ""])
    }

    fn with(options: &[&str]) -> Self {
        let (store, url) = Process::server(&[]);
        let served = Served::new();
        let toxiproxy = Client::new(served.api);
        let upstream = url.strip_prefix("http://").expect("an address").to_owned();
        let pack = ProxyPack::new("store".to_owned(), "127.0.0.1:0".to_owned(), upstream);
        let proxy = toxiproxy.populate(vec![pack]).expect("populated").remove(0);
        let client = Process::client(&format!("http://{}", proxy.proxy_pack.listen), options, None);
        Self { served, toxiproxy, proxy, store, client, calls: 0 }
    }

    /// One call of the store's client: its answer, and how long it took.
    fn call(&mut self, op: &str, args: Value) -> (Value, Duration) {
        self.calls += 1;
        let began = Instant::now();
        let answer = self.client.ask(&json!({ "call": self.calls, "op": op, "args": args }).to_string());
        (answer, began.elapsed())
    }

    fn health(&mut self) -> (Value, Duration) {
        self.call("health", json!({}))
    }

    /// A call that must succeed; how long it took.
    #[track_caller]
    fn fine(&mut self) -> Duration {
        let (answer, time) = self.health();
        assert_eq!(answer["result"], "ok", "{answer}");
        time
    }

    /// The effects of a toxic that the proxy has noted.
    fn effects(&self, toxic: &str) -> Vec<Value> {
        let answer = self.served.must(200, "GET", "/proxies/store/hits", "");
        let hits = answer["hits"].as_array().expect("an array");
        hits.iter().filter(|hit| hit["toxic"] == toxic).map(|hit| hit["effect"].clone()).collect()
    }

    /// A call that must fail, and what the client makes of it.
    #[track_caller]
    fn fails(&mut self, result: &str, cause: &str) -> Duration {
        let (answer, time) = self.health();
        assert_eq!((&answer["result"], &answer["error"]), (&json!(result), &json!(cause)), "{answer}");
        time
    }

    /// Ends everything when all toxics are gone: the client is well again, and was loud about `failures` calls and nothing
    /// else.
    #[track_caller]
    fn end(mut self, failures: usize) {
        self.proxy.delete_all_toxics().expect("removed");
        self.fine();
        self.proxy.delete().expect("deleted");
        assert!(self.toxiproxy.all().expect("a map").is_empty());
        self.client.end_input();
        let (status, log) = self.client.end();
        assert!(status.success());
        assert_eq!(process::loud(&log).len(), failures, "{log:#?}");
        self.store.signal(rustix::process::Signal::TERM);
        assert!(self.store.end().0.success());
    }
}

#[track_caller]
fn at_least(time: Duration, millis: u64) {
    assert!(time >= Duration::from_millis(millis), "only {time:?}");
}

#[test]
fn the_client_finds_its_way_around() {
    let bench = Bench::new();
    assert!(bench.toxiproxy.is_running());
    assert!(bench.toxiproxy.version().expect("a version").contains("2.12.0"));
    bench.proxy.with_latency(UP.into(), 1, 2, 0.25).with_limit_data(DOWN.into(), 1000, 1.0);
    let found = bench.toxiproxy.find_proxy("store").expect("found");
    assert_eq!(found.proxy_pack.listen, bench.proxy.proxy_pack.listen);
    let toxics = found.toxics().expect("a list");
    let names: Vec<&str> = toxics.iter().map(|toxic| &*toxic.name).collect();
    assert_eq!(names, ["latency_upstream", "limit_data_downstream"]);
    assert_eq!((toxics[0].toxicity, toxics[0].attributes["jitter"]), (0.25, 2));
    found.disable().expect("disabled");
    assert!(!bench.toxiproxy.all().expect("a map")["store"].proxy_pack.enabled);
    bench.toxiproxy.reset().expect("reset");
    let found = bench.toxiproxy.find_and_reset_proxy("store").expect("found");
    assert!(bench.toxiproxy.all().expect("a map")["store"].proxy_pack.enabled);
    assert_eq!(found.toxics().expect("a list").len(), 0);
    bench.end(0);
}

#[test]
fn latency_delays_both_ways_on_a_connection_that_is_open() {
    let mut bench = Bench::new();
    bench.fine();
    bench.proxy.with_latency(DOWN.into(), 150, 0, 1.0);
    at_least(bench.fine(), 150);
    bench.proxy.with_latency(UP.into(), 150, 50, 1.0);
    at_least(bench.fine(), 250);
    assert!(bench.effects("latency_upstream").contains(&json!("delayed")));
    bench.end(0);
}

#[test]
fn a_toxicity_of_0_spares_every_connection() {
    let mut bench = Bench::new();
    bench.proxy.with_timeout(DOWN.into(), 1, 0.0).with_limit_data(UP.into(), 0, 0.0);
    bench.fine();
    assert!(bench.effects("timeout_downstream").is_empty());
    bench.end(0);
}

#[test]
fn bandwidth_takes_its_time() {
    let mut bench = Bench::new();
    bench.proxy.with_bandwidth(UP.into(), 200, 1.0);
    let (answer, time) = bench.call("enqueue_rollout", json!({ "input": "x".repeat(100_000) }));
    assert_eq!(answer["result"], "ok", "{answer}");
    // 100 KB at 200 KB/s.
    at_least(time, 500);
    assert!(bench.effects("bandwidth_upstream").contains(&json!("delayed")));
    bench.end(0);
}

#[test]
fn a_slicer_delays_each_piece_and_loses_none() {
    let mut bench = Bench::new();
    let (answer, _) = bench.call("enqueue_rollout", json!({ "input": "y".repeat(1000) }));
    let rollout = answer["value"]["rollout_id"].clone();
    bench.proxy.with_slicer(DOWN.into(), 50, 10, 10_000, 1.0);
    let (answer, time) = bench.call("get_rollout", json!({ "rollout_id": rollout }));
    assert_eq!(answer["value"]["input"], "y".repeat(1000), "{answer}");
    // More than 1000 bytes in pieces of at most 60, 10 ms after each but the last.
    at_least(time, 160);
    bench.end(0);
}

#[test]
fn limit_data_cuts_the_answer_and_the_client_is_told_so() {
    let mut bench = Bench::new();
    bench.fine();
    bench.proxy.with_limit_data(DOWN.into(), 40, 1.0);
    bench.fails("unreachable", "cut-in-head");
    assert!(bench.effects("limit_data_downstream").contains(&json!("closed")));
    bench.end(1);
}

#[test]
fn limit_data_cuts_the_request_and_the_store_has_seen_none() {
    let mut bench = Bench::new();
    bench.proxy.with_limit_data(UP.into(), 0, 1.0);
    let (answer, _) = bench.call("enqueue_rollout", json!({ "input": 1 }));
    assert_ne!(answer["result"], "ok", "{answer}");
    bench.proxy.delete_all_toxics().expect("removed");
    let (answer, _) = bench.call("query_rollouts", json!({}));
    assert_eq!((&answer["result"], &answer["value"]["total"]), (&json!("ok"), &json!(0)), "{answer}");
    bench.end(1);
}

#[test]
fn timeout_ends_the_connection_and_until_then_nothing_passes() {
    let mut bench = Bench::new();
    bench.fine();
    bench.proxy.with_timeout(DOWN.into(), 200, 1.0);
    let began = Instant::now();
    bench.fails("unreachable", "closed");
    at_least(began.elapsed(), 150);
    bench.end(1);
}

#[test]
fn a_timeout_of_0_is_a_black_hole_until_it_is_removed() {
    let mut bench = Bench::with(&["--retry", "", "--probe", "", "--request-timeout", "300ms"]);
    bench.proxy.with_timeout(UP.into(), 0, 1.0);
    at_least(bench.fails("unreachable", "timeout"), 300);
    assert!(bench.effects("timeout_upstream").contains(&json!("dropped")));
    bench.end(1);
}

#[test]
fn slow_close_delays_nothing_but_the_end() {
    let mut bench = Bench::new();
    bench.proxy.with_slow_close(DOWN.into(), 300, 1.0);
    // The store's client keeps its connection and sees nothing of it; this one asks for the end.
    bench.fine();
    let mut stream = served::connect(bench.proxy.proxy_pack.listen.parse().expect("an address"));
    stream.write_all(b"GET /v1/agl/health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").expect("sent");
    let began = Instant::now();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let mut chunk = [0; 1000];
        let count = stream.read(&mut chunk).expect("an answer");
        assert_ne!(count, 0, "{answer:?}");
        answer.extend_from_slice(&chunk[..count]);
    }
    assert_eq!(stream.read(&mut [0]).expect("an orderly end"), 0);
    at_least(began.elapsed(), 300);
    bench.end(0);
}

#[test]
fn down_is_refused_and_over_when_it_is_up_again() {
    let mut bench = Bench::new();
    // It has no connection yet: one that is open would be closed.
    let Bench { proxy, client, .. } = &mut bench;
    let mut answer = Value::Null;
    proxy.with_down(|| answer = client.ask(r#"{"call":77,"op":"health"}"#)).expect("down and up");
    assert_eq!(answer["result"], "unreachable", "{answer}");
    assert!(answer["error"].as_str().is_some_and(|error| error.contains("refused")), "{answer}");
    bench.fine();
    bench.end(1);
}
