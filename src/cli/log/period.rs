//! From when to when a log is judged.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use quietdown_log::from_rfc3339;

/// A moment in microseconds since 1970: a time of RFC 3339, or how long ago.
pub fn moment(text: &str) -> Result<i64, MomentError> {
    if let Some(found) = from_rfc3339(text) {
        return Ok(found);
    }
    let seconds = seconds(text).ok_or(MomentError)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let ago = seconds.checked_mul(1_000_000).ok_or(MomentError)?;
    Ok(i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(ago))
}

/// Neither a time nor how long ago.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("write a time with its zone, as `2026-11-25T22:00:00Z`, or how long ago, as `90s`, `10m`, `1h30m`, `2d`, `1w`")]
pub struct MomentError;

/// `1h30m` in seconds.
fn seconds(text: &str) -> Option<i64> {
    let (mut all, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        let mut letters = rest[digits..].chars();
        let unit = match letters.next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 24 * 3600,
            'w' => 7 * 24 * 3600,
            _ => return None,
        };
        all = all.checked_add(number.checked_mul(unit)?)?;
        rest = letters.as_str();
    }
    (!text.is_empty()).then_some(all)
}

/// By how many seconds the local time is ahead of UTC when a clock on the wall shows this.
pub fn ahead(local: i64) -> i64 {
    thread_local! {
        /// Zones change at full quarters of an hour; asking for one takes longer than all else that is done with a record.
        static LAST: Cell<Option<(i64, i64)>> = const { Cell::new(None) };
    }
    let quarter = local.div_euclid(900);
    if let Some((_, ahead)) = LAST.get().filter(|(known, _)| *known == quarter) {
        return ahead;
    }
    let ahead = look_up(quarter * 900);
    LAST.set(Some((quarter, ahead)));
    ahead
}

fn look_up(local: i64) -> i64 {
    // SAFETY: `tm` is plain data, for which all zeros are a value.
    let mut shown: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both point to values that live as long as the call.
    if unsafe { libc::gmtime_r(&raw const local, &raw mut shown) }.is_null() {
        return 0;
    }
    shown.tm_isdst = -1;
    // SAFETY: the same; the environment is not changed while logs are read.
    match unsafe { libc::mktime(&raw mut shown) } {
        -1 => 0,
        utc => local - utc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sums_and_nonsense_is_none() {
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!((seconds("90s"), seconds("2d"), seconds("1w")), (Some(90), Some(172_800), Some(604_800)));
        for wrong in ["", "10", "m", "10 m", "1y", "-5m", "99999999999999999999s", "9999999999999999w"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
