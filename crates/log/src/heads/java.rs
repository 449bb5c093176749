//! Heads as logback, log4j, slf4j and Spring write them.

use super::time::time;
use super::{Head, Rest, level};
use crate::Level;
use crate::search::Cut;

/// `22:00:00.123 [main] INFO  a.b.C - message`, the level before the thread, or no time as slf4j's simple logger; and
/// `2026-11-25 22:00:00.123  INFO 12 --- [main] a.b.C : message`.
pub(in super::super) fn parse(line: &str) -> Option<Head<'_>> {
    let timed = time(line).or_else(|| milliseconds(line));
    let rest = line[timed.unwrap_or(0)..].trim_start_matches(' ');
    if timed.is_none() && !rest.starts_with('[') {
        return None;
    }
    if let Some((thread, rest)) = brackets(rest) {
        let (level, rest) = first_word(rest)?;
        return named(level, Some(thread), rest);
    }
    let (level, rest) = first_word(rest)?;
    if let Some((pid, rest)) = rest.cut(" --- ")
        && pid.bytes().all(|byte| byte.is_ascii_digit())
    {
        let (mut thread, mut rest) = brackets(rest)?;
        // Newer ones have the application before the thread.
        while let Some((next, after)) = brackets(rest) {
            (thread, rest) = (next, after);
        }
        let (name, message) = rest.cut(": ")?;
        return Some(head(level, Some(thread), Some(name.trim_end()), message));
    }
    match brackets(rest) {
        Some((thread, rest)) => named(level, Some(thread), rest),
        // Without a thread a sentence with a dash may be all there is.
        None => named(level, None, rest)
            .filter(|head| head.target.is_some_and(|name| name.contains('.') || name.starts_with(char::is_uppercase))),
    }
}

fn head<'a>(level: Level, thread: Option<&'a str>, target: Option<&'a str>, message: &'a str) -> Head<'a> {
    Head { level: Some(level), target, thread, rest: Rest::Message(message) }
}

/// `a.b.C - message`, also with a line number after the name.
fn named<'a>(level: Level, thread: Option<&'a str>, rest: &'a str) -> Option<Head<'a>> {
    let (name, message) = rest.cut(" - ").or_else(|| Some((rest.strip_suffix(" -")?, "")))?;
    let name = name.trim_end();
    let name = match name.rsplit_once(':') {
        Some((name, line)) if line.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    };
    let word = !name.is_empty() && !name.contains(char::is_whitespace);
    word.then(|| head(level, thread, Some(name), message))
}

/// What is in the brackets at the beginning, and what follows.
fn brackets(text: &str) -> Option<(&str, &str)> {
    let (inside, rest) = text.strip_prefix('[')?.cut("] ")?;
    Some((inside.trim(), rest.trim_start_matches(' ')))
}

fn first_word(text: &str) -> Option<(Level, &str)> {
    let (word, rest) = text.split_once(' ')?;
    let upper = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    Some((level(word).filter(|_| upper)?, rest.trim_start_matches(' ')))
}

/// The milliseconds since the start with which log4j 1 begins a line.
fn milliseconds(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let padding = text[digits..].bytes().take_while(|byte| *byte == b' ').count();
    (digits > 0 && digits < 12 && padding > 0 && text[digits + padding..].starts_with('[')).then_some(digits)
}
