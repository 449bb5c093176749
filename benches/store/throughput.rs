//! Requests per second, beside a bare server that answers a constant.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde_json::{Value, json};

use super::load::{request, send};
use super::server::Server;
use super::{median, verdict};

/// How many requests are sent to the store, then as many to the control, and so on: whatever else the machine does disturbs
/// both alike.
const SLICE: usize = 200;
/// How many slices make one measurement.
const SLICES: usize = 20;
const REQUESTS: usize = SLICE * SLICES;

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
pub fn compare() {
    println!(
        "Requests per second, medians of {SLICES} x {SLICE}, in turn with a bare hyper server that answers a constant;"
    );
    println!("then the best slice of each: what else the machine does only ever slows a slice down");
    println!(
        "{:<18}{:<10}{:>12}{:>9}{:>9}{:>7}{:>9}{:>9}{:>7}  bar",
        "data", "request", "connections", "store", "bare", "share", "best", "bare", "share"
    );
    println!(
        "One connection: generator and server take turns, so that all is pinned to one core; where the scheduler puts"
    );
    println!("them would decide more than what they do");
    for (index, connections) in [1, 8].into_iter().enumerate() {
        let _pinned = (connections == 1).then(Pinned::new);
        for kept in &KEPT {
            for (what, name) in ALL {
                // Health does not touch the data.
                if what == What::Health && kept.name != "memory" {
                    continue;
                }
                let (store, bare) = slices(kept, what, connections);
                let share = median(store.iter().zip(&bare).map(|(store, bare)| store / bare).collect());
                let bar = if what == What::Health { Some(0.8) } else { kept.bars[index] };
                let met = bar.map_or(String::new(), |bar| format!("{bar}: {}", verdict(share >= bar)));
                let best = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max);
                let (best_store, best_bare) = (best(&store), best(&bare));
                let best_share = best_store / best_bare;
                let (data, store, bare) = (kept.name, median(store), median(bare));
                print!("{data:<18}{name:<10}{connections:>12}{store:>9.0}{bare:>9.0}{share:>7.2}");
                println!("{best_store:>9.0}{best_bare:>9.0}{best_share:>7.2}  {met}");
            }
        }
    }
    println!();
}

/// This process and those that it starts stay on one core for so long.
struct Pinned {
    before: CpuSet,
}

impl Pinned {
    fn new() -> Self {
        let before = sched_getaffinity(None).expect("cores");
        let mut one = CpuSet::new();
        one.set((0..CpuSet::MAX_CPU).find(|cpu| before.is_set(*cpu)).expect("a core"));
        sched_setaffinity(None, &one).expect("pinned");
        Self { before }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        sched_setaffinity(None, &self.before).expect("as before");
    }
}

/// The rates of the store and of the control, slice by slice.
fn slices(kept: &Kept, what: What, connections: usize) -> (Vec<f64>, Vec<f64>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    let file = file.to_str().expect("a name");
    let args = if kept.args.is_empty() { vec![] } else { [&["--data", file], kept.args].concat() };
    let (store, bare) = (Server::store(&args), Server::bare());
    let requests = prepared(&store, what);
    for server in [&store, &bare] {
        // The first requests warm up what is warm in a server that has run for a while.
        send(server.address, connections, constant(SLICE));
    }
    let (mut of_store, mut of_bare) = (Vec::new(), Vec::new());
    for slice in requests.chunks(SLICE) {
        of_store.push(rate(store.address, connections, slice.to_vec()));
        of_bare.push(rate(bare.address, connections, constant(SLICE)));
    }
    store.stop();
    (of_store, of_bare)
}

fn rate(to: std::net::SocketAddr, connections: usize, requests: Vec<Vec<u8>>) -> f64 {
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
