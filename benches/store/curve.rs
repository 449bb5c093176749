//! What a dequeue costs, by how many rollouts wait.

use super::load::send;
use super::server::Server;
use super::throughput;
use super::{median, verdict};

/// How many dequeues make one measurement; each takes one away.
const DEQUEUES: usize = 90;
/// How often each length is measured.
const ROUNDS: usize = 25;
/// How much more a dequeue of the longest queue may cost.
const BAR: f64 = 1.5;
/// How many wait.
const LENGTHS: [usize; 4] = [100, 1_000, 10_000, 100_000];

/// Prints the curve, in memory and with a file.
pub fn dequeue() {
    curve("in memory", false);
    curve("with --data", true);
}

/// All lengths are measured in turn, so that whatever else the machine does disturbs them alike. The fastest is shown beside
/// the median: a disturbance only ever adds.
fn curve(kept: &str, file: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let stores = LENGTHS.map(|waiting| {
        let data = folder.path().join(format!("{waiting}.db"));
        let data = ["--data", data.to_str().expect("a name")];
        let store = Server::store(if file { &data } else { &[] });
        let tasks: Vec<usize> = (0..waiting).collect();
        for chunk in tasks.chunks(1000) {
            send(store.address, 1, vec![throughput::enqueue(chunk)]);
        }
        store
    });
    let mut costs = LENGTHS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (store, costs) in stores.iter().zip(&mut costs) {
            let (time, _) = send(store.address, 1, vec![throughput::dequeue(); DEQUEUES]);
            costs.push(time.as_secs_f64() * 1e6 / DEQUEUES as f64);
            // As many as were taken, so that the queue is as long as before.
            send(store.address, 1, vec![throughput::enqueue(&(0..DEQUEUES).collect::<Vec<_>>())]);
        }
    }
    println!("Cost of a dequeue by the length of the queue, {kept}, {ROUNDS} x {DEQUEUES} in turn, in us");
    println!("{:>10}{:>10}{:>10}{:>10}{:>10}", "waiting", "median", "of 100", "fastest", "of 100");
    let fastest = |costs: &[f64]| costs.iter().copied().fold(f64::INFINITY, f64::min);
    let (first, best) = (median(costs[0].clone()), fastest(&costs[0]));
    for (waiting, costs) in LENGTHS.into_iter().zip(costs) {
        let least = fastest(&costs);
        let middle = median(costs);
        let (ratio, of_best) = (middle / first, least / best);
        let met = if waiting == 100_000 { format!("  bar {BAR}: {}", verdict(of_best <= BAR)) } else { String::new() };
        println!("{waiting:>10}{middle:>10.1}{ratio:>10.2}{least:>10.1}{of_best:>10.2}{met}");
    }
    println!();
}
