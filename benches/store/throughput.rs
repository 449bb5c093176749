//! Requests per second, beside a bare server that answers a constant.

use serde_json::{Value, json};

use super::load::{request, send};
use super::server::Server;
use super::{median, verdict};

/// How many requests make one measurement.
const REQUESTS: usize = 4000;

/// What is asked of the store.
#[derive(Clone, Copy, PartialEq)]
enum What {
    Health,
    Enqueue,
    Dequeue,
    AddSpan,
}

const ALL: [(What, &str); 4] =
    [(What::Health, "health"), (What::Enqueue, "enqueue"), (What::Dequeue, "dequeue"), (What::AddSpan, "add_span")];

/// Where the store keeps its data, what that is called, and the share of the control that it must reach at 1 and at 8
/// connections.
struct Kept {
    name: &'static str,
    args: &'static [&'static str],
    bars: [Option<f64>; 2],
}

const KEPT: [Kept; 3] = [
    Kept { name: "memory", args: &[], bars: [Some(0.2), Some(0.2)] },
    Kept { name: "file", args: &["--durability", "process"], bars: [None, Some(0.1)] },
    Kept { name: "file, power loss", args: &["--durability", "power"], bars: [None, None] },
];

/// Prints the table.
pub fn compare(rounds: usize) {
    println!(
        "Requests per second, median of {rounds} x {REQUESTS}, beside a bare hyper server that answers a constant"
    );
    println!("{:<18}{:<10}{:>12}{:>12}{:>9}{:>8}  bar", "data", "request", "connections", "per second", "share", "bar");
    for (index, connections) in [1, 8].into_iter().enumerate() {
        let mut bare = Vec::new();
        let mut found: Vec<(&str, &str, Option<f64>, Vec<f64>)> = Vec::new();
        for _ in 0..rounds {
            bare.push(rate(Server::bare().address, connections, constant(REQUESTS)));
            for kept in &KEPT {
                let folder = tempfile::tempdir().expect("a folder");
                let file = folder.path().join("store.db");
                let file = file.to_str().expect("a name");
                let args = if kept.args.is_empty() { vec![] } else { [&["--data", file], kept.args].concat() };
                for (what, name) in ALL {
                    // Health does not touch the data.
                    if what == What::Health && kept.name != "memory" {
                        continue;
                    }
                    let store = Server::store(&args);
                    let requests = prepared(&store, what);
                    let rate = rate(store.address, connections, requests);
                    store.stop();
                    let bar = if what == What::Health { Some(0.8) } else { kept.bars[index] };
                    match found.iter_mut().find(|(data, known, ..)| (*data, *known) == (kept.name, name)) {
                        Some((.., rates)) => rates.push(rate),
                        None => found.push((kept.name, name, bar, vec![rate])),
                    }
                }
            }
        }
        let control = median(bare);
        println!("{:<18}{:<10}{connections:>12}{control:>12.0}{:>9}{:>8}", "(control)", "constant", "1.00", "");
        for (data, name, bar, rates) in found {
            let rate = median(rates);
            let share = rate / control;
            let (bar, met) = match bar {
                Some(bar) => (format!("{bar:.1}"), verdict(share >= bar)),
                None => (String::new(), ""),
            };
            println!("{data:<18}{name:<10}{connections:>12}{rate:>12.0}{share:>9.2}{bar:>8}  {met}");
        }
    }
    println!();
}

fn rate(to: std::net::SocketAddr, connections: usize, requests: Vec<Vec<u8>>) -> f64 {
    // The first requests warm up what is warm in a server that has run for a while.
    send(to, connections, constant(200));
    let count = requests.len() as f64;
    count / send(to, connections, requests).0.as_secs_f64()
}

fn constant(count: usize) -> Vec<Vec<u8>> {
    vec![request("GET", "/health", ""); count]
}

/// The requests, after what they need was made.
fn prepared(store: &Server, what: What) -> Vec<Vec<u8>> {
    match what {
        What::Health => constant(REQUESTS),
        What::Enqueue => (0..REQUESTS).map(|task| enqueue(&[task])).collect(),
        What::Dequeue => {
            send(store.address, 1, vec![enqueue(&(0..REQUESTS).collect::<Vec<_>>())]);
            vec![dequeue(); REQUESTS]
        }
        What::AddSpan => {
            send(store.address, 1, vec![enqueue(&[0])]);
            let (_, body) = send(store.address, 1, vec![dequeue()]);
            let rollout: Value = serde_json::from_slice(&body).expect("JSON");
            let (rollout, attempt) = (&rollout[0]["rollout_id"], &rollout[0]["attempt"]["attempt_id"]);
            (0..REQUESTS).map(|number| span(rollout, attempt, number)).collect()
        }
    }
}

/// A request that enqueues these tasks.
pub fn enqueue(tasks: &[usize]) -> Vec<u8> {
    let rollouts: Vec<Value> =
        tasks.iter().map(|task| json!({ "input": { "task": task, "question": "what is 17 * 23?" } })).collect();
    request("POST", "/queues/rollouts/enqueue", &json!({ "rollouts": rollouts }).to_string())
}

/// A request that dequeues one.
pub fn dequeue() -> Vec<u8> {
    request("POST", "/queues/rollouts/dequeue", r#"{"limit":1,"worker_id":"worker-0"}"#)
}

/// A request that adds a span of about 0.9 kB.
fn span(rollout: &Value, attempt: &Value, number: usize) -> Vec<u8> {
    let span = json!({
        "rollout_id": rollout, "attempt_id": attempt, "sequence_id": number + 1, "trace_id": format!("{number:032x}"),
        "span_id": format!("{number:016x}"), "parent_id": null, "name": "llm.call",
        "status": { "status_code": "OK", "description": null },
        "attributes": { "prompt": "x".repeat(400), "reward": 1.0 }, "events": [], "links": [],
        "start_time": 1.0, "end_time": 2.0, "context": null, "parent": null,
        "resource": { "attributes": { "service.name": "agent" }, "schema_url": "" },
    });
    request("POST", "/spans", &span.to_string())
}
