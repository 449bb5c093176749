use std::fmt;
use std::ops::{Range, RangeFrom, RangeInclusive, RangeToInclusive};
use std::panic::Location;

use super::record::Told;
use crate::GateId;

/// How often something must be met: a number, or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    least: u64,
    most: u64,
}

impl Expected {
    pub(super) const AT_LEAST_ONCE: Self = Self { least: 1, most: u64::MAX };
    pub(super) const ANY: Self = Self { least: 0, most: u64::MAX };

    fn holds(self, count: u64) -> bool {
        (self.least..=self.most).contains(&count)
    }
}

impl From<u64> for Expected {
    fn from(count: u64) -> Self {
        Self { least: count, most: count }
    }
}

impl From<RangeInclusive<u64>> for Expected {
    fn from(range: RangeInclusive<u64>) -> Self {
        Self { least: *range.start(), most: *range.end() }
    }
}

impl From<Range<u64>> for Expected {
    fn from(range: Range<u64>) -> Self {
        Self { least: range.start, most: range.end.saturating_sub(1) }
    }
}

impl From<RangeFrom<u64>> for Expected {
    fn from(range: RangeFrom<u64>) -> Self {
        Self { least: range.start, most: u64::MAX }
    }
}

impl From<RangeToInclusive<u64>> for Expected {
    fn from(range: RangeToInclusive<u64>) -> Self {
        Self { least: 0, most: range.end }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (least, most) if least == most => write!(f, "{least} times"),
            (least, u64::MAX) => write!(f, "at least {least} times"),
            (least, most) => write!(f, "{least} to {most} times"),
        }
    }
}

/// What a gate or rule is expected to meet.
#[derive(Debug, Clone)]
pub(super) struct Expectation {
    pub gate: GateId,
    pub what: String,
    pub expected: Expected,
    /// Where the test says so.
    pub location: &'static Location<'static>,
}

impl Expectation {
    /// What is wrong, if anything is.
    pub fn failure(&self, told: &Told) -> Option<String> {
        let count = told.met(self.gate);
        if self.expected.holds(count) {
            return None;
        }
        let Self { what, expected, location, .. } = self;
        let met = if count == 0 { "was never met".to_owned() } else { format!("was met {count} times") };
        Some(format!("{what} ({location}) {met}, expected {expected}; {}", told.seen(self.gate)))
    }
}
