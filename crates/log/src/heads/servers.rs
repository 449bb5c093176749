//! Heads of servers and frameworks that a template does not describe.

use super::go::with_object;
use super::time::moment;
use super::{Head, Rest, level};
use crate::Level;
use crate::search::Cut;

fn head<'a>(level: Option<Level>, target: Option<&'a str>, message: &'a str) -> Head<'a> {
    Head { level, target, thread: None, rest: Rest::Message(message.trim_start_matches(' ')) }
}

/// The rest of a line behind the time that it begins with.
fn behind_time(line: &str) -> Option<&str> {
    let end = moment(line.as_bytes(), 0)?;
    Some(&line[end..])
}

fn is_upper(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What is in the brackets at the beginning, and what follows them.
fn brackets(text: &str) -> Option<(&str, &str)> {
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    (inside.len() <= 160).then_some((inside.trim(), rest))
}

fn is_target(text: &str) -> bool {
    !text.is_empty() && text.len() <= 160 && !text.contains([' ', '\t', '"', '='])
}

/// `INFO [a::b] message`
pub(in super::super) fn flexi_logger(line: &str) -> Option<Head<'_>> {
    let (name, rest) = line.split_once(' ')?;
    let level = level(name).filter(|_| is_upper(name) && name.len() > 3)?;
    let (target, message) = brackets(rest.trim_start())?;
    let message = message.strip_prefix(' ')?;
    let path = is_target(target)
        && (target.contains("::") || target.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    path.then(|| head(Some(level), Some(target), message))
}

/// `1.2.3.4 - user [25/Nov/2026:22:00:00 +0000] "GET / HTTP/1.1" 200 12`
pub(in super::super) fn access(line: &str) -> Option<Head<'_>> {
    let bytes = line.as_bytes();
    let window = crate::bounds::clip(line, 400);
    let open = memchr::memchr_iter(b'[', window.as_bytes()).find(|at| *at > 0 && bytes[at - 1] == b' ')? - 1;
    let end = moment(bytes, open + 2).filter(|end| bytes.get(*end) == Some(&b']'))?;
    let before = &line[..open];
    let words = before.split(' ').count();
    let asked = line[end + 1..].trim_start().strip_prefix('"')?;
    let host = before.split(' ').next()?;
    let addressed = host.contains(['.', ':']) || host == "-" || host == "localhost";
    (addressed && (3..=5).contains(&words) && asked.contains('"'))
        .then(|| head(None, None, line[end + 1..].trim_start()))
}

/// `2026-11-25 22:00:00 [info     ] message                        [target] key=value`
pub(in super::super) fn structlog(line: &str) -> Option<Head<'_>> {
    let rest = match line.starts_with('[') {
        true => line,
        false => behind_time(line)?.trim_start_matches(' '),
    };
    let (name, after) = rest.strip_prefix('[')?.split_once(']')?;
    // The name is padded to nine, and nobody else does that.
    let level =
        level(name.trim_end()).filter(|_| name.len() == 9 && name.starts_with(|c: char| c.is_ascii_lowercase()))?;
    let message = after.strip_prefix(' ')?;
    if let Some((said, rest)) = message.cut("  [").or_else(|| message.cut(" ["))
        && let Some((target, pairs)) = rest.split_once(']')
        && is_target(target)
        && said.len() >= 29
    {
        let text = if pairs.trim().is_empty() { said.trim_end() } else { message };
        return Some(Head { level: Some(level), target: Some(target), thread: None, rest: Rest::Pairs(text) });
    }
    Some(Head { level: Some(level), target: None, thread: None, rest: Rest::Pairs(message) })
}

/// `[25/Nov/2026 22:00:00] "GET / HTTP/1.1" 200 12`
pub(in super::super) fn django(line: &str) -> Option<Head<'_>> {
    let end = line.strip_prefix('[').and_then(|_| moment(line.as_bytes(), 1))?;
    let asked = line[end..].strip_prefix("] ")?;
    (asked.starts_with('"') && line.as_bytes().get(3) == Some(&b'/')).then(|| head(None, None, asked))
}

