//! What the store costs: `cargo bench --bench store`. Prints one table a question, each with its bar and a control measured in
//! the same run. Absolute numbers depend on the machine and on what else it does; the ratios are what the bars are about.
//!
//! `QUIETDOWN_BENCH_ROUNDS=N` repeats every throughput N times and shows the median (3).

#[path = "store/bare.rs"]
mod bare;
#[path = "store/cost.rs"]
mod cost;
#[path = "store/curve.rs"]
mod curve;
#[path = "store/load.rs"]
mod load;
#[path = "store/server.rs"]
mod server;
#[path = "store/throughput.rs"]
mod throughput;

fn main() {
    if std::env::args().any(|argument| argument == bare::ARGUMENT) {
        return bare::serve();
    }
    let rounds = std::env::var("QUIETDOWN_BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    cost::life();
    throughput::compare(rounds);
    curve::dequeue();
    cost::flag();
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Whether a bar is met, as a word in a table.
fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
