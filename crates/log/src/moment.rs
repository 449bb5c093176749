//! When a record was logged, as its head says it.

mod calendar;

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use super::escapes::closing_quote;
use super::heads::{moment_end, usual_date};
use calendar::{date, days};
pub use calendar::{from_rfc3339, rfc3339};

/// How far into a head a time is looked for, in bytes.
const HEAD: usize = 240;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 3600;

/// Which records are judged by when they were logged, in microseconds since 1970. Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// The first moment; nothing for the beginning of the log.
    pub since: Option<i64>,
    /// The last moment; nothing for the end of the log.
    pub until: Option<i64>,
}

impl Period {
    /// Whether a moment is in it.
    ///
    /// ```
    /// use quietdown_log::Period;
    ///
    /// let from_then_on = Period { since: Some(1_764_108_000_000_000), until: None };
    /// assert!(from_then_on.has(1_764_108_000_000_000) && !from_then_on.has(0));
    /// ```
    pub fn has(&self, moment: i64) -> bool {
        self.since.is_none_or(|since| since <= moment) && self.until.is_none_or(|until| moment <= until)
    }
}

/// What a time means that does not say its zone, or its year.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// Seconds by which local time is ahead of UTC, at a local time in seconds.
    pub(super) ahead: fn(i64) -> i64,
    /// Microseconds since 1970.
    now: i64,
}

impl Default for Clock {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        Self { ahead: |_| 0, now: i64::try_from(now).unwrap_or(i64::MAX) }
    }
}

impl Clock {
    /// The moment at which the record with this head was logged, in microseconds since 1970; nothing if the head does not say the
    /// day. `raw` is the line with its prefixes, `kept` what is behind them, in which the message has its place, if it is known.
    pub(super) fn of(&self, raw: &str, kept: &str, message: Option<Range<usize>>, pairs: bool) -> Option<i64> {
        if raw.starts_with(['{', '\u{1e}']) {
            if let Some(found) = self.in_object(raw) {
                return Some(found);
            }
        } else if let Some(before) = raw.len().checked_sub(kept.len()).and_then(|length| raw.get(..length))
            && let Some(found) = self.in_text(before)
        {
            return Some(found);
        }
        if kept.starts_with('{') {
            return self.in_object(kept);
        }
        if pairs {
            return self.in_pairs(kept);
        }
        let end = message.map_or(kept.len(), |message| message.start);
        self.in_text(kept.get(..end)?)
    }

    /// The first time in the part before a message.
    pub(super) fn in_text(&self, text: &str) -> Option<i64> {
        let bytes = &text.as_bytes()[..text.len().min(HEAD)];
        let mut at = 0;
        while at < bytes.len() {
            let digit = bytes[at].is_ascii_digit();
            let begins = at == 0 || !bytes[at - 1].is_ascii_alphanumeric() && !b".-:".contains(&bytes[at - 1]);
            if begins && (digit || bytes[at].is_ascii_uppercase()) {
                // glog has its level before the time.
                let (from, glog) = match bytes.get(at + 1) {
                    Some(next) if !digit && next.is_ascii_digit() => (at + 1, true),
                    _ => (at, false),
                };
                if glog {
                    if let Some(found) = self.of_glog(&text[from..]) {
                        return Some(found);
                    }
                } else if let Some(end) = moment_end(bytes, from) {
                    let number = bytes[from..end].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
                    // A number alone may be anything, unless it stands where times do.
                    let may_be = !number || from == 0 || from == 1 && bytes[0] == b'[';
                    if let Some(found) = text.get(from..end).filter(|_| may_be).and_then(|text| self.read(text)) {
                        return Some(found);
                    }
                }
            }
            at += 1;
        }
        None
    }

    /// `1125 22:00:00.123456`, `20261125 22:00:00.123456`
    fn of_glog(&self, text: &str) -> Option<i64> {
        let (day, rest) = text.split_once(' ')?;
        let clock = rest.split(' ').find(|part| !part.is_empty())?;
        if !day.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let day = match day.len() {
            4 => format!("{}-{}", &day[..2], &day[2..]),
            8 => day.to_owned(),
            _ => return None,
        };
        self.read(&format!("{day} {clock}"))
    }