/// `25-Nov-2026 22:00:00.123 SEVERE [main] a.b.C.method message`
pub(in super::super) fn tomcat(line: &str) -> Option<Head<'_>> {
    if line.as_bytes().get(2) != Some(&b'-') || !line.as_bytes().get(3)?.is_ascii_alphabetic() {
        return None;
    }
    let (name, rest) = behind_time(line)?.strip_prefix(' ')?.split_once(' ')?;
    let level = level(name).filter(|_| is_upper(name))?;
    let (thread, rest) = brackets(rest)?;
    let (target, message) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
    Some(Head { thread: Some(thread), ..head(Some(level), Some(target).filter(|target| is_target(target)), message) })
}

/// `[2026-11-25 22:00:00,123] INFO message (kafka.server.Server)`
pub(in super::super) fn kafka(line: &str) -> Option<Head<'_>> {
    let end = line.strip_prefix('[').and_then(|_| moment(line.as_bytes(), 1))?;
    let (name, message) = line[end..].strip_prefix("] ")?.split_once(' ')?;
    let level = level(name).filter(|_| is_upper(name))?;
    let (message, target) = message.strip_suffix(')')?.rsplit_once(" (")?;
    let class = target.contains('.') && is_target(target);
    class.then(|| head(Some(level), Some(target), message))
}

/// `2026-11-25 22:00:00,123 [myid:1] - INFO  [main:QuorumPeerConfig@1] - message`
pub(in super::super) fn zookeeper(line: &str) -> Option<Head<'_>> {
    let rest = behind_time(line)?.trim_start();
    let rest = rest.strip_prefix("[myid:")?.split_once(']')?.1.strip_prefix(" - ")?;
    let (name, rest) = rest.split_once(' ')?;
    let level = level(name)?;
    // The thread may have brackets of its own.
    let (thread, message) = rest.trim_start().strip_prefix('[')?.cut("] - ")?;
    let (thread, target) = thread.rsplit_once(':').unwrap_or((thread, ""));
    let target = Some(target).filter(|target| is_target(target));
    Some(Head { thread: Some(thread), ..head(Some(level), target, message) })
}

/// `SEVERE: message`, the second line of what `java.util.logging` writes; certain when the first was seen.
pub(in super::super) fn jul(line: &str, any: bool) -> Option<Head<'_>> {
    let (name, message) = line.cut(": ").or_else(|| Some((line.strip_suffix(':')?, "")))?;
    let found = match name {
        "INFORMATION" | "INFOS" | "INFORMATIONEN" | "INFORMACIÓN" | "INFORMAZIONI" => Level::Info,
        "SCHWERWIEGEND" | "GRAVE" => Level::Error,
        "WARNUNG" | "AVERTISSEMENT" | "ADVERTENCIA" | "AVVERTENZA" => Level::Warn,
        "FEIN" | "PRÉCIS" => Level::Debug,
        _ => level(name).filter(|_| is_upper(name) && name.len() > 3)?,
    };
    let own = matches!(name, "SEVERE" | "FINE" | "FINER" | "FINEST" | "CONFIG") || !name.is_ascii();
    (!any || own).then(|| head(Some(found), None, message))
}

/// `2026-11-25T22:00:00.000Z [label] info: message {"key":"value"}`
pub(in super::super) fn winston(line: &str, any: bool) -> Option<Head<'_>> {
    const LEVELS: [&str; 11] =
        ["error", "warn", "info", "http", "verbose", "debug", "silly", "crit", "warning", "notice", "alert"];
    let (timed, rest) = match behind_time(line) {
        // What Go's `log` writes has a time with slashes, and then any word.
        Some(rest) => (line.as_bytes().get(4) == Some(&b'-'), rest.trim_start_matches(' ')),
        None if line.starts_with(|c: char| c.is_ascii_lowercase()) => (false, line),
        None => return None,
    };
    let (label, rest) = match brackets(rest) {
        Some((label, rest)) if timed && level(label).is_none() => (Some(label), rest.trim_start_matches(' ')),
        _ => (None, rest),
    };
    let (name, message) = rest.split_once(':')?;
    if !LEVELS.contains(&name) || !message.starts_with([' ', '\t']) && !message.is_empty() {
        return None;
    }
    let message = message.trim_start();
    // Compilers begin their lines so, too.
    let object = message.ends_with('}') && message.contains("{\"");
    (timed || object || !any).then_some(Head {
        level: level(name).or(Some(Level::Debug)),
        target: label,
        thread: None,
        rest: with_object(message, ' '),
    })
}

