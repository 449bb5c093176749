//! The shapes of prefixes that are text.

use crate::search::Cut;
use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::{Envelope, Kind, Peeled};
use crate::heads::{is_level, time_end, time_length as time};
use crate::level::{Level, severity};

/// How long what a prefix says may be.
const LONGEST: usize = 96;

/// `<34>1 TIME host program 12 ID - message`, `<34>May 01 10:00:00 host program[12]: message`, and the `<3>message` of a
/// process that systemd has started.
pub(super) fn priority(line: &str) -> Option<Peeled<'_>> {
    let (digits, rest) = line[1..].split_once('>').filter(|(digits, _)| digits.len() <= 3)?;
    let number: u32 = digits.parse().ok().filter(|number| *number < 192)?;
    let mut peeled = match rest.strip_prefix("1 ") {
        Some(rest) => rfc5424(rest)?,
        None => rfc3164(rest).or_else(|| (number < 8).then(|| enveloped("", None, rest)))?,
    };
    if let Some(envelope) = &mut peeled.envelope {
        envelope.level = Some(severity(number));
    }
    Some(peeled)
}

/// A prefix that begins with a digit: a time, or the number of a process of pm2.
pub(super) fn digit(line: &str) -> Option<Peeled<'_>> {
    let bytes = line.as_bytes();
    let number = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if bytes.get(number) == Some(&b'|') {
        return column(line, number + 1);
    }
    if number == 10 && bytes.get(number) == Some(&b'.') {
        // The seconds since 1970, as a journal writes them.
        return tagged(line[number..].split_once(' ')?.1, true);
    }
    let end = time(line)?;
    let rest = rest_of(line, end)?;
    if let Some(peeled) = rest.strip_prefix("std").and_then(cri) {
        return Some(peeled);
    }
    let calendar = bytes.get(10).is_some_and(|byte| matches!(byte, b'T' | b' '));
    if calendar && let Some(peeled) = dyno(rest).or_else(|| tagged(rest, true)) {
        return Some(peeled);
    }
    Some(Peeled::new(Kind::Time, "", gitlab(rest).unwrap_or(rest)))
}

/// What follows a prefix that ends at `end`: one space, which editors strip from the end of lines.
fn rest_of(line: &str, end: usize) -> Option<&str> {
    let rest = line.get(end..)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

/// `out F message`, behind a time and `std`.
fn cri(text: &str) -> Option<Peeled<'_>> {
    let (stream, rest) = text.split_at_checked(3)?;
    let rest = rest.strip_prefix(' ').filter(|_| matches!(stream, "out" | "err"))?;
    let (tag, _) = rest.split_at_checked(1)?;
    let rest = rest_of(rest, 1).filter(|_| matches!(tag, "F" | "P"))?;
    Some(Peeled { partial: tag == "P", ..Peeled::new(Kind::Cri, stream, rest) })
}

/// `app[web.1]: message`
fn dyno(text: &str) -> Option<Peeled<'_>> {
    let open = text.bytes().take(32).position(|byte| !byte.is_ascii_alphanumeric() && byte != b'-')?;
    let close = open + text[open..].strip_prefix('[')?.find(']')? + 1;
    let inside = &text[open + 1..close];
    let named = inside.starts_with(|c: char| c.is_ascii_alphabetic()) && is_name(inside);
    let rest = text[close + 1..].strip_prefix(':').filter(|_| named && open > 0)?;
    Some(Peeled::new(Kind::Heroku, &text[..close], rest_of(rest, 0)?))
}

/// `00O message`, behind a time: the number and the kind of the stream, and whether the line goes on.
fn gitlab(rest: &str) -> Option<&str> {
    let bytes = rest.as_bytes();
    let shape = bytes.len() >= 3 && bytes[..2].iter().all(u8::is_ascii_digit) && matches!(bytes[2], b'O' | b'E');
    (shape && matches!(bytes.get(3), None | Some(b' ' | b'+'))).then(|| rest.get(4..).unwrap_or_default())
}

/// A prefix that begins with a letter.
pub(super) fn letter(line: &str) -> Option<Peeled<'_>> {
    let bytes = line.as_bytes();
    let name = bytes.iter().take(LONGEST).take_while(|byte| is_name_byte(**byte)).count();
    match bytes.get(name)? {
        b' ' => {}
        b'|' => return column(line, 0),
        b'\t' => return job(line),
        b'/' => return kail(line),
        b',' if name == 3 => return long_date(line),
        _ => return None,
    }
    if bytes[name..].iter().find(|byte| **byte != b' ') == Some(&b'|') {
        return column(line, 0);
    }
    if name == 3 {
        if let Some(peeled) = rfc3164(line).or_else(|| weekday(line)) {
            return Some(peeled);
        }
        if let Some(end) = month(line) {
            return Some(Peeled::new(Kind::Time, "", rest_of(line, end)?));
        }
        if let Some(peeled) = long_date(line) {
            return Some(peeled);
        }
    }
    pod(line, name).or_else(|| job(line))
}

