//! From the text of a file to its types, with every error at its place.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::diagnostic::{Diagnostic, Diagnostics, nearest};
use super::toml10::newer_syntax;

/// Reads a TOML file into `T`.
///
/// # Errors
/// Everything that is wrong with its syntax, or the first thing that is wrong with its content.
pub(crate) fn parse<T: DeserializeOwned>(path: &Path, source: &str) -> Result<T, Diagnostics> {
    let newer = newer_syntax(source);
    // A newer syntax is only reported for what is TOML otherwise: the parser's own message is more to the point.
    match toml::from_str(source) {
        Ok(value) if newer.is_empty() => Ok(value),
        Err(error) if newer.is_empty() => {
            Err(Diagnostics { path: path.into(), source: source.into(), list: vec![explain(source, &error)] })
        }
        _ => Err(Diagnostics { path: path.into(), source: source.into(), list: newer }),
    }
}

/// Puts what serde and the TOML parser say into the words of a scenario author.
fn explain(source: &str, error: &toml::de::Error) -> Diagnostic {
    let message = error.message().trim().to_owned();
    let span = error.span().unwrap_or(0..0);
    if let Some((word, allowed)) = unknown(&message, "unknown field `") {
        return choice(
            Diagnostic::new(span, format!("unknown key `{word}`"), "not known here"),
            &word,
            &allowed,
            "keys",
        );
    }
    if let Some((word, allowed)) = unknown(&message, "unknown variant `") {
        return choice(
            Diagnostic::new(span, format!("unknown word `{word}`"), "not known here"),
            &word,
            &allowed,
            "words",
        );
    }
    if let Some(key) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        // The span of a header's table begins at its header: the line is what helps, not the whole body.
        let end = source[span.start..].find('\n').map_or(span.end, |at| span.end.min(span.start + at));
        return Diagnostic::new(span.start..end, format!("the key `{key}` is missing"), "in this table");
    }
    if message.contains("more than 1 element") {
        return Diagnostic::new(span, "two actions or two events in one step", "only one is possible here")
            .help("a step has one `on` and one `do`; write a second [[step]] for what comes next");
    }
    if message.contains("found 0 elements") {
        return Diagnostic::new(span, "this table is empty", "an event or an action belongs here");
    }
    if message.contains("expected a nonzero u32") {
        return Diagnostic::new(span, "matches are counted from 1", "no match has this number")
            .help("write 1 for the first one, or leave it out");
    }
    let mut lines = message.splitn(2, '\n');
    let first = lines.next().unwrap_or_default();
    let diagnostic = Diagnostic::new(span, first, "here");
    match lines.next() {
        Some(rest) => diagnostic.help(rest.trim()),
        None => diagnostic,
    }
}

/// Splits "unknown field `x`, expected one of `a`, `b`" (and "expected `a` or `b`") into the word and the allowed ones.
fn unknown(message: &str, prefix: &str) -> Option<(String, Vec<String>)> {
    let (word, rest) = message.strip_prefix(prefix)?.split_once('`')?;
    let allowed = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Some((word.to_owned(), allowed))
}

fn choice(diagnostic: Diagnostic, word: &str, allowed: &[String], what: &str) -> Diagnostic {
    if allowed.is_empty() {
        return diagnostic.help("nothing can be written here");
    }
    let list = allowed.join(", ");
    match nearest(word, allowed.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`? {what}: {list}")),
        None => diagnostic.help(format!("{what}: {list}")),
    }
}
