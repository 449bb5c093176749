//! What traffic costs without any toxic, over one connection and over many at once.

use std::io;

use super::{Amount, rounds};
use crate::backend::{Mode, RESPONSE};
use crate::client::Exchange;
use crate::ours::Faults;
use crate::path::Path;
use crate::row::{Bar, Row, Unit, Values};
use crate::stats::percentile;
use crate::{client, process};

const fn throughput_rows(names: [&'static str; 3]) -> [Row; 3] {
    [
        Row::ratio(names[0], Unit::BytesPerSecond, Bar::AtLeast(0.35), "0.5×"),
        // Two equal ones differ by as much as this in one run.
        Row::number(names[1], Unit::Ratio, Bar::AtLeast(0.97), "1×"),
        Row::number(names[2], Unit::SecondsPerGib, Bar::AtMost(0.6), "0.3"),
    ]
}

static THROUGHPUT: [Row; 3] = throughput_rows(["throughput", "  beside the forwarder's", "CPU"]);
static THROUGHPUT_MANY: [Row; 3] =
    throughput_rows(["64 at once: throughput", "  beside the forwarder's", "64 at once: CPU"]);

pub fn throughput(amount: Amount, connections: usize) -> io::Result<Vec<Values>> {
    let rows = if connections == 1 { &THROUGHPUT } else { &THROUGHPUT_MANY };
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

static ROUND_TRIP: [Row; 1] = [Row::ratio("1-byte round trip p50", Unit::Seconds, Bar::AtMost(2.6), "2.5×")];
static ROUND_TRIP_MANY: [Row; 1] =
    [Row::ratio("64 at once: 1-byte round trip p50", Unit::Seconds, Bar::AtMost(2.6), "2.5×")];

pub const BYTE: Exchange = Exchange { request: b"x", response: 1, reconnect: false };

pub fn round_trip(amount: Amount, connections: usize) -> io::Result<Vec<Values>> {
    let rows = if connections == 1 { &ROUND_TRIP } else { &ROUND_TRIP_MANY };
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
    [
        Row::ratio(names[0], Unit::Seconds, Bar::AtMost(2.7), "2.5×"),
        Row::ratio(names[1], Unit::Seconds, Bar::AtMost(4.0), "3.3×"),
    ]
}

static HTTP: [Row; 2] = http_rows(["HTTP round trip p50", "HTTP round trip p99"]);
static HTTP_MANY: [Row; 2] = http_rows(["64 at once: HTTP round trip p50", "64 at once: HTTP round trip p99"]);

const GET: Exchange = Exchange {
    request: b"GET /health HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\nuser-agent: bench\r\n\r\n",
    response: RESPONSE.len(),
    reconnect: false,
};

pub fn http(amount: Amount, connections: usize) -> io::Result<Vec<Values>> {
    let rows = if connections == 1 { &HTTP } else { &HTTP_MANY };
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

static CONNECTIONS: [Row; 1] = [Row::ratio("new connections", Unit::PerSecond, Bar::AtLeast(0.45), "0.55×")];
static CONNECTIONS_MANY: [Row; 1] =
    [Row::ratio("64 at once: new connections", Unit::PerSecond, Bar::AtLeast(0.45), "0.55×")];

pub fn connections(amount: Amount, connections: usize) -> io::Result<Vec<Values>> {
    let rows = if connections == 1 { &CONNECTIONS } else { &CONNECTIONS_MANY };
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