/// `web-1  | message`; the name begins at `from`.
fn column(line: &str, from: usize) -> Option<Peeled<'_>> {
    let bar = from + line.as_bytes()[from..].iter().take(LONGEST).position(|byte| *byte == b'|')?;
    let name = line[..bar].trim_end_matches(' ');
    let named = is_name(name.get(from..)?) && !name.ends_with('|');
    named.then_some(Peeled::new(Kind::Column, name, rest_of(line, bar + 1)?))
}

/// `job⇥step⇥TIME message`, as `gh run view --log` writes it.
fn job(line: &str) -> Option<Peeled<'_>> {
    let window = crate::bounds::clip(line, 2 * LONGEST);
    let first = window.find('\t')?;
    let second = first + 1 + window[first + 1..].find('\t')?;
    let text = line[second + 1..].trim_start_matches('\u{feff}');
    let end = time(text).filter(|end| text[..*end].ends_with('Z'))?;
    Some(Peeled::new(Kind::Column, &line[..second], rest_of(text, end)?))
}

/// `namespace/pod[container]: message`
fn kail(line: &str) -> Option<Peeled<'_>> {
    let end = crate::bounds::clip(line, LONGEST).place_of("]:")?;
    let (pod, container) = line[..end].split_once('[')?;
    let named = pod.split('/').all(is_name) && is_name(container);
    named.then_some(Peeled::new(Kind::Kubectl, &line[..end], rest_of(line, end + 2)?))
}

/// `web-7d4b8c9f5-x2x4z web message`, as stern writes it: the pod is known by how its name ends.
fn pod(line: &str, name: usize) -> Option<Peeled<'_>> {
    let pod = &line[..name];
    let after = &line[name + 1..];
    if !is_pod(pod) {
        // With a namespace before it.
        let (namespaced, _) = after.split_once(' ').filter(|(pod, _)| is_pod(pod))?;
        return pod_at(line, name + 1 + namespaced.len());
    }
    pod_at(line, name)
}

/// The container behind the name of a pod.
fn pod_at(line: &str, end: usize) -> Option<Peeled<'_>> {
    let after = line.get(end + 1..)?;
    let container =
        after.bytes().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-').count();
    let who = &line[..end + 1 + container];
    (container > 0).then_some(Peeled::new(Kind::Stern, who, rest_of(line, who.len())?))
}

/// A name that a deployment, a daemon set, a job or a stateful set has given.
fn is_pod(name: &str) -> bool {
    // What Kubernetes makes names of: no vowels, and no digits that look like letters.
    let random = |part: &str, long: std::ops::RangeInclusive<usize>| {
        long.contains(&part.len()) && part.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte))
    };
    let Some((begin, end)) = name.rsplit_once('-') else { return false };
    let hashed = begin.rsplit_once('-').is_some_and(|(_, hash)| {
        (6..=10).contains(&hash.len())
            && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() && !byte.is_ascii_uppercase())
    });
    let numbered = !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    let lower =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    lower && (random(end, 5..=5) || numbered || hashed && end.len() == 5)
}

/// A prefix in brackets.
pub(super) fn bracket(line: &str) -> Option<Peeled<'_>> {
    let window = crate::bounds::clip(line, LONGEST);
    if let Some(end) = time(line) {
        return Some(Peeled::new(Kind::Time, "", rest_of(line, end)?));
    }
    let close = window.find(']')?;
    let inside = &line[1..close];
    if let Some(pod) = inside.strip_prefix("pod/") {
        return pod.contains('/').then_some(Peeled::new(Kind::Kubectl, inside, rest_of(line, close + 1)?));
    }
    let seconds = inside.trim_start_matches(' ');
    if seconds.contains('.') && seconds.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return tagged(rest_of(line, close + 1)?, true);
    }
    let named =
        inside.split(' ').count() <= 2 && inside.split(' ').all(|part| part.bytes().all(is_label) && !part.is_empty());
    if !named || is_level(inside) {
        return None;
    }
    let rest = &line[close + 1..];
    let rest = rest.strip_prefix("<stderr>").or_else(|| rest.strip_prefix("<stdout>")).unwrap_or(rest);
    let rest = match rest.strip_prefix(':') {
        Some(rest) => rest.strip_prefix(' ').unwrap_or(rest),
        None => rest_of(rest, 0)?,
    };
    let rest = rest.strip_prefix("out: ").or_else(|| rest.strip_prefix("err: ")).unwrap_or(rest);
    Some(Peeled::new(Kind::Bracket, inside, rest))
}

/// `(Worker pid=1) message`
pub(super) fn parenthesis(line: &str) -> Option<Peeled<'_>> {
    let close = crate::bounds::clip(line, LONGEST).find(')')?;
    let inside = &line[1..close];
    let named = !inside.is_empty() && inside.bytes().all(|byte| is_label(byte) || byte == b' ');
    let certain = inside.contains('=') || !inside.contains(' ');
    (named && certain).then_some(Peeled::new(Kind::Parenthesis, inside, rest_of(line, close + 1)?))
}

/// `May 01 10:00:00 host program[12]: message`, also without the host.
fn rfc3164(text: &str) -> Option<Peeled<'_>> {
    // Where the host was taken out, its space may be left.
    tagged(rest_of(text, month(text)?)?.trim_start_matches(' '), false)
}

