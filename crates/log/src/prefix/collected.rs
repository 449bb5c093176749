//! Prefixes that are JSON: the files of docker, and what a journal exports.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Envelope, Kind, Peeled};
use crate::level::severity;

#[derive(Deserialize)]
struct Docker<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(default)]
    stream: &'a str,
    #[serde(rename = "time")]
    _time: &'a str,
}

/// `{"log":"…\n","stream":"stderr","time":"…"}`. A line that is longer than what docker reads at once has no newline.
pub(super) fn docker(line: &str) -> Option<Peeled<'_>> {
    if !line.starts_with(r#"{"log":"#) {
        return None;
    }
    let read: Docker<'_> = serde_json::from_str(line.trim_end()).ok()?;
    let partial = !read.log.ends_with('\n');
    let rest = match read.log {
        Cow::Borrowed(text) => Cow::Borrowed(text),
        Cow::Owned(mut text) => {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
            Cow::Owned(crate::text::cleaned(text))
        }
    };
    Some(Peeled { rest, partial, ..Peeled::new(Kind::Docker, read.stream, "") })
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Journal<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
    #[serde(default)]
    priority: Option<&'a str>,
    #[serde(default)]
    syslog_identifier: Option<&'a str>,
    #[serde(default, rename = "_COMM")]
    command: Option<&'a str>,
    #[serde(default, rename = "_PID")]
    pid: Option<&'a str>,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    _time: &'a str,
}

/// An entry of a journal. A message that is no text is a list of its bytes.
pub(super) fn journal(line: &str) -> Option<Peeled<'_>> {
    memchr::memmem::find(line.as_bytes(), b"\"__REALTIME_TIMESTAMP\"")?;
    let third = line.as_bytes().get(2)?;
    if !line.starts_with("{\"") && !line.starts_with("{ ") || !matches!(third, b'_' | b'A'..=b'Z' | b'"') {
        return None;
    }
    let read: Journal<'_> = serde_json::from_str(line.trim_end()).ok()?;
    let message = match read.message.get().as_bytes().first()? {
        b'[' => {
            let bytes: Vec<u8> = serde_json::from_str(read.message.get()).ok()?;
            Cow::Owned(crate::text::clean(&bytes).into_owned())
        }
        b'"' => Cow::Owned(crate::text::cleaned(serde_json::from_str(read.message.get()).ok()?)),
        _ => Cow::Borrowed(""),
    };
    let level = read.priority.and_then(|priority| priority.parse().ok()).map(severity);
    let target = read.syslog_identifier.or(read.command);
    let envelope = Some(Envelope { level, target, format: "journal" });
    let source = read.pid.or(target).unwrap_or_default();
    Some(Peeled { rest: message, envelope, ..Peeled::new(Kind::Journal, source, "") })
}
