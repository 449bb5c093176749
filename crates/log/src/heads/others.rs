//! Heads as others write them: env_logger, Rich, Ruby, Monolog, .NET, syslog.

use super::go::with_object;
use super::time::{bare, month_first, time};
use super::{Head, Rest, level};
use crate::Level;
use crate::level::severity;
use crate::search::Cut;

fn head<'a>(level: Option<Level>, target: Option<&'a str>, message: &'a str) -> Head<'a> {
    Head { level, target, thread: None, rest: Rest::Message(message) }
}

/// `[2026-11-25T22:00:00Z INFO  a::b] message`
pub(in super::super) fn env_logger(line: &str) -> Option<Head<'_>> {
    let (inside, message) = line.strip_prefix('[')?.cut("] ")?;
    let end = bare(inside.as_bytes(), 0).unwrap_or(0);
    let mut words = inside[end..].split_whitespace();
    let level = level(words.next()?)?;
    let target = words.next();
    (words.next().is_none() && (end > 8 || target.is_some())).then_some(Head {
        level: Some(level),
        target,
        thread: None,
        rest: Rest::Pairs(message),
    })
}

/// `[22:00:00] INFO     message                     file.py:12`, of which the time is left out when it is the same.
pub(in super::super) fn rich(line: &str) -> Option<Head<'_>> {
    let rest = match line.strip_prefix("          ") {
        Some(rest) => rest.trim_start_matches(' '),
        None => line.strip_prefix('[').and_then(|_| Some(line[time(line)?..].trim_start_matches(' ')))?,
    };
    let (name, padded) = rest.split_at_checked(rest.find(' ')?)?;
    let level = level(name).filter(|_| name.len() > 3 && name.bytes().all(|byte| byte.is_ascii_uppercase()))?;
    // The name is padded to eight.
    if padded.len() < 9 - name.len().min(8) || !padded.starts_with(&" ".repeat(9 - name.len().min(8))) {
        return None;
    }
    let text = padded.trim();
    let (message, place) = text.rsplit_once("  ").unwrap_or((text, ""));
    let (file, number) = place.rsplit_once(':')?;
    let placed = file.ends_with(".py") && number.bytes().all(|byte| byte.is_ascii_digit());
    placed.then(|| head(Some(level), None, message.trim_end()))
}

/// `E, [2026-11-25T22:15:59.711006 #2089] ERROR -- name: message`
pub(in super::super) fn ruby(line: &str) -> Option<Head<'_>> {
    let (_, rest) = line.cut(", [").filter(|(letter, _)| letter.len() == 1)?;
    let (_, rest) = rest.cut("] ")?;
    let (name, rest) = rest.cut(" -- ")?;
    let level = level(name.trim()).or((name.trim() == "ANY").then_some(Level::Error))?;
    let (target, message) = rest.cut(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    Some(head(Some(level), Some(target).filter(|target| !target.is_empty()), message))
}

/// `[2026-11-25 22:00:00] channel.ERROR: message {"key":"value"}`
pub(in super::super) fn monolog(line: &str) -> Option<Head<'_>> {
    let end = line.strip_prefix('[').and_then(|_| time(line))?;
    let (name, message) = line[end..].trim_start_matches(' ').cut(": ")?;
    let (channel, name) = name.rsplit_once('.')?;
    let level = level(name).filter(|_| !channel.contains(' '))?;
    let message = message.strip_suffix(" []").unwrap_or(message);
    let message = message.strip_suffix(" []").unwrap_or(message);
    Some(Head { level: Some(level), target: Some(channel), thread: None, rest: with_object(message, ' ') })
}

/// `fail: A.B.C[0]`, the message comes on the next line; `[22:00:00 INF] message` and `2026-11-25 22:00:00.123 [INF] message`.
pub(in super::super) fn dotnet(line: &str) -> Option<Head<'_>> {
    let known =
        |name: &str| matches!(name, "VRB" | "DBG" | "INF" | "WRN" | "ERR" | "FTL").then(|| level(name)).flatten();
    if let Some((inside, message)) = line.strip_prefix('[').and_then(|rest| rest.cut("] ")) {
        let (when, name) = inside.rsplit_once(' ')?;
        return (bare(when.as_bytes(), 0) == Some(when.len())).then_some(head(Some(known(name)?), None, message));
    }
    if let Some(end) = time(line) {
        let (name, message) = line[end..].trim_start().strip_prefix('[')?.cut("] ")?;
        return Some(head(Some(known(name)?), None, message));
    }
    let level = match line.get(..6)? {
        "trce: " => Level::Trace,
        "dbug: " => Level::Debug,
        "info: " => Level::Info,
        "warn: " => Level::Warn,
        "fail: " | "crit: " => Level::Error,
        _ => return None,
    };
    let (category, number) = line[6..].strip_suffix(']')?.rsplit_once('[')?;
    let whole = !category.contains(' ') && number.bytes().all(|byte| byte.is_ascii_digit());
    whole.then(|| head(Some(level), Some(category), ""))
}

/// `<34>1 2026-11-25T22:00:00Z host program 12 ID - message`, `<34>Nov 25 22:00:00 host program[12]: message`, and both
/// times without the priority, which files do not have: then there is no level.
pub(in super::super) fn syslog(line: &str) -> Option<Head<'_>> {
    let (level, rest) = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((priority, rest)) => (Some(severity(priority.parse().ok().filter(|priority| *priority < 192)?)), rest),
        None => (None, line),
    };
    if let Some(rest) = rest.strip_prefix("1 ").filter(|_| level.is_some()) {
        let mut parts = rest.splitn(6, ' ');
        let (_, _, program, _, _) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let rest = parts.next().unwrap_or_default();
        let message = match rest.strip_prefix('-') {
            Some(message) => message,
            None => rest.cut("] ").map_or("", |(_, message)| message),
        };
        return Some(head(level, Some(program), message.trim_start_matches([' ', '\u{feff}'])));
    }
    let end = month_first(rest).or_else(|| time(rest).filter(|_| rest.as_bytes().get(10) == Some(&b'T')))?;
    let (host, rest) = rest[end..].trim_start_matches(' ').split_once(' ')?;
    let (tag, message) = rest.cut(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    let (program, pid) = tag.split_once('[').unwrap_or((tag, "]"));
    let whole = !host.is_empty() && !host.contains(['[', '=', ':']) && !program.contains(' ') && pid.ends_with(']');
    // With a time that others use, too, only the number of the process is certain.
    let certain = month_first(line).is_some() || level.is_some() || pid.len() > 1;
    (whole && certain).then(|| head(level, Some(program), message))
}
