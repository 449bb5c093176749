//! The small values of a fault: durations, repetitions, places in a message.

#[cfg(feature = "serde")]
mod in_files;

use std::fmt;
use std::time::Duration;

/// A span of time, written as a number with its unit: `"300ms"`, `"1.5s"`, `"2m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// Why a text is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongSpan {
    /// It is no number with a unit.
    #[error("`{0}` is no duration; write a number and a unit (us, ms, s, m, h), such as \"300ms\"")]
    Malformed(String),
    /// It is longer than anything lasts here.
    #[error("`{0}` is too long; at most 1000h")]
    TooLong(String),
}

/// The longest span.
const LONGEST: Duration = Duration::from_secs(1000 * 3600);

impl Span {
    /// Reads `300ms`, `1.5s`, `2m`, `1h`, `250us`.
    ///
    /// # Errors
    /// What is wrong with the text, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, WrongSpan> {
        let wrong = || WrongSpan::Malformed(text.to_owned());
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(unit_at);
        let seconds = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong()),
        };
        let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let number: f64 = number.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
        let span = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
        // Nothing in a run lasts longer, and a clock can still be moved by it.
        if span > LONGEST { Err(WrongSpan::TooLong(text.to_owned())) } else { Ok(Self(span)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            _ if micros.is_multiple_of(1_000_000) => write!(f, "{}s", micros / 1_000_000),
            _ if micros.is_multiple_of(1000) => write!(f, "{}ms", micros / 1000),
            _ => write!(f, "{micros}us"),
        }
    }
}

/// How often the proxy repeats an action: a total number of times, or at every match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// This many times in all.
    Total(u32),
    /// At every match until the run ends.
    Every,
}

/// How many bytes of a part of a message may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// So many; from its end where negative: -1 is all but the last.
    Byte(i64),
    /// Half of them.
    Middle,
}

impl Default for At {
    fn default() -> Self {
        Self::Byte(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_a_plain_number() {
        assert_eq!(Span::parse("300ms"), Ok(Span(Duration::from_millis(300))));
        assert_eq!(Span::parse("1.5s"), Ok(Span(Duration::from_millis(1500))));
        for wrong in ["", "3", "ms", "-1s", "1e3s", "1 s", "3days", "99999999999999999999h", "1001h", "."] {
            assert!(Span::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Span::parse("1500ms").map(|span| span.to_string()), Ok("1500ms".into()));
    }
}
