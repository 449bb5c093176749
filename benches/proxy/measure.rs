//! What is measured, and how: each measurement gives the values of some rows.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::api::Api;
use super::backend::{Mode, PIECES, RESPONSE};
use super::client::{self, Exchange};
use super::ours::{Faults, Ours};
use super::path::{Path, Way};
use super::process;
use super::row::{Bar, Row, Unit, Values};
use super::stats::percentile;

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
    Measurement { name: "throughput", run: |amount| throughput(amount, 1, &THROUGHPUT) },
    Measurement { name: "round-trip", run: |amount| round_trip(amount, 1, &ROUND_TRIP) },
    Measurement { name: "http", run: |amount| http(amount, 1, &HTTP) },
    Measurement { name: "connections", run: |amount| connections(amount, 1, &CONNECTIONS) },
    Measurement { name: "memory", run: memory },
    Measurement { name: "toxics", run: toxics },
    Measurement { name: "slicer", run: slicer },
    Measurement { name: "latency", run: latency },
    Measurement { name: "throughput-64", run: |amount| throughput(amount, MANY, &THROUGHPUT_MANY) },
    Measurement { name: "round-trip-64", run: |amount| round_trip(amount, MANY, &ROUND_TRIP_MANY) },
    Measurement { name: "http-64", run: |amount| http(amount, MANY, &HTTP_MANY) },
    Measurement { name: "connections-64", run: |amount| connections(amount, MANY, &CONNECTIONS_MANY) },
];

/// How many connections are concurrent load.
const MANY: usize = 64;

const fn ratio(name: &'static str, unit: Unit, bar: Bar, aim: &'static str) -> Row {
    Row { name, unit, ratio: true, bar, aim }
}

const fn number(name: &'static str, unit: Unit, bar: Bar, aim: &'static str) -> Row {
    Row { name, unit, ratio: false, bar, aim }
}