    /// The time in `key=value`.
    fn in_pairs(&self, text: &str) -> Option<i64> {
        const KEYS: [&str; 6] = ["time=", "ts=", "timestamp=", "@timestamp=", "t=", "datetime="];
        let of_key = |key: &&str| {
            let at = text.match_indices(*key).map(|(at, _)| at);
            let at = at.into_iter().find(|at| *at == 0 || text.as_bytes()[at - 1] == b' ')? + key.len();
            let rest = &text[at..];
            let value = match rest.strip_prefix('"') {
                Some(rest) => rest.split('"').next()?,
                None => rest.split(' ').next()?,
            };
            self.value(value)
        };
        KEYS.iter().find_map(of_key).or_else(|| {
            let end = text.find('=').unwrap_or(text.len());
            self.in_text(&text[..end])
        })
    }

    /// The time in an object, wherever its key stands.
    fn in_object(&self, text: &str) -> Option<i64> {
        const KEYS: [&str; 17] = [
            "\"timestamp\":",
            "\"time\":",
            "\"ts\":",
            "\"@timestamp\":",
            "\"asctime\":",
            "\"@t\":",
            "\"datetime\":",
            "\"date\":",
            "\"Timestamp\":",
            "\"timeUnixNano\":",
            "\"t\":",
            "\"instant\":",
            "\"eventTime\":",
            "\"timeMillis\":",
            "\"__REALTIME_TIMESTAMP\":",
            "\"$date\":",
            "\"epochSecond\":",
        ];
        // A space may stand before the colon.
        let of_key = |key: &&str| {
            let name = key.trim_end_matches(':');
            let bytes = text.as_bytes();
            memchr::memmem::find_iter(bytes, name.as_bytes()).find_map(|at| {
                let rest = text[at + name.len()..].trim_start().strip_prefix(':')?.trim_start();
                match rest.strip_prefix('"') {
                    Some(rest) => self.value(rest.get(..closing_quote(rest.as_bytes())?)?),
                    None if !rest.starts_with(|c: char| c.is_ascii_digit()) => None,
                    None => self.value(&rest[..rest.find([',', '}', ' ', ']']).unwrap_or(rest.len())]),
                }
            })
        };
        KEYS.iter().find_map(of_key)
    }

    /// A value that can only be a time.
    fn value(&self, text: &str) -> Option<i64> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if digits(whole) && digits(fraction) && !whole.is_empty() {
            return epoch(whole, fraction);
        }
        self.read(text)
    }

    /// A time in any shape that says its day.
    fn read(&self, text: &str) -> Option<i64> {
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
        if whole.len() >= 10 && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return epoch(whole, fraction);
        }
        let bytes = text.as_bytes();
        // Nearly all are written like this.
        let usual = usual_date(bytes, 0);
        let (at, spread, length) = if usual { (11, 3, 8) } else { clock_in(bytes)? };
        let two = |from: usize| {
            Some(
                i64::from(bytes.get(from)?.wrapping_sub(b'0')) * 10
                    + i64::from(bytes.get(from + 1)?.wrapping_sub(b'0')),
            )
        };
        let (hour, minute, second) = match length {
            7 => (i64::from(bytes[at] - b'0'), two(at + 2)?, two(at + 5)?),
            _ => (two(at)?, two(at + spread)?, two(at + 2 * spread)?),
        };
        let mut rest = &text[at + length..];
        let mut micros = 0;
        if let Some(fraction) = rest.strip_prefix(['.', ',', ':']) {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            micros = fraction_of(&fraction[..digits]);
            rest = &fraction[digits..];
        }
        let (mut hour, mut year, mut zone) = (hour, None, None);
        for word in rest.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "AM" if hour == 12 => hour = 0,
                "PM" if hour < 12 => hour += 12,
                _ if word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()) => year = word.parse().ok(),
                _ => zone = zone.or_else(|| zone_of(word)),
            }
        }
        let half = rest.contains("AM") || rest.contains("PM");
        let (year, month, day) = match usual {
            true => (Some(two(0)? * 100 + two(2)?), two(5)?, two(8)?),
            false => date_of(&text[..at], year, half)?,
        };
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let of = |year: i64| {
            let local = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
            (local - zone.unwrap_or_else(|| (self.ahead)(local))) * SECOND + micros
        };
        match year {
            Some(year) => (1970..3000).contains(&year).then(|| of(year)),
            // The last one that has been.
            None => {
                let this = year_of(self.now);
                let then = of(this);
                Some(if then > self.now + DAY * SECOND { of(this - 1) } else { then })
            }
        }
    }
}

