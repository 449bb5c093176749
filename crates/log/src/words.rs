//! Words for levels that are a program's own: what they mean, and which of a line's words is one.

use std::collections::BTreeMap;

use super::heads::{Heads, Said, level};
use super::{Format, Level};

/// How many bytes of a line are looked at for the word of its level.
const LOOKED_AT: usize = 256;
/// How many words of a line are tried.
const TRIED: usize = 12;
/// Two names of different levels, as formats write them: a word that either can replace stands where the level does.
const PROBES: [(&str, &str); 4] = [("ERROR", "DEBUG"), ("error", "debug"), ("ERR", "DBG"), ("E", "D")];

/// What words mean beside those that every format knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Words(Vec<(String, Level)>);

impl Words {
    pub(super) fn new(words: &BTreeMap<String, Level>) -> Self {
        let mut words: Vec<_> = words.iter().map(|(word, level)| (word.clone(), *level)).collect();
        // The longest first: one may be inside of another.
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self(words)
    }

    /// What a word means.
    pub(super) fn level(&self, word: &str) -> Option<Level> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    }

    /// What a line says whose level is one of these words.
    pub(super) fn read(&self, heads: &mut Heads, line: &str) -> Option<Said> {
        if self.0.is_empty() {
            return None;
        }
        let (at, level) = words_of(line).take(TRIED).find_map(|word| {
            let level = self.level(&line[word.clone()])?;
            Some((stands_for_level(heads, line, &word)?, level))
        })?;
        Some(Said { level: Some(level), ..heads.parse(&at)?.finish() })
    }
}

/// The word of a line that stands where its format has the level, and that is the name of none: what to map.
///
/// ```
/// use quietdown_log::{Format, unknown_level};
///
/// assert_eq!(unknown_level(&Format::Python, "2026-11-25 22:00:00,123 AUDIT app: somebody came"), Some("AUDIT"));
/// assert_eq!(unknown_level(&Format::Python, "fatal: disk is full"), None);
/// ```
pub fn unknown_level<'l>(format: &Format, line: &'l str) -> Option<&'l str> {
    let mut heads = Heads::new(format).ok()?;
    unknown(&mut heads, line)
}

/// The same, with a reader of heads that is there already.
pub(super) fn unknown<'l>(heads: &mut Heads, line: &'l str) -> Option<&'l str> {
    if let Some(word) = heads.level_word(line) {
        return Some(word).filter(|word| level(word).is_none());
    }
    let is_name = |word: &str| {
        let upper = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let quoted = word.len() > 1
            && word.bytes().all(|byte| byte.is_ascii_alphabetic())
            && line.contains('=') | line.starts_with(['{', '[']);
        (upper || quoted) && level(word).is_none()
    };
    let mut words = words_of(line).filter(|word| is_name(&line[word.clone()])).take(TRIED);
    words.find(|word| stands_for_level(heads, line, word).is_some()).map(|word| &line[word])
}

/// The words at the beginning of a line.
fn words_of(line: &str) -> impl Iterator<Item = std::ops::Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    let bytes = &line.as_bytes()[..line.len().min(LOOKED_AT)];
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().take_while(|byte| !is_part(byte)).count();
        let begin = at;
        at += bytes[at..].iter().take_while(|byte| is_part(byte)).count();
        (at > begin).then_some(begin..at)
    })
    // One that is cut is none.
    .filter(|word| line.is_char_boundary(word.start) && line.is_char_boundary(word.end))
}

