//! How long it takes until a toxic is in effect on every connection.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use super::{Amount, rounds};
use crate::api::Api;
use crate::backend::Mode;
use crate::client;
use crate::ours::{Faults, Ours};
use crate::path::{Path, Way};
use crate::row::{Bar, Row, Unit, Values};
use crate::stats::percentile;

static TOXICS: [Row; 2] = [
    Row::number("add a toxic over HTTP p50", Unit::Seconds, Bar::AtMost(150e-6), "100 µs"),
    Row::number("delete a toxic over HTTP p50", Unit::Seconds, Bar::AtMost(150e-6), "100 µs"),
];

/// How many connections are open when a toxic is added or deleted.
const AFFECTED: usize = 100;

pub fn toxics(amount: Amount) -> io::Result<Vec<Values>> {
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
