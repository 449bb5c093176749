//! What is measured, and how: each measurement gives the values of some rows.

mod exactness;
mod memory;
mod toxics;
mod traffic;

use std::io;
use std::time::Duration;

use super::ours::Ours;
use super::path::Path;
use super::row::Values;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    pub ours: Ours,
    pub rounds: usize,
    /// How long a round of one way takes, where time decides.
    pub slice: Duration,
    /// How many connections are idle when memory is measured.
    pub idle: usize,
}

/// A measurement.
#[derive(Debug)]
pub struct Measurement {
    /// By what name it is chosen.
    pub name: &'static str,
    pub run: fn(Amount) -> io::Result<Vec<Values>>,
}

/// All measurements, in the order of the table.
pub const ALL: &[Measurement] = &[
    Measurement { name: "throughput", run: |amount| traffic::throughput(amount, 1) },
    Measurement { name: "round-trip", run: |amount| traffic::round_trip(amount, 1) },
    Measurement { name: "http", run: |amount| traffic::http(amount, 1) },
    Measurement { name: "connections", run: |amount| traffic::connections(amount, 1) },
    Measurement { name: "memory", run: memory::memory },
    Measurement { name: "toxics", run: toxics::toxics },
    Measurement { name: "slicer", run: exactness::slicer },
    Measurement { name: "latency", run: exactness::latency },
    Measurement { name: "throughput-64", run: |amount| traffic::throughput(amount, MANY) },
    Measurement { name: "round-trip-64", run: |amount| traffic::round_trip(amount, MANY) },
    Measurement { name: "http-64", run: |amount| traffic::http(amount, MANY) },
    Measurement { name: "connections-64", run: |amount| traffic::connections(amount, MANY) },
];

/// How many connections are concurrent load.
const MANY: usize = 64;

/// Measures every way once a round, each round in another order, and first once to warm up.
fn rounds<const N: usize>(
    amount: Amount,
    paths: &[Path],
    mut once: impl FnMut(&Path, Duration) -> io::Result<[f64; N]>,
    values: &mut [Values],
) -> io::Result<()> {
    for path in paths {
        once(path, amount.slice / 4)?;
    }
    for round in 0..amount.rounds {
        for turn in 0..paths.len() {
            let path = &paths[(round + turn) % paths.len()];
            for (values, value) in values.iter_mut().zip(once(path, amount.slice)?) {
                values.push(path.way, value);
            }
        }
    }
    Ok(())
}
