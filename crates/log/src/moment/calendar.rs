//! Days since 1970, and moments as RFC 3339 writes them.

use super::{Clock, DAY, SECOND};

/// The days since 1970.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of the days since 1970.
pub(super) fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + days.div_euclid(146_097) * 400 + i64::from(month <= 2), month, day)
}

/// A moment as RFC 3339 has it, in UTC, without a fraction that is nothing.
///
/// ```
/// assert_eq!(quietdown_log::rfc3339(1_764_108_000_250_000), "2025-11-25T22:00:00.250Z");
/// ```
pub fn rfc3339(micros: i64) -> String {
    let (year, month, day) = date(micros.div_euclid(DAY * SECOND));
    let of_day = micros.rem_euclid(DAY * SECOND);
    let (second, fraction) = (of_day / SECOND, of_day % SECOND);
    let fraction = match fraction {
        0 => String::new(),
        _ if fraction % 1000 == 0 => format!(".{:03}", fraction / 1000),
        _ => format!(".{fraction:06}"),
    };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// The moment that a time of RFC 3339 says, in microseconds since 1970; nothing if it is none: its zone is required.
///
/// ```
/// use quietdown_log::from_rfc3339;
///
/// assert_eq!(from_rfc3339("2025-11-25T23:00:00+01:00"), Some(1_764_108_000_000_000));
/// assert_eq!(from_rfc3339("2025-11-25T23:00:00"), None);
/// assert_eq!(from_rfc3339("2025-02-30T23:00:00Z"), None);
/// ```
pub fn from_rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let shape = b"0000-00-00T00:00:00";
    let is = bytes.len() > shape.len()
        && bytes.iter().zip(shape).all(|(byte, kind)| match kind {
            b'0' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't' | b' '),
            other => byte == other,
        });
    let rest = text.get(19..).filter(|_| is)?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == fraction.len() {
                return None;
            }
            rest
        }
        None => rest,
    };
    let offset = rest.len() == 6 && matches!(rest.as_bytes()[0], b'+' | b'-') && rest.as_bytes()[3] == b':';
    if !matches!(rest, "Z" | "z") && !offset {
        return None;
    }
    let found = Clock::default().read(&text.replacen(['t', ' '], "T", 1).replace('z', "Z").replace('T', " "))?;
    let (year, month, day) = (text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..10].parse().ok()?);
    (date(days(year, month, day)) == (year, month, day)).then_some(found)
}
