//! What `tracing-subscriber` writes in its default format: `TIME LEVEL THREAD spans: target: message key=value …`.

use super::head::{Head, level};

pub(super) fn head(line: &str) -> Option<Head> {
    let rest = line.trim_start();
    let (first, after) = word(rest)?;
    let (level_word, mut rest) = if first.len() >= 20 && first.ends_with('Z') && first.as_bytes()[4] == b'-' {
        word(after)?
    } else {
        (first, after)
    };
    let level = Some(level(level_word)?);
    let mut thread: Option<String> = None;
    let mut spans = Vec::new();
    let target = loop {
        if let Some((inside, after)) = span(rest) {
            spans.extend(fields(inside).1);
            rest = after;
            continue;
        }
        let Some((token, after)) = word(rest) else { break None };
        match token.strip_suffix(':') {
            // A span without fields comes before the target; what has a path is the target.
            Some(name) if is_path(name) && (name.contains("::") || !next_is_target(after)) => {
                rest = after;
                break Some(name.to_owned());
            }
            Some(_) => rest = after,
            None if thread.is_none() && has_target(after) => {
                thread = Some(token.to_owned());
                rest = after;
            }
            None if thread.is_some() && token.starts_with("ThreadId(") => rest = after,
            None => break None,
        }
    };
    let (message, mut fields) = fields(rest.trim_start());
    fields.extend(spans);
    Some(Head { level, target, thread, message: message.to_owned(), fields })
}

fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    if text.is_empty() {
        return None;
    }
    Some(text.split_once(' ').unwrap_or((text, "")))
}

/// `name{a=b c=d}:` and what follows it.
fn span(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    let open = text.find('{')?;
    if open == 0 || text[..open].contains([' ', '"']) {
        return None;
    }
    let close = text.find("}:")?;
    (open < close).then(|| (&text[open + 1..close], &text[close + 2..]))
}

fn is_path(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:-.".contains(&byte))
}

fn next_is_target(text: &str) -> bool {
    word(text).and_then(|(token, _)| token.strip_suffix(':')).is_some_and(|name| is_path(name) && name.contains("::"))
}

/// Whether one of the next few words can be a target: then the word before it is a thread.
fn has_target(text: &str) -> bool {
    let mut rest = text;
    for _ in 0..3 {
        if span(rest).is_some() {
            return true;
        }
        let Some((token, after)) = word(rest) else { return false };
        if token.strip_suffix(':').is_some_and(is_path) {
            return true;
        }
        if !token.starts_with("ThreadId(") {
            return false;
        }
        rest = after;
    }
    false
}

/// Splits a text into its message and the `key=value` that follow it.
pub(super) fn fields(text: &str) -> (&str, Vec<(String, String)>) {
    let Some((mut at, mut key)) = next_key(text, 0) else { return (text, Vec::new()) };
    let message = text[..at].trim_end();
    let mut found = Vec::new();
    loop {
        let value_at = at + key.len() + 1;
        let (value, end) = match quoted(&text[value_at..]) {
            Some((value, length)) => (value, value_at + length),
            None => {
                let end = next_key(text, value_at).map_or(text.len(), |(next, _)| next);
                (text[value_at..end].trim_end().to_owned(), end)
            }
        };
        found.push((key.to_owned(), value));
        match next_key(text, end) {
            Some(next) => (at, key) = next,
            None => return (message, found),
        }
    }
}

/// The next `key=` at the beginning of a word.
fn next_key(text: &str, from: usize) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut search = from;
    while let Some(equals) = text[search..].find('=').map(|at| search + at) {
        let start = text[from..equals].rfind(' ').map_or(from, |space| from + space + 1);
        let key = &text[start..equals];
        let at_word = start == 0 || bytes[start - 1] == b' ';
        let first = key.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if at_word && first && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte)) {
            return Some((start, key));
        }
        search = equals + 1;
    }
    None
}

/// A text in Rust's `{:?}`, unquoted, and how long it was.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut chars = text.strip_prefix('"')?.char_indices();
    let mut out = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, at + 2)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                '0' => out.push('\0'),
                'u' => {
                    let digits: String =
                        chars.by_ref().map(|(_, c)| c).skip_while(|c| *c == '{').take_while(|c| *c != '}').collect();
                    out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::log::Level;

    #[allow(clippy::type_complexity)]
    fn seen(line: &str) -> (Option<Level>, Option<String>, Option<String>, String, Vec<(String, String)>) {
        let head = head(line).unwrap_or_else(|| panic!("a head: {line}"));
        (head.level, head.target, head.thread, head.message, head.fields)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn parts_of_a_line() {
        let line = "2026-11-25T03:11:22.123456Z  INFO server quietdown::store::server: listening addr=127.0.0.1:4444 why=\"a \\\"b\\\" = c\" x=1 2";
        let fields = pairs(&[("addr", "127.0.0.1:4444"), ("why", "a \"b\" = c"), ("x", "1 2")]);
        assert_eq!(
            seen(line),
            (
                Some(Level::Info),
                Some("quietdown::store::server".into()),
                Some("server".into()),
                "listening".into(),
                fields
            )
        );
        assert_eq!(seen("DEBUG app: a = b is no field").3, "a = b is no field");
        let spans = seen("2026-11-25T03:11:22.123456Z ERROR outer{id=7 name=\"x y\"}:inner: app::deep: it broke k=v");
        assert_eq!(
            (spans.1, spans.3, spans.4),
            (Some("app::deep".into()), "it broke".into(), pairs(&[("k", "v"), ("id", "7"), ("name", "x y")]))
        );
        assert_eq!(seen(" WARN t: key=only").4, pairs(&[("key", "only")]));
        for no_head in
            ["", "plain text", "thread 'main' panicked at src/main.rs:1:2:", "INFORMATION: x", "    at src/x.rs"]
        {
            assert_eq!(head(no_head), None, "{no_head}");
        }
    }

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn reads_what_tracing_subscriber_writes() {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_thread_names(true)
            .with_max_level(::tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        let text = "with \"quotes\" and\nlines";
        std::thread::Builder::new()
            .name("worker-1".into())
            .spawn(move || {
                ::tracing::subscriber::with_default(subscriber, || {
                    ::tracing::error!(target: "some::place", call = 3, why = text, shown = %"127.0.0.1:1", "it failed");
                    let span = ::tracing::info_span!("request", id = 9);
                    span.in_scope(|| ::tracing::debug!(target: "some::place", "inside"));
                });
            })
            .expect("a thread")
            .join()
            .expect("no panic");
        let written = String::from_utf8(sink.0.lock().expect("not poisoned").clone()).expect("text");
        let lines: Vec<&str> = written.lines().collect();
        let fields = pairs(&[("call", "3"), ("why", text), ("shown", "127.0.0.1:1")]);
        assert_eq!(
            seen(lines[0]),
            (Some(Level::Error), Some("some::place".into()), Some("worker-1".into()), "it failed".into(), fields),
            "{written}"
        );
        assert_eq!(
            seen(lines[1]),
            (
                Some(Level::Debug),
                Some("some::place".into()),
                Some("worker-1".into()),
                "inside".into(),
                pairs(&[("id", "9")])
            ),
            "{written}"
        );
    }
}
