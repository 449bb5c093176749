//! Counts what a log holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::bounds::clip;
use super::guess::Guess;
use super::moment::{Clock, Period};
use super::{Language, Level, Record, Traceback};
use examples::Examples;

mod examples;

/// How many kinds of tracebacks are told apart; further ones are only counted.
pub(super) const KINDS: usize = 1000;
/// How many lines of the first traceback of each kind are kept.
const LINES: usize = 40;
/// How many bytes of each of its lines, and of what is said, are kept.
const TEXT: usize = 1 << 10;

/// What a log holds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// How many bytes it is.
    pub bytes: u64,
    /// How many lines it has.
    pub lines: u64,
    /// How many records of each level.
    pub levels: BTreeMap<Level, u64>,
    /// How many records in formats that have no levels.
    pub without_level: u64,
    /// How many records in each format.
    pub formats: BTreeMap<&'static str, u64>,
    /// How many texts fit no format and belong to no record.
    pub raw: u64,
    /// How many of those hold no stack trace either. None in a log that was said to be [`Raw`](super::Format::Raw).
    pub not_understood: u64,
    /// Some of what was not understood, in order.
    pub examples: Vec<Example>,
    /// What most of that looks like.
    pub looks_like: Option<Guess>,
    /// The kinds of tracebacks, the most frequent first.
    pub tracebacks: Vec<Kind>,
    /// How many tracebacks are of kinds that are not told apart any more.
    pub other_tracebacks: u64,
    /// How many records, and texts outside any, were logged outside of the [`Period`](super::Period): they are in no other count.
    pub outside_period: u64,
    /// With a [`Period`](super::Period): how many could not be dated, because no record before them has a time. They are in the
    /// other counts.
    pub undated: u64,
}

/// A text that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The number of its line, from 1.
    pub line: u64,
    /// Its first line, bounded.
    pub text: String,
    /// What it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<Guess>,
}

/// Tracebacks of one cause.
#[derive(Debug, Clone, Serialize)]
pub struct Kind {
    /// How many there are.
    pub count: u64,
    /// The language.
    pub language: Language,
    /// The exception.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// Where it was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// The innermost frame of the application, if it is another one or the only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The root of the chain, as the first one says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What the first one says.
    pub message: String,
    /// The record that the first one belongs to.
    pub record: String,
    /// The number of the line with which the first one begins, from 1.
    pub line: u64,
    /// The first lines of the first one.
    pub first: Vec<String>,
    /// When the earliest was logged, in microseconds since 1970, as far as records say it. A record without a time has that of the
    /// record before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_time: Option<i64>,
    /// When the latest was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time: Option<i64>,
}

impl Kind {
    /// The frame to look at: the innermost of the application, or else the innermost.
    pub fn place(&self) -> Option<&str> {
        self.application.as_deref().or(self.frame.as_deref())
    }
}

impl Summary {
    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.levels.values().sum::<u64>() + self.without_level + self.raw
    }

    /// How many tracebacks there are.
    pub fn traceback_count(&self) -> u64 {
        self.tracebacks.iter().map(|kind| kind.count).sum::<u64>() + self.other_tracebacks
    }

    /// Which part of what it holds was not understood, from 0 to 1.
    pub fn share_not_understood(&self) -> f64 {
        // Counts of records are far below what an f64 holds exactly.
        self.not_understood as f64 / self.records().max(1) as f64
    }

    /// How many records are above a level.
    pub fn above(&self, level: Level) -> u64 {
        self.levels.iter().filter(|(found, _)| **found > level).map(|(_, count)| count).sum()
    }
}

/// What tells one kind of traceback from another.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    language: Language,
    exception: Option<String>,
    /// The innermost frame of the application, or else the innermost.
    place: Option<String>,
    /// What the root is called, without what it says.
    cause: Option<String>,
}

/// Counts while a log is read.
#[derive(Debug, Default)]
pub(super) struct Tally {
    levels: [u64; 5],
    without_level: u64,
    formats: Vec<(&'static str, u64)>,
    kinds: HashMap<Key, Kind>,
    raw: u64,
    /// How many of those hold a traceback.
    traced: u64,
    examples: Examples,
    other: u64,
    pub(super) lines: u64,
    /// What the frames of the application have in them, where rules cannot know.
    pub(super) applications: Vec<String>,
    /// What is judged, by when it was logged.
    pub(super) period: Option<Period>,
    pub(super) clock: Clock,
    outside_period: u64,
    undated: u64,
}

/// How a record was counted: by its level and format, or as text of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Head(Option<Level>, &'static str),
    Raw,
}

/// Whether a record is in the period that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Dated {
    #[default]
    Within,
    Outside,
    /// Nobody knows; it counts.
    Never,
}

