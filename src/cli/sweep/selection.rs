//! Which points are meant.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use crate::sweep::{Recorded, Strike, phase_name};

/// One word of `--points`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Numbers, both ends included.
    Numbers(usize, usize),
    /// A call, an operation or a phase.
    Name(String),
}

/// A text that selects no points.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    #[error("write a number, a range such as 3-7, or the name of a call, an operation or a phase")]
    Empty,
    #[error("`{0}` is no number and no range; points are counted from 1, such as 12 or 3-7")]
    NoRange(String),
    #[error("`{0}` is no part; write I/N, such as 1/4 for the first of four")]
    NoPart(String),
}

impl FromStr for Which {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let text = text.trim();
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
        if text.is_empty() {
            return Err(SelectionError::Empty);
        }
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(Self::Name(text.to_owned()));
        }
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        match (number(from), number(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Self::Numbers(from, to)),
            _ => Err(SelectionError::NoRange(text.to_owned())),
        }
    }
}

impl Which {
    /// Whether it means this point.
    pub fn means(&self, number: usize, strike: &Strike, request: &Recorded) -> bool {
        match self {
            Self::Numbers(from, to) => (*from..=*to).contains(&number),
            Self::Name(name) => {
                request.call.as_ref() == Some(name)
                    || request.op.as_ref() == Some(name)
                    || phase_name(strike.place.phase) == name
            }
        }
    }
}

/// A part of the points: one of N that are about equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    index: usize,
    /// Of how many.
    count: usize,
}

impl FromStr for Shard {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err(SelectionError::NoPart(text.to_owned())),
        }
    }
}

impl Shard {
    /// Its part of what is selected: each number is in one part, and no part is longer than another by more than one. They are
    /// dealt out in an order that has nothing to do with their meaning: faults, places and persistences repeat in the numbers, so
    /// that every N-th would be a part of one kind.
    pub fn part(self, mut numbers: Vec<usize>) -> BTreeSet<usize> {
        fastrand::Rng::with_seed(0).shuffle(&mut numbers);
        numbers.into_iter().skip(self.index - 1).step_by(self.count).collect()
    }
}

/// Reads a time such as `10m`.
pub fn budget(text: &str) -> Result<Duration, crate::proxy::WrongSpan> {
    crate::file::Span::parse(text).map(|span| span.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_have_every_point_once_and_each_a_share_of_every_kind() {
        // Ten kinds that repeat, as faults and persistences do.
        let numbers: Vec<usize> = (1..=2000).collect();
        for count in 1..=12 {
            let parts = (1..=count).map(|index| Shard { index, count }.part(numbers.clone()));
            let mut all = Vec::new();
            for part in parts {
                assert!((2000 / count..=2000_usize.div_ceil(count)).contains(&part.len()), "{count}: {}", part.len());
                for kind in 0..10 {
                    let of_kind = part.iter().filter(|number| *number % 10 == kind).count();
                    let share = part.len() / 10;
                    assert!(
                        (share / 3..=share * 3).contains(&of_kind),
                        "{of_kind} of kind {kind} in a part of {}",
                        part.len()
                    );
                }
                all.extend(part);
            }
            all.sort_unstable();
            assert_eq!(all, numbers, "{count} shards");
        }
        for wrong in ["", "1", "0/3", "4/3", "a/b", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn points_are_numbers_ranges_or_names() {
        assert_eq!("7".parse(), Ok(Which::Numbers(7, 7)));
        assert_eq!("3-7".parse(), Ok(Which::Numbers(3, 7)));
        assert_eq!("request-head".parse(), Ok(Which::Name("request-head".to_owned())));
        for wrong in ["", "0", "7-3", "3-", "3x"] {
            assert!(wrong.parse::<Which>().is_err(), "{wrong}");
        }
    }
}
