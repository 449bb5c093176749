//! Heads as loggers of Go write them: the standard one, zap's and zerolog's consoles, klog and glog.

use super::time::{fits, time};
use super::{Head, Rest, level};
use crate::Level;
use crate::search::Cut;

fn head<'a>(level: Option<Level>, target: Option<&'a str>, rest: Rest<'a>) -> Head<'a> {
    Head { level, target, thread: None, rest }
}

/// `2026/11/25 22:17:54 message`, with microseconds and a place if asked: it has no levels.
pub(in super::super) fn standard(line: &str) -> Option<Head<'_>> {
    if !fits(line.as_bytes(), 0, b"0000/00/00 00:00:00") {
        return None;
    }
    let rest = line[time(line)?..].trim_start_matches(' ');
    Some(head(None, None, Rest::Message(rest)))
}

/// `2026-11-25T22:00:00.123Z⇥INFO⇥name⇥file.go:3⇥message⇥{"key": "value"}`, where name and place may be missing.
pub(in super::super) fn zap(line: &str) -> Option<Head<'_>> {
    // A time is not longer.
    let begin = &line.as_bytes()[..line.len().min(64)];
    match memchr::memchr(b'\t', begin) {
        None if memchr::memchr(b'\t', line.as_bytes()).is_some() => return None,
        None if begin.windows(2).any(|two| two == b"  ") => return zap_by_spaces(line),
        None => return None,
        Some(_) => {}
    }
    let (when, rest) = line.split_once('\t')?;
    if time(when) != Some(when.len()) && when.parse::<f64>().is_err() {
        return None;
    }
    let (name, rest) = rest.split_once('\t')?;
    let level = level(name)?;
    let (mut target, mut rest) = (None, rest);
    for _ in 0..2 {
        match rest.split_once('\t') {
            Some((part, after)) if !part.contains(' ') && !after.starts_with('{') => {
                target = target.or(Some(part));
                rest = after;
            }
            _ => break,
        }
    }
    Some(head(Some(level), target, with_object(rest, '\t')))
}

/// The same where a terminal or a web page has made spaces of the tabulators: four or more before the level, and an object
/// at the end or the place in the source.
fn zap_by_spaces(line: &str) -> Option<Head<'_>> {
    let (when, rest) = line.cut("  ")?;
    let since = when.contains('.') && when.starts_with(|c: char| c.is_ascii_digit()) && when.parse::<f64>().is_ok();
    if time(when) != Some(when.len()) && !since {
        return None;
    }
    let (name, mut rest) = rest.trim_start_matches(' ').cut("  ")?;
    let level = level(name).filter(|_| name.bytes().all(|byte| byte.is_ascii_uppercase()))?;
    let object = rest.ends_with('}') && rest.contains(" {\"");
    let (mut target, mut placed) = (None, false);
    for _ in 0..2 {
        match rest.trim_start_matches(' ').cut("  ") {
            Some((part, after)) if !part.contains(' ') && !part.is_empty() && !after.trim_start().starts_with('{') => {
                placed |= part.contains(".go:");
                target = target.or(Some(part));
                rest = after;
            }
            _ => break,
        }
    }
    (object || placed).then(|| head(Some(level), target, with_object(rest.trim_start_matches(' '), ' ')))
}

/// A message with a JSON object behind it.
pub(in super::super) fn with_object(text: &str, separator: char) -> Rest<'_> {
    match text.rsplit_once(&[separator, '{'].iter().collect::<String>()[..]) {
        Some((message, object)) if object.ends_with('}') => {
            Rest::Object { message, object: &text[text.len() - object.len() - 1..] }
        }
        _ => Rest::Message(text),
    }
}

/// `10:13PM INF message key=value`, or with a whole time.
pub(in super::super) fn zerolog(line: &str) -> Option<Head<'_>> {
    let (when, rest) = line.split_once(' ')?;
    let kitchen = when.len() <= 7 && (when.ends_with("AM") || when.ends_with("PM")) && when.contains(':');
    if !kitchen && time(when) != Some(when.len()) {
        return None;
    }
    let (name, rest) = rest.split_once(' ')?;
    let known = matches!(name, "TRC" | "DBG" | "INF" | "WRN" | "ERR" | "FTL" | "PNC");
    let rest = rest.cut(" > ").filter(|(place, _)| place.contains(".go:")).map_or(rest, |(_, rest)| rest);
    known.then(|| head(level(name), None, Rest::Pairs(rest)))
}

/// `INFO[0000] message   key=value`, `WARN[2026-11-25T22:00:00Z] message`
pub(in super::super) fn logrus(line: &str) -> Option<Head<'_>> {
    let (name, rest) = line.split_once('[')?;
    let known = matches!(name, "TRAC" | "DEBU" | "INFO" | "WARN" | "ERRO" | "FATA" | "PANI");
    let (when, message) = rest.split_once(']').filter(|_| known)?;
    let digits = !when.is_empty() && when.bytes().all(|byte| byte.is_ascii_digit());
    let timed = digits || super::time::moment(when.as_bytes(), 0) == Some(when.len());
    timed.then(|| head(level(name), None, Rest::Pairs(message.trim_start_matches(' '))))
}

/// `I1125 22:00:00.123456    1234 file.go:12] message`
pub(in super::super) fn klog(line: &str) -> Option<Head<'_>> {
    let bytes = line.as_bytes();
    let level = match bytes.first()? {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' | b'F' => Level::Error,
        b'D' => Level::Debug,
        _ => return None,
    };
    // glog has the year, too.
    let begin = if fits(bytes, 1, b"0000 00:00:00.") {
        15
    } else if fits(bytes, 1, b"00000000 00:00:00.") {
        19
    } else {
        return None;
    };
    let (before, message) = line[begin..].cut("] ")?;
    let mut words = before.split_whitespace().skip(1);
    let (_, place) = (words.next()?, words.next()?);
    Some(head(Some(level), Some(place), Rest::Pairs(message)))
}

/// `time=2026-11-25T22:00:00Z level=INFO msg="hello" key=value`, in any order.
pub(in super::super) fn logfmt(line: &str) -> Option<Head<'_>> {
    let key = line.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.-@".contains(byte)).count();
    if key == 0 || line.as_bytes().get(key) != Some(&b'=') {
        return None;
    }
    let found = ["level=", "lvl=", "severity=", "levelname="].iter().find_map(|name| {
        let at = line.find(name).filter(|at| *at == 0 || line.as_bytes()[at - 1] == b' ')?;
        let value = line[at + name.len()..].split(' ').next()?;
        level(value.trim_matches('"'))
    })?;
    Some(head(Some(found), None, Rest::Logfmt(line)))
}