const fn throughput_rows(names: [&'static str; 3]) -> [Row; 3] {
    [
        ratio(names[0], Unit::BytesPerSecond, Bar::AtLeast(0.35), "0.5×"),
        // Two equal ones differ by as much as this in one run.
        number(names[1], Unit::Ratio, Bar::AtLeast(0.97), "1×"),
        number(names[2], Unit::SecondsPerGib, Bar::AtMost(0.6), "0.3"),
    ]
}

static THROUGHPUT: [Row; 3] = throughput_rows(["throughput", "  beside the forwarder's", "CPU"]);
static THROUGHPUT_MANY: [Row; 3] =
    throughput_rows(["64 at once: throughput", "  beside the forwarder's", "64 at once: CPU"]);

fn throughput(amount: Amount, connections: usize, rows: &'static [Row; 3]) -> io::Result<Vec<Values>> {
    let paths = Path::all(amount.ours, Mode::Bulk, Faults::default())?;
    let mut values: Vec<Values> = rows.iter().map(Values::new).collect();
    rounds(
        amount,
        &paths,
        |path, time| {
            let before = process::cpu_time(path.between().pid())?;
            let (bytes, took) = client::bulk(path.addr, connections, time)?;
            let spent = process::cpu_time(path.between().pid())? - before;
            let rate = bytes as f64 / took.as_secs_f64();
            Ok([rate, f64::NAN, spent.as_secs_f64() / (bytes as f64 / GIB)])
        },
        &mut values,
    )?;
    // The one compares two ways, the other means something only where there is a process between.
    values[1] = Values { direct: Vec::new(), control: Vec::new(), ours: beside(&values[0]), row: &rows[1] };
    values[2].direct.clear();
    Ok(values)
}

fn beside(values: &Values) -> Vec<f64> {
    values.ours.iter().zip(&values.control).map(|(ours, control)| ours / control).collect()
}

const GIB: f64 = (1 << 30) as f64;

static ROUND_TRIP: [Row; 1] = [ratio("1-byte round trip p50", Unit::Seconds, Bar::AtMost(2.6), "2.5×")];
static ROUND_TRIP_MANY: [Row; 1] =
    [ratio("64 at once: 1-byte round trip p50", Unit::Seconds, Bar::AtMost(2.6), "2.5×")];

const BYTE: Exchange = Exchange { request: b"x", response: 1, reconnect: false };

fn round_trip(amount: Amount, connections: usize, rows: &'static [Row; 1]) -> io::Result<Vec<Values>> {
    let paths = Path::all(amount.ours, Mode::Echo, Faults::default())?;
    let mut values: Vec<Values> = rows.iter().map(Values::new).collect();
    rounds(
        amount,
        &paths,
        |path, time| {
            let mut times = client::exchanges(path.addr, BYTE, connections, time)?;
            Ok([percentile(&mut times.each, 0.5)])
        },
        &mut values,
    )?;
    Ok(values)
}

const fn http_rows(names: [&'static str; 2]) -> [Row; 2] {
    [ratio(names[0], Unit::Seconds, Bar::AtMost(2.7), "2.5×"), ratio(names[1], Unit::Seconds, Bar::AtMost(4.0), "3.3×")]
}

static HTTP: [Row; 2] = http_rows(["HTTP round trip p50", "HTTP round trip p99"]);
static HTTP_MANY: [Row; 2] = http_rows(["64 at once: HTTP round trip p50", "64 at once: HTTP round trip p99"]);

const GET: Exchange = Exchange {
    request: b"GET /health HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\nuser-agent: bench\r\n\r\n",
    response: RESPONSE.len(),
    reconnect: false,
};

fn http(amount: Amount, connections: usize, rows: &'static [Row; 2]) -> io::Result<Vec<Values>> {
    let paths = Path::all(amount.ours, Mode::Http, Faults { recognise: true, ..Faults::default() })?;
    let mut values: Vec<Values> = rows.iter().map(Values::new).collect();
    rounds(
        amount,
        &paths,
        |path, time| {
            let mut times = client::exchanges(path.addr, GET, connections, time)?;
            Ok([percentile(&mut times.each, 0.5), percentile(&mut times.each, 0.99)])
        },
        &mut values,
    )?;
    Ok(values)
}

static CONNECTIONS: [Row; 1] = [ratio("new connections", Unit::PerSecond, Bar::AtLeast(0.45), "0.55×")];
static CONNECTIONS_MANY: [Row; 1] =
    [ratio("64 at once: new connections", Unit::PerSecond, Bar::AtLeast(0.45), "0.55×")];

fn connections(amount: Amount, connections: usize, rows: &'static [Row; 1]) -> io::Result<Vec<Values>> {
    let paths = Path::all(amount.ours, Mode::Echo, Faults::default())?;
    let mut values: Vec<Values> = rows.iter().map(Values::new).collect();
    rounds(
        amount,
        &paths,
        |path, time| {
            let times = client::exchanges(path.addr, Exchange { reconnect: true, ..BYTE }, connections, time)?;
            Ok([times.each.len() as f64 / times.all.as_secs_f64()])
        },
        &mut values,
    )?;
    Ok(values)
}

static MEMORY: Row = number("memory of an idle connection", Unit::Bytes, Bar::AtMost(8.0 * 1024.0), "4 KiB");

fn memory(amount: Amount) -> io::Result<Vec<Values>> {
    let mut values = Values::new(&MEMORY);
    for _ in 0..amount.rounds {
        for way in [Way::Control, Way::Ours(amount.ours)] {
            // Memory that was used once is kept: every round needs a new process.
            let path = Path::open(way, Mode::Echo, Faults::default())?;
            values.push(way, memory_of(&path, amount.idle)?);
        }
    }
    Ok(vec![values])
}

fn memory_of(path: &Path, idle: usize) -> io::Result<f64> {
    let mut buffer = [0];
    let mut open = || -> io::Result<_> {
        let stream = client::connect(path.addr)?;
        client::exchange(&stream, BYTE, &mut buffer)?;
        Ok(stream)
    };
    // What the process needs for the first connection, it does not need for each.
    let _first = open()?;
    let before = process::own_memory(path.between().pid())?;
    let _open: Vec<_> = (0..idle).map(|_| open()).collect::<io::Result<_>>()?;
    let after = process::own_memory(path.between().pid())?;
    Ok((after as f64 - before as f64) / idle as f64)
}

static TOXICS: [Row; 2] = [
    number("add a toxic over HTTP p50", Unit::Seconds, Bar::AtMost(150e-6), "100 µs"),
    number("delete a toxic over HTTP p50", Unit::Seconds, Bar::AtMost(150e-6), "100 µs"),
];

/// How many connections are open when a toxic is added or deleted.
const AFFECTED: usize = 100;

fn toxics(amount: Amount) -> io::Result<Vec<Values>> {
    let mut values: Vec<Values> = TOXICS.iter().map(Values::new).collect();
    if amount.ours == Ours::Link {
        return Ok(values);
    }
    let path = Path::open(Way::Ours(amount.ours), Mode::Echo, Faults::default())?;
    let mut api = Api::connect(path.between().addr)?;
    let open: Vec<TcpStream> = (0..AFFECTED).map(|_| client::connect(path.addr)).collect::<io::Result<_>>()?;
    all_echo(&open, b'x')?;
    rounds(
        amount,
        &[path],
        |_, time| {
            let begun = Instant::now();
            let (mut adds, mut deletes) = (Vec::new(), Vec::new());
            while adds.is_empty() || begun.elapsed() < time {
                // It flips every byte: whether it is in effect is seen without looking at the time.
                let toxic = r#"{"name":"t","type":"corrupt","attributes":{"from":0,"length":0,"mask":255}}"#;
                let begun = Instant::now();
                api.call("POST", "/proxies/bench/toxics", toxic)?;
                adds.push(begun.elapsed());
                all_echo(&open, !b'x')?;
                let begun = Instant::now();
                api.call("DELETE", "/proxies/bench/toxics/t", "")?;
                deletes.push(begun.elapsed());
                all_echo(&open, b'x')?;
            }
            Ok([percentile(&mut adds, 0.5), percentile(&mut deletes, 0.5)])
        },
        &mut values,
    )?;
    Ok(values)
}

/// Sends a byte over every connection, and expects another one from every connection.
fn all_echo(open: &[TcpStream], expected: u8) -> io::Result<()> {
    for mut stream in open {
        stream.write_all(b"x")?;
    }
    for mut stream in open {
        let mut came = [0];
        stream.read_exact(&mut came)?;
        if came != [expected] {
            return Err(io::Error::other("what was answered is not in effect on every connection"));
        }
    }
    Ok(())
}

static SLICER: [Row; 2] = [
    number("slicer, 128 × 100 µs: total p50", Unit::Seconds, Bar::AtMost(14e-3), ""),
    number("slicer, 128 × 100 µs: gap p50", Unit::Seconds, Bar::Within(80e-6, 130e-6), ""),
];

fn slicer(amount: Amount) -> io::Result<Vec<Values>> {
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

static LATENCY: Row = number("latency 50 ms: error p99", Unit::Seconds, Bar::AtMost(0.5e-3), "");

fn latency(amount: Amount) -> io::Result<Vec<Values>> {
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