/// `Wed 2024-05-01 10:00:00 UTC host program[12]: message`
fn weekday(text: &str) -> Option<Peeled<'_>> {
    let rest = text.get(4..)?;
    let end = time_end(rest.as_bytes(), 0).filter(|end| *end >= 19)?;
    let (zone, rest) = rest_of(rest, end)?.split_once(' ')?;
    let zoned = zone.len() <= 6 && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-'));
    tagged(rest, true).filter(|_| zoned)
}

/// How long the time at the beginning is, as `May 01 10:00:00`, also with a fraction.
fn month(text: &str) -> Option<usize> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let bytes = text.as_bytes();
    let day = text.get(..3).filter(|month| MONTHS.contains(month)).and(bytes.get(3..7))?;
    let dated = day[0] == b' ' && matches!(day[1], b' ' | b'0'..=b'9') && day[2].is_ascii_digit() && day[3] == b' ';
    let end = time_end(bytes, 7).filter(|_| dated)?;
    matches!(bytes.get(end), None | Some(b' ')).then_some(end)
}

/// `Wed, Sep 1 2021 9:38:45 am | message`, as wikis and control panels show it.
fn long_date(line: &str) -> Option<Peeled<'_>> {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        crate::traceback::pattern(
            r"^(?:[A-Z][a-z]{2}, )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{1,2},? \d{4},? \d{1,2}:\d\d:\d\d(?: [AaPp][Mm])?(?: \|)?",
        )
    });
    let end = DATE.find(crate::bounds::clip(line, LONGEST))?.end();
    Some(Peeled::new(Kind::Time, "", rest_of(line, end)?))
}

/// `host program[12]: message`. Where `certain` is asked for, the number of the process is not left out.
fn tagged(text: &str, certain: bool) -> Option<Peeled<'_>> {
    let window = crate::bounds::clip(text, 2 * LONGEST);
    let colon = window
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|at| matches!(text.as_bytes().get(at + 1), None | Some(b' ')))?;
    let who = &text[..colon];
    let (host, tag) = who.split_once(' ').map_or((None, who), |(host, tag)| (Some(host), tag));
    let (program, pid) = match tag.strip_suffix(']').and_then(|tag| tag.rsplit_once('[')) {
        Some((program, pid)) if pid.bytes().all(|byte| byte.is_ascii_digit()) && !pid.is_empty() => (program, true),
        Some(_) => return None,
        None => (tag, tag == "kernel"),
    };
    let word = program.strip_prefix('(').and_then(|program| program.strip_suffix(')')).unwrap_or(program);
    let named = !word.is_empty() && word.bytes().all(|byte| is_name_byte(byte) || byte == b'/');
    let hosted = match host {
        Some(host) => {
            !host.is_empty() && host.bytes().all(|byte| is_name_byte(byte) || byte == b':') && !host.ends_with(':')
        }
        None => pid,
    };
    if !named || !hosted || certain && !pid {
        return None;
    }
    let rest = rest_of(text, colon + 1)?;
    Some(Peeled { rest: unescaped(rest), ..enveloped(who, Some(program), rest) })
}

/// What rsyslog writes for control characters is undone.
fn unescaped(rest: &str) -> Cow<'_, str> {
    if !rest.holds("#01") {
        return Cow::Borrowed(rest);
    }
    Cow::Owned(rest.replace("#011", "\t").replace("#012", "\n").replace("#015", ""))
}

/// `TIME host program 12 ID - message`
fn rfc5424(text: &str) -> Option<Peeled<'_>> {
    let mut ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b' ').map(|(at, _)| at);
    let (when, host, program, pid, id) = (ends.next()?, ends.next()?, ends.next()?, ends.next()?, ends.next()?);
    if &text[..when] != "-" && time_end(text.as_bytes(), 0) != Some(when) {
        return None;
    }
    let rest = &text[id + 1..];
    let end = if rest.starts_with('-') { 1 } else { structured(rest)? };
    let rest = rest_of(rest, end)?;
    let rest = rest.strip_prefix('\u{feff}').unwrap_or(rest);
    Some(Peeled { rest: unescaped(rest), ..enveloped(&text[when + 1..pid], Some(&text[host + 1..program]), rest) })
}

/// How long the structured data are: `[id name="value"]`, one or more.
fn structured(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' if depth > 0 => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => depth -= 1,
            _ if depth == 0 => return (at > 0).then_some(at),
            _ => {}
        }
    }
    (depth == 0 && !text.is_empty()).then_some(text.len())
}

fn enveloped<'l>(source: &'l str, target: Option<&'l str>, rest: &'l str) -> Peeled<'l> {
    let envelope = Envelope { level: None::<Level>, target, format: "syslog" };
    Peeled { envelope: Some(envelope), ..Peeled::new(Kind::Syslog, source, rest) }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@')
}

fn is_label(byte: u8) -> bool {
    is_name_byte(byte) || matches!(byte, b':' | b'/' | b'#' | b'=' | b',' | b'+' | b'*')
}