impl Counted {
    /// How a record is counted whose prefix says this of it.
    pub(super) fn of(envelope: Option<(Option<Level>, &'static str)>) -> Self {
        envelope.map_or(Self::Raw, |(level, format)| Self::Head(level, format))
    }
}

impl Tally {
    pub(super) fn head(&mut self, level: Option<Level>, format: &'static str) {
        match level {
            Some(level) => self.levels[level as usize] += 1,
            None => self.without_level += 1,
        }
        // There are few, and nearly always it is the first.
        match self.formats.iter_mut().find(|(name, _)| *name == format) {
            Some((_, count)) => *count += 1,
            None => self.formats.push((format, 1)),
        }
    }

    /// Whether what was logged at this moment is in the period.
    pub(super) fn dated(&self, time: Option<i64>) -> Dated {
        match (&self.period, time) {
            (None, _) => Dated::Within,
            (Some(_), None) => Dated::Never,
            (Some(period), Some(time)) if period.has(time) => Dated::Within,
            _ => Dated::Outside,
        }
    }

    /// Counts a record.
    pub(super) fn count(&mut self, counted: Counted, dated: Dated) {
        match dated {
            Dated::Outside => {
                self.outside_period += 1;
                return;
            }
            Dated::Never => self.undated += 1,
            Dated::Within => {}
        }
        match counted {
            Counted::Head(level, format) => self.head(level, format),
            Counted::Raw => self.raw += 1,
        }
    }

    /// Counts a text that fits no format, and keeps it as an example.
    pub(super) fn text(&mut self, counted: Counted, dated: Dated, line: u64, text: &str) {
        self.count(counted, dated);
        if counted == Counted::Raw && dated != Dated::Outside {
            self.examples.push(line, text);
        }
    }

    /// A record, or this text, is none.
    pub(super) fn forget(&mut self, counted: Counted, dated: Dated, text: &str) {
        match dated {
            Dated::Outside => {
                self.outside_period = self.outside_period.saturating_sub(1);
                return;
            }
            Dated::Never => self.undated = self.undated.saturating_sub(1),
            Dated::Within => {}
        }
        match counted {
            Counted::Raw => {
                self.raw = self.raw.saturating_sub(1);
                self.examples.forget(text);
            }
            Counted::Head(level, format) => {
                let count = match level {
                    Some(level) => &mut self.levels[level as usize],
                    None => &mut self.without_level,
                };
                *count = count.saturating_sub(1);
                self.formats.iter_mut().filter(|(name, _)| *name == format).for_each(|(_, count)| *count -= 1);
                self.formats.retain(|(_, count)| *count > 0);
            }
        }
    }

    /// A record has ended that was logged then. Its tracebacks began at these lines.
    pub(super) fn record(&mut self, record: &Record, lines: &[u64], time: Option<i64>) {
        if self.dated(time) == Dated::Outside {
            return;
        }
        if record.outside && !record.tracebacks.is_empty() {
            self.traced += 1;
            self.examples.forget(&record.message);
        }
        for (at, traceback) in record.tracebacks.iter().enumerate() {
            self.traceback(record, traceback, lines.get(at).copied().unwrap_or_default(), time);
        }
    }

    fn traceback(&mut self, record: &Record, traceback: &Traceback, line: u64, time: Option<i64>) {
        let mut told = Cow::Borrowed(traceback);
        if !self.applications.is_empty() {
            told.to_mut().tell_application(&self.applications);
        }
        let traceback = told.as_ref();
        let key = Key {
            language: traceback.language,
            exception: traceback.exception.clone(),
            place: traceback.place().map(str::to_owned),
            cause: traceback.cause.as_ref().map(|cause| cause.split(": ").next().unwrap_or_default().to_owned()),
        };
        if let Some(kind) = self.kinds.get_mut(&key) {
            kind.count += 1;
            kind.first_time = kind.first_time.into_iter().chain(time).min();
            kind.last_time = kind.last_time.max(time);
        } else if self.kinds.len() >= KINDS {
            self.other += 1;
        } else {
            let kind = Kind {
                count: 1,
                language: traceback.language,
                exception: traceback.exception.clone(),
                frame: traceback.frame.clone(),
                application: traceback.application.clone(),
                cause: traceback.cause.clone(),
                message: clip(&traceback.message, TEXT).to_owned(),
                record: clip(&record.summary(), TEXT).to_owned(),
                line,
                first: traceback.lines.iter().take(LINES).map(|line| clip(line, TEXT).to_owned()).collect(),
                first_time: time,
                last_time: time,
            };
            self.kinds.insert(key, kind);
        }
    }

    pub(super) fn finish(self) -> Summary {
        const LEVELS: [Level; 5] = [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error];
        let mut tracebacks: Vec<Kind> = self.kinds.into_values().collect();
        tracebacks.sort_by_key(|kind| (std::cmp::Reverse(kind.count), kind.line));
        Summary {
            lines: self.lines,
            levels: LEVELS.into_iter().zip(self.levels).filter(|(_, count)| *count > 0).collect(),
            without_level: self.without_level,
            formats: self.formats.into_iter().collect(),
            raw: self.raw,
            not_understood: self.raw.saturating_sub(self.traced),
            examples: self.examples.finish(),
            tracebacks,
            other_tracebacks: self.other,
            outside_period: self.outside_period,
            undated: self.undated,
            ..Summary::default()
        }
    }
}
