//! The toxics of one direction of one connection.
//!
//! No toxic adds, removes or reorders bytes in the middle of a stream. So the bytes lie in one buffer, and each toxic is a
//! *valve*: an offset up to which it has let the stream pass. What one valve has let pass has come to the next one.

mod flow;
mod latency;
mod limit;
mod pace;
mod selection;
mod slices;
mod swallow;
mod valve;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use super::chance::Chance;
use super::toxic::Toxic;
use super::toxics::{Entry, Serial};
pub(super) use flow::ByteStream;
pub(super) use flow::{End, Touch};
pub(super) use selection::Messages;
use valve::Valve;

/// The valves of a direction, in the order of their toxics.
#[derive(Debug, Default)]
pub(super) struct Chain {
    valves: Vec<Valve>,
}

/// What a chain makes of the stream at a time.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// How far the stream may be forwarded.
    pub limit: u64,
    /// Whether its end may be passed on behind that.
    pub end: bool,
    /// When more may pass, if nothing else happens.
    pub wake: Option<Instant>,
    /// The connection is to be ended when so much was forwarded.
    pub ending: Option<(End, u64)>,
    /// What valves did to which bytes.
    pub touched: Vec<Touched>,
}

/// Which toxic, by number and name, did what.
pub(super) type Touched = (Serial, String, Touch);

/// The facts of a connection that valves start from.
pub(super) struct Origin<'a> {
    pub seed: u64,
    pub link: &'a str,
    pub connection: u64,
    /// The connection was open already.
    pub open: bool,
}

impl Chain {
    pub fn is_empty(&self) -> bool {
        self.valves.is_empty()
    }

    /// Whether much may be read ahead: where every byte waits its time, as many must be under way as come in that time.
    pub fn is_deep(&self) -> bool {
        self.valves.iter().any(Valve::is_deep)
    }

    /// Follows the toxics of the link. `forwarded` is how far the stream has gone: a new valve sees what comes behind that.
    /// Whether one that is gone ends the connection.
    pub fn follow<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry>,
        origin: &Origin<'_>,
        forwarded: u64,
        now: Instant,
    ) -> bool {
        let mut old = std::mem::take(&mut self.valves);
        for entry in entries {
            match old.iter().position(|valve| valve.serial() == entry.serial) {
                Some(at) => {
                    let mut valve = old.remove(at);
                    valve.update(&entry.toxic, now);
                    self.valves.push(valve);
                }
                None => self.valves.push(new_valve(entry.serial, &entry.toxic, origin, forwarded, now)),
            }
        }
        old.iter().any(Valve::ends_when_removed)
    }

    /// Lets the stream go on as far as it may now.
    pub fn advance(&mut self, stream: &mut ByteStream<'_>) -> Reach {
        let mut reach = Reach { limit: stream.input, end: stream.ended, ..Reach::default() };
        for valve in &mut self.valves {
            let flow = valve.advance(stream, reach.limit, reach.end);
            (reach.limit, reach.end) = (flow.passed, flow.is_at_end() && !flow.keeps_end);
            reach.wake = earliest(reach.wake, flow.wake);
            reach.ending = reach.ending.or(flow.ending);
            reach
                .touched
                .extend(flow.touched.into_iter().map(|touch| (valve.serial(), valve.name().to_owned(), touch)));
        }
        reach
    }

    /// Nothing behind an offset is there any more.
    pub fn cut_to(&mut self, offset: u64) {
        self.valves.iter_mut().for_each(|valve| valve.cut_to(offset));
    }
}

fn new_valve(serial: Serial, toxic: &Arc<Toxic>, origin: &Origin<'_>, forwarded: u64, now: Instant) -> Valve {
    let chance = Chance::new(origin.seed, origin.link, origin.connection, &toxic.name);
    Valve::new(serial, toxic, chance, forwarded, origin.open.then_some(now), now)
}

pub(super) fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
