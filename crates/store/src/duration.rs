//! Times on the command line: `50ms`, `2s`, `1m`, and schedules of them with commas.

use std::time::Duration;

/// A text that is no time, such as `5` without its unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time: write a number and its unit, such as `50ms`, `2s` or `1m`")]
pub struct DurationError(String);

/// Reads a time such as `50ms`, `1.5s` or `2m`; a bare `0` is one too.
///
/// # Errors
/// When it is no such time.
pub fn duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    let wrong = || DurationError(text.to_owned());
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "ms" => number / 1e3,
        "s" => number,
        "m" => number * 60.0,
        "" if number == 0.0 => 0.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// A schedule: pauses, in their order. It may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(pub Vec<Duration>);

impl std::str::FromStr for Schedule {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        text.split(',').filter(|pause| !pause.trim().is_empty()).map(duration).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        for wrong in ["", "5", "ms", "5 h", "-1s", "1..2s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_schedule_may_be_empty() {
        assert_eq!("".parse(), Ok(Schedule(vec![])));
        assert_eq!("1ms, 2s".parse(), Ok(Schedule(vec![Duration::from_millis(1), Duration::from_secs(2)])));
        assert!("1ms,x".parse::<Schedule>().is_err());
    }
}
