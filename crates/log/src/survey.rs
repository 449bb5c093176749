//! What a log of any size holds, in memory of a fixed size.

use super::assembler::Assembler;
use super::guess::{Guesser, most};
use super::heads::Heads;
use super::intake::Intake;
use super::lines::Lines;
use super::moment::Period;
use super::tally::{Summary, Tally};
use super::{Format, Stream};

/// Reads a log of any size and keeps what it holds: how many records of each level and format, and every kind of traceback.
///
/// ```
/// use quietdown_log::{Format, Level, Survey};
///
/// let mut survey = Survey::new(&Format::Auto)?;
/// survey.feed(b"ERROR:app:failed\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'x'\n");
/// let summary = survey.finish();
/// assert_eq!(summary.levels[&Level::Error], 1);
/// assert_eq!(summary.tracebacks[0].exception.as_deref(), Some("KeyError"));
/// # Ok::<(), quietdown_log::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Survey {
    lines: Lines,
    intake: Intake,
    bytes: u64,
}

impl Survey {
    /// A survey of a log in this format.
    ///
    /// # Errors
    /// A [`Format::Regex`] whose expression is wrong: what is wrong with it.
    pub fn new(format: &Format) -> Result<Self, super::FormatError> {
        let heads = Heads::new(format)?;
        let assembler = Assembler::surveying(heads, Stream::Stdout, Tally::default());
        Ok(Self { lines: Lines::default(), intake: Intake::new(assembler), bytes: 0 })
    }

    /// With what the frames of the application have in them, where rules cannot know: packages or folders, such as
    /// `org.apache.kafka` or `site-packages/ours/`.
    #[must_use]
    pub fn with_applications(mut self, prefixes: Vec<String>) -> Self {
        self.intake.assembler.tell_applications(prefixes);
        self
    }

    /// With a regular expression of what stands before each line, at its very beginning. Its group `source`, if it has one, says
    /// where a line comes from: each source is read by itself.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn with_prefix(mut self, expression: &str) -> Result<Self, super::ExpressionError> {
        self.intake.take_off(regex::Regex::new(expression)?);
        Ok(self)
    }

    /// With what is counted, by when it was logged. A record without a time follows the one before it; what cannot be dated at all
    /// counts, and how much that is stands in [`Summary::undated`](super::Summary::undated).
    ///
    /// ```
    /// use quietdown_log::{Format, Period, Survey, from_rfc3339};
    ///
    /// let period = Period { since: from_rfc3339("2026-11-25T22:00:00Z"), until: None };
    /// let mut survey = Survey::new(&Format::Auto)?.with_period(period);
    /// survey.feed(b"2026-11-25T21:00:00Z ERROR app: before\n2026-11-25T23:00:00Z INFO app: after\n");
    /// let summary = survey.finish();
    /// assert_eq!((summary.records(), summary.outside_period), (1, 1));
    /// # Ok::<(), quietdown_log::FormatError>(())
    /// ```
    #[must_use]
    pub fn with_period(mut self, period: Period) -> Self {
        self.intake.assembler.tally.iter_mut().for_each(|tally| tally.period = Some(period));
        self
    }

    /// With the zone of times that say none: by how many seconds local time is ahead of UTC, at a local time in seconds since 1970.
    /// Without it they are UTC.
    #[must_use]
    pub fn with_zone(mut self, ahead: fn(i64) -> i64) -> Self {
        self.intake.assembler.tally.iter_mut().for_each(|tally| tally.clock.ahead = ahead);
        self
    }

    /// Reads what comes next, in whatever chunks.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.lines.feed(bytes, |line| self.intake.line(0, line));
    }

    /// What the whole log holds.
    pub fn finish(mut self) -> Summary {
        self.lines.finish(|line| self.intake.line(0, line));
        self.intake.finish(0);
        let mut summary = self.intake.assembler.finish_survey();
        summary.bytes = self.bytes;
        if let (Some(mut guesser), false) = (Guesser::new(), summary.examples.is_empty()) {
            for example in &mut summary.examples {
                example.looks_like = guesser.guess(&example.text);
            }
            summary.looks_like = most(summary.examples.iter().map(|example| example.looks_like.clone()).collect());
        }
        summary
    }
}

#[cfg(test)]
mod tests;