/// The line with a known level in place of this word, if a level is what stands there.
fn stands_for_level(heads: &mut Heads, line: &str, word: &std::ops::Range<usize>) -> Option<String> {
    let with = |name: &str| [&line[..word.start], name, &line[word.end..]].concat();
    PROBES.iter().find_map(|(error, debug)| {
        let error = with(error);
        let is = |heads: &mut Heads, line: &str, wanted: Level| {
            heads.parse(line).is_some_and(|head| head.level == Some(wanted))
        };
        (is(heads, &error, Level::Error) && is(heads, &with(debug), Level::Debug)).then_some(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Reader, Record, Stream};

    fn read(format: &Format, words: &[(&str, Level)], text: &str) -> Vec<Record> {
        let mut reader = Reader::new(format, Stream::Stderr).expect("a format");
        reader.name_levels(&words.iter().map(|(word, level)| ((*word).to_owned(), *level)).collect());
        reader.feed(1, text.as_bytes());
        reader.finish(1);
        reader.into_records()
    }

    #[test]
    fn words_of_ones_own_are_levels_in_every_format() {
        let regex = Format::Regex(r"^\S+ (?<level>[A-Z]+):\s+".to_owned());
        for (format, line) in [
            (Format::Python, "2026-11-25 22:00:00,123 AUDIT app: INFO AUDIT x"),
            (Format::Python, "AUDIT:app:INFO AUDIT x"),
            (Format::Json, r#"{"time":"x","level":"audit","logger":"app","msg":"INFO AUDIT x"}"#),
            (Format::Logfmt, "time=x level=audit logger=app msg=\"INFO AUDIT x\""),
            (Format::Java, "22:00:00.123 [main] AUDIT app - INFO AUDIT x"),
            (regex, "22:00:00 AUDIT: INFO AUDIT x"),
        ] {
            let records = read(&format, &[("AUDIT", Level::Warn)], line);
            assert_eq!(
                (records.len(), records[0].level, records[0].message.as_str()),
                (1, Some(Level::Warn), "INFO AUDIT x"),
                "{line}"
            );
        }
    }

    #[test]
    fn a_word_that_is_known_can_mean_something_else() {
        let records = read(&Format::Python, &[("NOTICE", Level::Warn)], "NOTICE:app:x\nINFO:app:a NOTICE: y\n");
        let levels: Vec<_> = records.iter().map(|record| (record.level, record.message.as_str())).collect();
        assert_eq!(levels, [(Some(Level::Warn), "x"), (Some(Level::Info), "a NOTICE: y")]);
    }

    #[test]
    fn a_sign_that_is_known_can_mean_something_else() {
        let line = |sign: &str| format!("12:M 25 Nov 2026 22:00:00.123 {sign} Server * initialized # so\n");
        let redis = Format::Any(vec![Format::Json, Format::Redis]);
        let text = [line("#"), line("*")].concat();
        let levels = |words: &[(&str, Level)]| -> Vec<_> {
            read(&redis, words, &text).iter().map(|record| (record.level, record.message.len())).collect()
        };
        assert_eq!(levels(&[]), [(Some(Level::Warn), 25), (Some(Level::Info), 25)]);
        assert_eq!(
            levels(&[("#", Level::Info), ("*", Level::Debug)]),
            [(Some(Level::Info), 25), (Some(Level::Debug), 25)]
        );
    }

    #[test]
    fn an_unknown_word_where_the_level_stands_is_named() {
        for (format, line, word) in [
            (Format::Python, "2026-11-25 22:00:00,123 AUDIT app: x", Some("AUDIT")),
            (Format::Python, "2026-11-25 22:00:00,123 INFO app: GET / x", None),
            (Format::Python, "Listening: on port 1", None),
            (Format::Java, "22:00:00.123 [main] AUDIT app - x", Some("AUDIT")),
            (Format::Json, r#"{"time":"x","level":"audit","msg":"x"}"#, Some("audit")),
            (Format::Regex("^(?<level>[A-Z]+): ".to_owned()), "LOG: x", Some("LOG")),
            (Format::Raw, "LOG: x", None),
        ] {
            assert_eq!(unknown_level(&format, line), word, "{line}");
        }
        let records = read(&Format::Json, &[], r#"{"time":"x","level":"audit","msg":"x"}"#);
        assert_eq!((records[0].level, records[0].level_word.as_deref()), (None, Some("audit")));
        let records = read(
            &Format::Regex("^(?<level>(LOG|STATEMENT)): ".to_owned()),
            &[("LOG", Level::Info)],
            "LOG: a\nSTATEMENT: b\n",
        );
        assert_eq!((records[0].level, records[1].level_word.as_deref()), (Some(Level::Info), Some("STATEMENT")));
    }
}
