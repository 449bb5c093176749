//! What the store costs: `cargo bench --bench store`. Prints one table a question, each with its bar and a control measured in
//! the same run. Absolute numbers depend on the machine and on what else it does; the ratios are what the bars are about.
//!
//! `cargo bench --bench store -- curve flag` prints only these of `life`, `throughput`, `curve` and `flag`.

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
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if asked.iter().any(|argument| argument == bare::ARGUMENT) {
        return bare::serve();
    }
    for (name, print) in TABLES {
        if asked.is_empty() || asked.iter().any(|argument| argument == name) {
            print();
        }
    }
}

/// What can be asked for.
const TABLES: [(&str, fn()); 4] =
    [("life", cost::life), ("throughput", throughput::compare), ("curve", curve::dequeue), ("flag", cost::flag)];

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Whether a bar is met, as a word in a table.
fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