/// `[2026/11/25 22:00:00] [ info] [target] message`
pub(in super::super) fn fluent_bit(line: &str) -> Option<Head<'_>> {
    let end = line.strip_prefix('[').and_then(|_| moment(line.as_bytes(), 1))?;
    let (name, rest) = brackets(line[end..].strip_prefix("] ")?)?;
    let level = level(name).filter(|_| line.as_bytes().get(5) == Some(&b'/'))?;
    let rest = rest.strip_prefix(' ')?;
    match brackets(rest).filter(|(target, _)| target.len() <= 60) {
        Some((target, message)) => Some(head(Some(level), Some(target), message)),
        None => Some(head(Some(level), None, rest)),
    }
}

/// `22:00:00.123 request_id=F module=x [info] message`
pub(in super::super) fn elixir(line: &str) -> Option<Head<'_>> {
    let bytes = line.as_bytes();
    // Only the time of the day, with milliseconds.
    if bytes.get(2) != Some(&b':') || bytes.get(8) != Some(&b'.') || moment(bytes, 0) != Some(12) {
        return None;
    }
    let mut rest = line[12..].strip_prefix(' ')?;
    let mut target = None;
    loop {
        if let Some((name, message)) = brackets(rest) {
            let level = level(name).filter(|_| name.bytes().all(|byte| byte.is_ascii_lowercase()))?;
            return Some(head(Some(level), target, message));
        }
        let (pair, after) = rest.split_once(' ')?;
        let (key, value) = pair.split_once('=')?;
        target = target.or(Some(value).filter(|_| key == "module"));
        rest = after;
    }
}

/// `=ERROR REPORT==== 25-Nov-2026::22:00:00.123456 ===`, or `2026-11-25 22:00:00 =ERROR REPORT====` as lager writes it.
pub(in super::super) fn erlang(line: &str) -> Option<Head<'_>> {
    let own = line.starts_with('=');
    let text = if own { line } else { behind_time(line)?.trim_start_matches(' ') };
    let (name, rest) = text.strip_prefix('=')?.split_once(" REPORT====")?;
    let level = match name {
        "CRASH" | "ERROR" | "CRITICAL" | "ALERT" | "EMERGENCY" | "SUPERVISOR" => Level::Error,
        "WARNING" => Level::Warn,
        "INFO" | "NOTICE" => Level::Info,
        "PROGRESS" => Level::Info,
        "DEBUG" => Level::Debug,
        _ => return None,
    };
    (if own { rest.trim_end().ends_with("===") } else { rest.trim_end().is_empty() })
        .then(|| head(Some(level), None, ""))
}

/// `2026-11-25 22:00:00.123 UTC [12] user@db LOG:  message`, or the same without anything before the level.
pub(in super::super) fn postgres(line: &str) -> Option<Head<'_>> {
    const LEVELS: [(&str, Level); 20] = [
        ("LOG", Level::Info),
        ("ERROR", Level::Error),
        ("FATAL", Level::Error),
        ("PANIC", Level::Error),
        ("WARNING", Level::Warn),
        ("NOTICE", Level::Info),
        ("INFO", Level::Info),
        ("STATEMENT", Level::Debug),
        ("DETAIL", Level::Debug),
        ("HINT", Level::Debug),
        ("CONTEXT", Level::Debug),
        ("QUERY", Level::Debug),
        ("LOCATION", Level::Debug),
        ("DEBUG", Level::Debug),
        ("DEBUG1", Level::Debug),
        ("DEBUG2", Level::Debug),
        ("DEBUG3", Level::Debug),
        ("DEBUG4", Level::Debug),
        ("DEBUG5", Level::Debug),
        ("BACKTRACE", Level::Debug),
    ];
    let window = crate::bounds::clip(line, 240);
    // Two spaces, as nobody else writes.
    let spaces = |at: &usize| window[at + 1..].starts_with("  ") && !window[at + 3..].starts_with(' ');
    let colon = memchr::memchr_iter(b':', window.as_bytes()).find(spaces)?;
    let begin = window[..colon].trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let (_, level) = LEVELS.iter().find(|(name, _)| *name == &window[begin..colon])?;
    let before = &window[..begin];
    let timed = before.is_empty() || moment(before.as_bytes(), 0).is_some() || before.starts_with('[');
    (timed && !before.contains('"')).then(|| head(Some(*level), None, &line[colon + 3..]))
}

