//! Makes what failed small: the fewest faults and calls that still show the same.

use std::collections::BTreeSet;

use super::Sweep;
use super::compose::Composition;
use super::outcome::{Outcome, Verdict, cause, causes};
use super::point::Strike;
use crate::run::Report;

/// How often a minimal scenario is run again before it is called reproducible.
const AGAIN: usize = 3;

/// The smallest scenario that was found to show a failure.
#[derive(Debug)]
pub struct Minimal {
    /// The faults that are left.
    pub strikes: Vec<Strike>,
    /// The scenario.
    pub composition: Composition,
    /// Calls that are not needed, by their index in the scenario.
    without: BTreeSet<usize>,
    /// In how many of the last runs it showed the same.
    pub shown: usize,
    /// How many those were.
    pub runs: usize,
    /// The last run that did.
    pub report: Option<Report>,
}

impl Sweep<'_> {
    /// Makes a failure small. `like` was made small before, for the same cause: what it needed not is tried first.
    /// Nothing when the [budget](Self::until) is over; when it ends meanwhile, what is the smallest by then.
    pub fn minimal(&self, strikes: &[Strike], failed: &Outcome, like: Option<&Minimal>) -> Option<Minimal> {
        if self.is_over() {
            return None;
        }
        let mut search = Search {
            sweep: self,
            number: failed.number,
            cause: cause(&failed.findings),
            strikes: strikes.to_vec(),
            without: BTreeSet::new(),
        };
        match like {
            Some(like) => {
                let own = strikes.iter().filter_map(|strike| self.call_of(strike));
                let mut without = like.without.clone();
                for call in own {
                    without.remove(&call);
                    without = without.difference(&self.needed_by(call)).copied().collect();
                }
                search.try_without(without);
            }
            None => {
                search.fewer_strikes();
                search.fewer_calls();
            }
        }
        search.confirmed(if like.is_some() { 1 } else { AGAIN })
    }

    pub(super) fn call_of(&self, strike: &Strike) -> Option<usize> {
        self.requests[strike.request].call.as_ref().and_then(|name| self.base.call_named(name))
    }

    /// The calls whose answers a call needs, and those that they need.
    fn needed_by(&self, call: usize) -> BTreeSet<usize> {
        (0..call).filter(|other| self.base.with_dependents(&BTreeSet::from([*other])).contains(&call)).collect()
    }
}

struct Search<'s> {
    sweep: &'s Sweep<'s>,
    number: usize,
    cause: String,
    strikes: Vec<Strike>,
    without: BTreeSet<usize>,
}

impl Search<'_> {
    fn composed(&self, strikes: &[Strike], without: &BTreeSet<usize>) -> Option<Composition> {
        self.sweep.composed(strikes, without, &format!("made small from {}", self.number))
    }

    /// Whether these faults without these calls show the same. What they needed not is discarded.
    fn shows(&self, strikes: &[Strike], without: &BTreeSet<usize>) -> bool {
        if self.sweep.is_over() {
            return false;
        }
        let Some(composition) = self.composed(strikes, without) else { return false };
        let (shown, report) = self.shown(&composition);
        // What cannot be removed stays behind in a folder for temporary files.
        let _ = report.map(Report::discard);
        shown
    }

    fn shown(&self, composition: &Composition) -> (bool, Option<Report>) {
        let (outcome, report) = self.sweep.try_out(self.number, composition);
        (outcome.verdict == Verdict::Failed && causes(&outcome.findings).contains(&self.cause), report)
    }

    /// Leaves one fault after the other out, as long as the failure stays.
    fn fewer_strikes(&mut self) {
        let mut at = self.strikes.len();
        while at > 0 && self.strikes.len() > 1 {
            at -= 1;
            let mut fewer = self.strikes.clone();
            fewer.remove(at);
            if self.shows(&fewer, &self.without) {
                self.strikes = fewer;
            }
        }
    }

    /// Leaves calls out: half of them at once, then fewer and fewer.
    fn fewer_calls(&mut self) {
        let struck: BTreeSet<usize> = self.strikes.iter().filter_map(|strike| self.sweep.call_of(strike)).collect();
        let mut size = self.sweep.base.calls.len().div_ceil(2);
        while size > 0 {
            let left: Vec<usize> =
                (0..self.sweep.base.calls.len()).rev().filter(|call| !self.is_out(*call, &struck)).collect();
            for chunk in left.chunks(size) {
                let mut without = self.without.clone();
                without.extend(chunk);
                self.try_without(without);
            }
            size /= 2;
        }
    }

    fn is_out(&self, call: usize, struck: &BTreeSet<usize>) -> bool {
        struck.contains(&call) || self.without.contains(&call)
    }

    fn try_without(&mut self, without: BTreeSet<usize>) {
        let whole = self.sweep.base.with_dependents(&without);
        if whole != self.without && self.shows(&self.strikes, &whole) {
            self.without = whole;
        }
    }

    fn confirmed(self, runs: usize) -> Option<Minimal> {
        let composition = self.composed(&self.strikes, &self.without)?;
        let (mut shown, mut last, mut made) = (0, None, 0);
        for _ in 0..runs {
            // Once is needed to say that it shows the same.
            if made > 0 && self.sweep.is_over() {
                break;
            }
            made += 1;
            let (same, report) = self.shown(&composition);
            if let (true, Some(report)) = (same, report) {
                shown += 1;
                // Only the last one is looked at.
                let _ = last.replace(report).map(Report::discard);
            }
        }
        Some(Minimal { strikes: self.strikes, composition, without: self.without, shown, runs: made, report: last })
    }
}
