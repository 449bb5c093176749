//! Timelines of several faults, drawn from a seed.

use std::collections::BTreeSet;

use super::Sweep;
use super::point::{Persistence, Strike, SweepPoint};
use crate::file::fits;
use crate::scenario::SweepFault;

/// The most faults of a timeline.
const MOST: usize = 4;
/// How often a fault is drawn again that cannot follow those before it.
const DRAWS: usize = 50;

impl Sweep<'_> {
    /// The timeline of this number, of two to four faults. Equal seeds and numbers give equal timelines. Nothing where the
    /// scenario has too few requests for two faults.
    pub fn timeline(&self, seed: u64, number: usize, faults: &[SweepFault]) -> Option<SweepPoint> {
        // Neighbouring seeds and numbers must not give neighbouring streams.
        let mixed = fastrand::Rng::with_seed(seed).u64(..) ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut chance = fastrand::Rng::with_seed(mixed);
        let singles: Vec<Strike> = self
            .points()
            .into_iter()
            .flat_map(|point| point.strikes)
            .filter(|strike| faults.contains(&strike.fault) && self.requests[strike.request].call.is_some())
            .collect();
        if singles.is_empty() {
            return None;
        }
        let wanted = chance.usize(2..=MOST);
        let mut strikes: Vec<Strike> = Vec::new();
        for _ in 0..DRAWS {
            let drawn = singles[chance.usize(..singles.len())];
            let mut more = strikes.clone();
            more.push(drawn);
            more.sort_by_key(|strike| self.requests[strike.request].steps);
            if self.can_follow_each_other(&more) {
                strikes = more;
            }
            if strikes.len() == wanted {
                break;
            }
        }
        (strikes.len() > 1).then_some(SweepPoint { number, strikes })
    }

    /// Whether faults can come one after the other, each at the request that it means.
    fn can_follow_each_other(&self, strikes: &[Strike]) -> bool {
        let pairs =
            strikes.iter().enumerate().flat_map(|(at, first)| strikes[at + 1..].iter().map(move |next| (first, next)));
        let mut pairs = pairs.map(|(first, next)| (first, &self.requests[first.request], &self.requests[next.request]));
        pairs.all(|(first, one, other)| {
            let for_good = first.persistence == Persistence::Every
                && matches!(first.fault, SweepFault::ServerStop | SweepFault::ServerKill | SweepFault::ClientKill);
            // Another attempt at the first request would be counted for the second, or struck for it.
            let same_link = one.process == other.process && one.method == other.method;
            let mixed_up = same_link && (fits(&one.path, &other.path) || fits(&other.path, &one.path));
            let call = |name: &Option<String>| name.as_ref().and_then(|name| self.base.call_named(name));
            let (Some(before), Some(after)) = (call(&one.call), call(&other.call)) else { return false };
            let in_order = self.base.calls[before].end < self.base.calls[after].begin;
            let needs = self.base.with_dependents(&BTreeSet::from([before])).contains(&after);
            in_order && !for_good && !mixed_up && !needs
        })
    }
}