/// Where the time of the day is: its place, the distance of its parts, its length.
fn clock_in(bytes: &[u8]) -> Option<(usize, usize, usize)> {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    for at in 0..bytes.len() {
        if !digit(at) || at > 0 && digit(at - 1) {
            continue;
        }
        for (length, mark) in [(8, b':'), (7, b':'), (8, b'.')] {
            let first = length - 6;
            let is = (0..length).all(|of| match of == first || of == first + 3 {
                true => bytes.get(at + of) == Some(&mark),
                false => digit(at + of),
            });
            // A date may have dots as well.
            if is && (mark == b':' || at > 0 && bytes[at - 1] == b'-') && !digit(at + length) {
                return Some((at, 3, length));
            }
        }
        // `20261125T220000`
        if at > 0 && bytes[at - 1] == b'T' && (0..6).all(|of| digit(at + of)) && !digit(at + 6) {
            return Some((at, 2, 6));
        }
    }
    None
}

/// Year, month and day.
fn date_of(text: &str, year: Option<i64>, half: bool) -> Option<(Option<i64>, i64, i64)> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut numbers: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let named = MONTHS.iter().position(|name| {
        text.match_indices(name).any(|(at, _)| !text[at + 3..].starts_with(|c: char| c.is_ascii_alphabetic()))
    });
    let number = |text: &str| text.parse::<i64>().ok();
    if let Some(month) = named {
        let mut year = year;
        numbers.retain(|found| {
            let is_year = found.len() == 4;
            year = if is_year { number(found) } else { year };
            !is_year
        });
        let [day] = numbers.as_slice() else { return None };
        return Some((year, month as i64 + 1, number(day)?));
    }
    let short = |text: &str| number(text).map(|year| 2000 + year);
    match *numbers.as_slice() {
        [year, month, day] if year.len() == 4 => Some((number(year), number(month)?, number(day)?)),
        [one, other, year] if year.len() == 4 => {
            let (first, second) = (number(one)?, number(other)?);
            let month_first = match (first, second) {
                _ if !text.contains('/') => false,
                (13.., _) => false,
                (_, 13..) => true,
                // Only those who halve the day write the month first for certain.
                _ if half || first == second => true,
                _ => return None,
            };
            let (month, day) = if month_first { (first, second) } else { (second, first) };
            Some((number(year), month, day))
        }
        [year, month, day] if year.len() == 2 => Some((short(year), number(month)?, number(day)?)),
        [month, day] => Some((year, number(month)?, number(day)?)),
        [all] if all.len() == 8 => Some((number(&all[..4]), number(&all[4..6])?, number(&all[6..])?)),
        [all] if all.len() == 6 => Some((short(&all[..2]), number(&all[2..4])?, number(&all[4..])?)),
        _ => None,
    }
}

/// How many seconds a zone is ahead of UTC; nothing for a name that several zones have.
fn zone_of(word: &str) -> Option<i64> {
    let hours = match word {
        "Z" | "UTC" | "GMT" => 0,
        "CET" => 1,
        "CEST" => 2,
        "MSK" => 3,
        "JST" => 9,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => {
            let sign = if word.starts_with('-') { -1 } else { 1 };
            let digits: String = word.strip_prefix(['+', '-'])?.chars().filter(|c| *c != ':').collect();
            if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let minutes = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
            return Some(sign * (digits[..2].parse::<i64>().ok()? * 3600 + minutes * 60));
        }
    };
    Some(hours * 3600)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, by how many digits there are.
fn epoch(whole: &str, fraction: &str) -> Option<i64> {
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        10 => Some(number * SECOND + fraction_of(fraction)),
        13 => Some(number * 1000),
        16 => Some(number),
        19 => Some(number / 1000),
        _ => None,
    }
}

/// Microseconds.
fn fraction_of(digits: &str) -> i64 {
    digits.bytes().chain(*b"000000").take(6).fold(0, |all, digit| all * 10 + i64::from(digit - b'0'))
}

fn year_of(micros: i64) -> i64 {
    date(micros.div_euclid(DAY * SECOND)).0
}

#[cfg(test)]
mod tests;