/// `2026-11-25T22:00:00.123+0000 I NETWORK  [conn1] message`
pub(in super::super) fn mongo(line: &str) -> Option<Head<'_>> {
    let (name, rest) = behind_time(line)?.strip_prefix(' ')?.split_once(' ')?;
    let level = match name {
        "D" | "D1" | "D2" => Level::Debug,
        "D3" | "D4" | "D5" => Level::Trace,
        "I" => Level::Info,
        "W" => Level::Warn,
        "E" | "F" => Level::Error,
        _ => return None,
    };
    let (component, rest) = rest.trim_start().split_once(' ')?;
    let (thread, message) = brackets(rest.trim_start())?;
    let known = component == "-" || is_upper(component);
    known.then(|| Head { thread: Some(thread), ..head(Some(level), Some(component), message) })
}

/// `1:signal-handler (1714557600) Received SIGTERM`
pub(in super::super) fn redis_signal(line: &str) -> Option<Head<'_>> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line[digits..].strip_prefix(":signal-handler (")?;
    let (_, message) = rest.cut(") ")?;
    // Of the end that somebody has asked for it only says that it comes. No sign stands here that could be mapped.
    let level = if message.ends_with("scheduling shutdown...") { Level::Info } else { Level::Warn };
    Some(head(Some(level), None, message))
}

/// `2026-11-25T22:00:00+0000 info label : key=value [Module] message`
pub(in super::super) fn swift(line: &str) -> Option<Head<'_>> {
    let rest = behind_time(line)?.strip_prefix(' ')?;
    let (name, rest) = rest.split_once(' ')?;
    let level = level(name).filter(|_| name.bytes().all(|byte| byte.is_ascii_lowercase()))?;
    let (label, rest) = rest.split_once(':')?;
    let label = label.trim_end();
    let (before, message) = rest.cut("] ")?;
    let module = before.rsplit_once('[')?.1;
    (is_target(label) && is_target(module) && rest.starts_with(' ')).then(|| head(Some(level), Some(label), message))
}

/// `11-25 22:00:00.123  1234  5678 I Tag: message`, `I/Tag(1234): message`
pub(in super::super) fn logcat(line: &str) -> Option<Head<'_>> {
    let letter = |name: &str| match name {
        "V" => Some(Level::Trace),
        "D" => Some(Level::Debug),
        "I" => Some(Level::Info),
        "W" => Some(Level::Warn),
        "E" | "F" | "A" => Some(Level::Error),
        _ => None,
    };
    let rest = match behind_time(line) {
        Some(rest) if line.as_bytes().get(2) == Some(&b'-') => rest.trim_start(),
        Some(_) => return None,
        None => line,
    };
    if let Some((name, after)) = rest.split_once('/')
        && let Some(level) = letter(name)
    {
        let (tag, message) = after.cut("): ")?;
        let (tag, pid) = tag.split_once('(')?;
        return pid
            .trim()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| head(Some(level), Some(tag.trim()), message));
    }
    if rest.len() == line.len() {
        return None;
    }
    let mut words = rest.split_ascii_whitespace();
    let number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    words.next().filter(|word| number(word))?;
    words.next().filter(|word| number(word))?;
    let name = words.next()?;
    let level = letter(name)?;
    let at = rest.find(&[" ", name, " "].concat())? + 3;
    let (tag, message) = rest[at..].cut(": ").or_else(|| Some((rest[at..].strip_suffix(':')?, "")))?;
    Some(head(Some(level), Some(tag.trim()), message))
}
