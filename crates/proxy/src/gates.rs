//! The gates of a link: which match counts, and what is to happen there.

use super::Side;
use super::event::{ConnectionId, FirstMatch, GateId, GateSpec, Point, RepeatAction};
use crate::fits;

/// What happens where a gate is met.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// The stream parks.
    Park(GateId),
    /// The link acts by itself.
    Repeat(GateId, RepeatAction),
    /// It turned out that the place is not there.
    Miss(GateId),
}

#[derive(Debug)]
struct Armed {
    gate: GateSpec,
    matches: u32,
    /// It has parked once, or was made to park.
    spent: bool,
    /// It was let go before it has parked: it does not.
    released: bool,
    /// A stream has come to where it parks.
    met: bool,
}

impl Armed {
    fn matched(&mut self) -> Option<Outcome> {
        self.matches = self.matches.saturating_add(1);
        if !self.spent && self.gate.first == FirstMatch::Acts {
            self.spent = self.matches >= self.gate.nth;
        }
        if !self.spent {
            self.spent = self.matches == self.gate.nth;
            return self.spent.then_some(Outcome::Park(self.gate.id));
        }
        let repeat = self.gate.repeat.as_mut().filter(|repeat| repeat.more != Some(0))?;
        repeat.more = repeat.more.map(|more| more - 1);
        Some(Outcome::Repeat(self.gate.id, repeat.action))
    }
}

/// The gates of a link.
#[derive(Debug, Default)]
pub(super) struct Gates {
    armed: Vec<Armed>,
    pub parked: Vec<(GateId, ConnectionId)>,
}

impl Gates {
    pub fn arm(&mut self, gate: GateSpec) {
        self.armed.push(Armed { gate, matches: 0, spent: false, released: false, met: false });
    }

    pub fn disarm(&mut self, id: GateId) {
        self.armed.retain(|armed| armed.gate.id != id);
    }

    pub fn reset_counts(&mut self) {
        self.armed.iter_mut().filter(|armed| !armed.spent).for_each(|armed| armed.matches = 0);
    }

    /// Whether any gate may still need the heads of requests.
    pub fn watches_requests(&self) -> bool {
        self.armed.iter().any(|armed| {
            matches!(armed.gate.point, Point::Request { .. }) && (!armed.spent || armed.gate.repeat.is_some())
        })
    }

    /// The gates that every connection must stop at to see whether it counts: after so many bytes towards a side.
    pub fn at_bytes(&self) -> Vec<(GateId, Side, u64)> {
        let bytes = self.armed.iter().filter_map(|armed| match armed.gate.point {
            Point::Bytes { toward, at } => Some((armed.gate.id, toward, at)),
            _ => None,
        });
        bytes.collect()
    }

    /// Counts a match at one gate; gives what is to happen there.
    pub fn reached(&mut self, id: GateId) -> Option<Outcome> {
        self.armed.iter_mut().find(|armed| armed.gate.id == id)?.matched()
    }

    /// Counts a match at every gate whose point `matching` accepts; gives what is to happen there.
    pub fn count(&mut self, mut matching: impl FnMut(&Point) -> bool) -> Vec<(Outcome, Point)> {
        let matched = self.armed.iter_mut().filter(|armed| matching(&armed.gate.point));
        matched.filter_map(|armed| armed.matched().map(|outcome| (outcome, armed.gate.point.clone()))).collect()
    }

    /// Notes that a connection has come to where a gate parks it.
    pub fn park(&mut self, id: GateId, connection: ConnectionId) -> Park {
        let Some(armed) = self.armed.iter_mut().find(|armed| armed.gate.id == id) else { return Park::Disarmed };
        armed.met = true;
        if armed.released {
            return Park::Released;
        }
        self.parked.push((id, connection));
        Park::Parked
    }

    /// Lets go of what a gate has parked, or will park, if it has not yet; gives the connections that are parked.
    pub fn release(&mut self, id: GateId) -> Vec<ConnectionId> {
        for armed in self.armed.iter_mut().filter(|armed| armed.gate.id == id && !armed.met) {
            armed.released = true;
        }
        let parked = self.parked.iter().filter(|(gate, _)| *gate == id).map(|(_, connection)| *connection).collect();
        self.parked.retain(|(gate, _)| *gate != id);
        parked
    }
}

/// What becomes of a stream that has come to where a gate parks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Park {
    /// It waits to be let go.
    Parked,
    /// It was let go before it came, and goes on.
    Released,
    /// Nobody waits for it any more, and it goes on.
    Disarmed,
}

impl Outcome {
    /// Whose.
    pub fn gate(self) -> GateId {
        match self {
            Self::Park(id) | Self::Repeat(id, _) | Self::Miss(id) => id,
        }
    }
}

/// Whether a request is one that a gate names.
pub(super) fn names(point: &Point, method: &str, path: &str) -> bool {
    match point {
        Point::Request { method: wanted, path: pattern, without, .. } => {
            wanted.as_deref().is_none_or(|wanted| wanted == method)
                && pattern.as_deref().is_none_or(|pattern| fits(pattern, path))
                && !without.iter().any(|pattern| fits(pattern, path))
        }
        _ => false,
    }
}
