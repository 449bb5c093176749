//! How exactly toxics keep time, beside a server that keeps it by itself.

use std::io;
use std::time::{Duration, Instant};

use super::traffic::BYTE;
use super::{Amount, rounds};
use crate::backend::{Mode, PIECES};
use crate::client;
use crate::ours::Faults;
use crate::path::{Path, Way};
use crate::row::{Bar, Row, Unit, Values};
use crate::stats::percentile;

static SLICER: [Row; 2] = [
    Row::number("slicer, 128 × 100 µs: total p50", Unit::Seconds, Bar::AtMost(14e-3), ""),
    Row::number("slicer, 128 × 100 µs: gap p50", Unit::Seconds, Bar::Within(80e-6, 130e-6), ""),
];

pub fn slicer(amount: Amount) -> io::Result<Vec<Values>> {
    let faults = Faults { toxic: Some(("slicer", r#"{"average_size":64,"delay":100}"#)), ..Faults::default() };
    let paths = [
        Path::timed(Mode::Paced, Duration::from_micros(100))?,
        Path::open(Way::Ours(amount.ours), Mode::Bulk, faults)?,
    ];
    let mut values: Vec<Values> = SLICER.iter().map(Values::new).collect();
    rounds(
        amount,
        &paths,
        |path, time| {
            let stream = client::connect(path.addr)?;
            let begun = Instant::now();
            let (mut totals, mut all_gaps) = (Vec::new(), Vec::new());
            while begun.elapsed() < time {
                let (total, gaps) = client::gaps(&stream, 64 * PIECES as usize)?;
                totals.push(total);
                all_gaps.extend(gaps);
            }
            Ok([percentile(&mut totals, 0.5), percentile(&mut all_gaps, 0.5)])
        },
        &mut values,
    )?;
    Ok(values)
}

static LATENCY: Row = Row::number("latency 50 ms: error p99", Unit::Seconds, Bar::AtMost(0.5e-3), "");

pub fn latency(amount: Amount) -> io::Result<Vec<Values>> {
    let delay = Duration::from_millis(50);
    let faults = Faults { toxic: Some(("latency", r#"{"latency":50}"#)), ..Faults::default() };
    let paths = [Path::timed(Mode::LateEcho, delay)?, Path::open(Way::Ours(amount.ours), Mode::Echo, faults)?];
    let mut errors = [Vec::new(), Vec::new()];
    for _ in 0..amount.rounds {
        for (path, errors) in paths.iter().zip(&mut errors) {
            // A round has few samples: the percentile is that of all rounds.
            let times = client::exchanges(path.addr, BYTE, 1, 4 * amount.slice)?;
            errors.extend(times.each.iter().map(|time| time.abs_diff(delay)));
        }
    }
    let [control, ours] = errors.map(|mut errors| vec![percentile(&mut errors, 0.99)]);
    Ok(vec![Values { row: &LATENCY, direct: Vec::new(), control, ours }])
}
