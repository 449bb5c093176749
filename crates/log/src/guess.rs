//! What lines look like that a reader has not understood.

use std::fmt;

use serde::Serialize;

use super::Format;
use super::bounds::clip;
use super::heads::Heads;
use super::prefix::{Kinds, peel};
use super::traceback::begin;

/// How many bytes of a line are looked at.
const SEEN: usize = 1 << 10;
/// How long a prefix may be that nobody knows.
const PREFIX: usize = 100;
/// How many prefixes one behind the other.
const DEPTH: usize = 6;
/// The formats that lines of prose may fit from some place on.
const LOOSE: [&str; 7] = ["text", "go", "logfmt", "syslog", "flexi-logger", "jul", "swift"];

/// What something looks like that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guess {
    /// The name of a format, or `stack trace`.
    pub format: String,
    /// What stands before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<String>,
}

impl fmt::Display for Guess {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.behind {
            Some(behind) => write!(out, "`{}` behind `{behind}`", self.format),
            None => write!(out, "`{}`", self.format),
        }
    }
}

impl Guess {
    /// What most of these lines look like, each read by itself; nothing when it is less than a quarter of them.
    ///
    /// ```
    /// use quietdown_log::Guess;
    ///
    /// let lines = ["web-1 !! INFO:app:begun", "web-1 !! ERROR:app:failed"];
    /// assert_eq!(Guess::of(lines).map(|guess| guess.to_string()).as_deref(), Some("`python` behind `web-1 !! `"));
    /// assert_eq!(Guess::of(["It was a dark and stormy night."]), None);
    /// ```
    pub fn of<'l>(lines: impl IntoIterator<Item = &'l str>) -> Option<Self> {
        let mut guesser = Guesser::new()?;
        most(lines.into_iter().map(|line| guesser.guess(line)).collect())
    }
}

/// The most frequent guess, if it stands for a quarter of all.
pub(super) fn most(guesses: Vec<Option<Guess>>) -> Option<Guess> {
    let same = |one: &Guess| guesses.iter().flatten().filter(|other| other.format == one.format).count();
    // Of those that are equally frequent the first.
    let best = guesses.iter().flatten().rev().max_by_key(|guess| same(guess))?;
    (same(best) * 4 >= guesses.len()).then(|| best.clone())
}

/// Guesses what single lines are.
#[derive(Debug)]
pub(super) struct Guesser {
    heads: Heads,
}

impl Guesser {
    pub(super) fn new() -> Option<Self> {
        Heads::new(&Format::Auto).ok().map(|heads| Self { heads })
    }

    /// What a line looks like, by itself.
    pub(super) fn guess(&mut self, line: &str) -> Option<Guess> {
        let line = clip(line, SEEN);
        self.known(line).or_else(|| self.behind_known_prefix(line)).or_else(|| self.behind_any_prefix(line))
    }

    /// The format of a line, or of a stack trace that begins with it.
    fn known(&mut self, line: &str) -> Option<Guess> {
        let format = match self.heads.parse(line) {
            Some(_) => self.heads.name(),
            None => begin(line, &|_| None).map(|_| "stack trace")?,
        };
        Some(Guess { format: format.to_owned(), behind: None })
    }

    fn behind_known_prefix(&mut self, line: &str) -> Option<Guess> {
        let mut rest = line.to_owned();
        for _ in 0..DEPTH {
            rest = peel(&rest, Kinds::ALL)?.rest.into_owned();
            if let Some(guess) = self.known(&rest) {
                let behind = line.strip_suffix(rest.as_str()).map(str::to_owned);
                return Some(Guess { behind, ..guess });
            }
        }
        None
    }

    /// What begins behind a space or a mark.
    fn behind_any_prefix(&mut self, line: &str) -> Option<Guess> {
        let marks = [' ', '\t', '|', ']', ')', '>', ':', '#', '!'];
        let places = line.char_indices().zip(line.chars().skip(1)).take_while(|((at, _), _)| *at < PREFIX);
        let places = places.filter(|((_, before), next)| marks.contains(before) && !next.is_whitespace());
        for at in places.map(|((at, before), _)| at + before.len_utf8()) {
            let (behind, rest) = line.split_at(at);
            if let Some(guess) = self.known(rest).filter(|guess| !LOOSE.contains(&guess.format.as_str())) {
                return Some(Guess { behind: Some(behind.to_owned()), ..guess });
            }
        }
        None
    }
}
