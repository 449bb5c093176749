//! What a dequeue costs, by how many rollouts wait.

use super::load::send;
use super::server::Server;
use super::throughput;
use super::{median, verdict};

/// How many dequeues make one point; each takes one away.
const DEQUEUES: usize = 90;
/// How often each point is measured.
const ROUNDS: usize = 9;
/// How much more a dequeue of the longest queue may cost.
const BAR: f64 = 1.5;

/// Prints the curve, in memory and with a file.
pub fn dequeue() {
    curve("in memory", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    curve("with --data", &["--data", file.to_str().expect("a name")]);
}

fn curve(kept: &str, args: &[&str]) {
    println!("Cost of a dequeue by the length of the queue, {kept}, median of {ROUNDS} x {DEQUEUES}");
    println!("{:>10}{:>12}{:>10}", "waiting", "us", "of 100");
    let mut first = None;
    for waiting in [100, 1_000, 10_000, 100_000] {
        let store = Server::store(args);
        let tasks: Vec<usize> = (0..waiting).collect();
        for chunk in tasks.chunks(1000) {
            send(store.address, 1, vec![throughput::enqueue(chunk)]);
        }
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            let (time, _) = send(store.address, 1, vec![throughput::dequeue(); DEQUEUES]);
            costs.push(time.as_secs_f64() * 1e6 / DEQUEUES as f64);
            // As many as were taken, so that the queue is as long as before.
            send(store.address, 1, vec![throughput::enqueue(&tasks[..DEQUEUES])]);
        }
        let cost = median(costs);
        let ratio = cost / *first.get_or_insert(cost);
        let met = if waiting == 100_000 { format!("  bar {BAR}: {}", verdict(ratio <= BAR)) } else { String::new() };
        println!("{waiting:>10}{cost:>12.1}{ratio:>10.2}{met}");
        store.stop();
        // The next one begins with an empty queue.
        if let Some(file) = args.get(1) {
            std::fs::remove_file(file).expect("the data");
        }
    }
    println!();
}
