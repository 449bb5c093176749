//! How much memory a connection takes that does nothing.

use std::io;

use super::Amount;
use super::traffic::BYTE;
use crate::backend::Mode;
use crate::ours::Faults;
use crate::path::{Path, Way};
use crate::row::{Bar, Row, Unit, Values};
use crate::{client, process};

static MEMORY: Row = Row::number("memory of an idle connection", Unit::Bytes, Bar::AtMost(8.0 * 1024.0), "4 KiB");

pub fn memory(amount: Amount) -> io::Result<Vec<Values>> {
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
