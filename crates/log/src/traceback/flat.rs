//! Traces whose line ends were lost: spaces stand in their place, or what a web page has there.

use std::sync::LazyLock;

use regex::Regex;

use super::super::Language;
use super::{pattern, place_of};

/// Whether what was found is such a sign.
pub(super) fn is_marker(found: &str) -> bool {
    const BEGINNINGS: [&str; 7] = [") at ", "<br", "&#", "&nbsp;", " [running]", "Stack trace:", ".cs:line "];
    BEGINNINGS.iter().any(|begin| found.starts_with(begin))
}

/// The lines of a text that was put into one; nothing when it was one always.
pub(super) fn lines(text: &str) -> Option<String> {
    if ["<br", "&#1", "&#x", "&#9;", "&nbsp;"].iter().any(|sign| text.contains(sign)) {
        return Some(of_page(text));
    }
    of_go(text).or_else(|| of_php(text)).or_else(|| of_frames(text))
}

/// The text of a part of a web page: line ends, and the characters that have names there.
fn of_page(text: &str) -> String {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| pattern(r"<br ?/?>|</(?:p|div|li|pre)>|&#?\w{1,6};"));
    NAMED.replace_all(text, |found: &regex::Captures<'_>| character(&found[0]).to_owned()).replace("\r\n", "\n")
}

fn character(name: &str) -> &str {
    match name {
        "&nbsp;" | "&emsp;" | "&ensp;" | "&#160;" | "&#32;" => " ",
        "&#9;" | "&Tab;" | "&#x9;" => "\t",
        "&#10;" | "&#xA;" | "&#xa;" => "\n",
        "&#13;" | "&#xD;" | "&#xd;" => "\r",
        "&lt;" | "&#60;" => "<",
        "&gt;" | "&#62;" => ">",
        "&amp;" | "&#38;" => "&",
        "&quot;" | "&#34;" => "\"",
        "&apos;" | "&#39;" | "&#x27;" => "'",
        other if other.starts_with('<') => "\n",
        other => other,
    }
}

/// `panic: spilled goroutine 1 [running]: main.pour(0x5) /srv/cup.go:5 +0x1d main.main() …`
fn of_go(text: &str) -> Option<String> {
    static GOROUTINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*(goroutine \d+ \[[^\]]*\]:)\s+"));
    static PLACE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\)\s+(\S+\.go:\d+(?: \+0x[0-9a-f]+)?)\s*"));
    if !GOROUTINE.is_match(text) || !PLACE.is_match(text) {
        return None;
    }
    let text = GOROUTINE.replace_all(text, "\n\n$1\n");
    Some(PLACE.replace_all(&text, ")\n\t$1\n").into_owned())
}

/// `Uncaught Spill: tea in /srv/cup.php:5 Stack trace: #0 /srv/a.php(3): f() #1 {main} thrown in …`
pub(super) fn of_php(text: &str) -> Option<String> {
    static FRAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*(#\d+ (?:\{main\}|\S+\.php\(\d+\)|\[internal))"));
    let (said, frames) = text.split_once("Stack trace:")?;
    let frames = FRAME.replace_all(frames, "\n$1").replace(" thrown in ", "\n  thrown in ");
    frames.contains(".php(").then(|| [said.trim_end(), "\nStack trace:", &frames].concat())
}

/// `a.b.Exception: tea at a.b.C.m(C.java:5) at …`, and what is like it.
fn of_frames(text: &str) -> Option<String> {
    const LANGUAGES: [Language; 3] = [Language::Java, Language::Node, Language::DotNet];
    let language = LANGUAGES.into_iter().find(|language| {
        let frame = |piece: &&str| place_of(*language, &["    at ", first_of(piece)].concat()).is_some();
        text.split(" at ").skip(1).filter(frame).take(2).count() == 2
    })?;
    let mut lines = String::with_capacity(text.len() + 64);
    for (at, piece) in text.split(" at ").enumerate() {
        let frame = at > 0 && place_of(language, &["    at ", first_of(piece)].concat()).is_some();
        lines.push_str(match (at, frame) {
            (0, _) => "",
            (_, true) => "\n    at ",
            (_, false) => " at ",
        });
        lines.push_str(&piece.replace(" Caused by: ", "\nCaused by: ").replace(" ... ", "\n    ... "));
    }
    Some(lines)
}

/// The frame without what follows it before the next.
fn first_of(piece: &str) -> &str {
    let end = [" Caused by: ", " ... ", " ---> ", " --- "].iter().filter_map(|sign| piece.find(sign)).min();
    &piece[..end.unwrap_or(piece.len())]
}

#[cfg(test)]
mod tests {
    use super::super::super::{Format, Language, Survey};

    #[test]
    fn a_trace_in_one_line_is_read_as_its_lines() {
        let rows = [
            (
                "java.lang.IllegalStateException: spilled<br/>\tat com.cups.Cup.pour(Cup.java:5)<br/>\tat com.cups.Main.main(Main.java:9)<br/>Caused by: java.io.IOException: tea<br/>\t... 2 more<br/>",
                Language::Java,
                "java.lang.IllegalStateException",
                "Cup.java:5",
            ),
            (
                "<pre>java.lang.IllegalStateException: spilled&#13;&#10;&#9;at com.cups.Cup.pour(Cup.java:5)&#13;&#10;&#9;at com.cups.Main.main(Main.java:9)</pre>",
                Language::Java,
                "java.lang.IllegalStateException",
                "Cup.java:5",
            ),
            (
                "<p>Exception: java.lang.IllegalStateException: spilled<br>&nbsp;&nbsp;at com.cups.Cup.pour(Cup.java:5)<br>&nbsp;&nbsp;at com.cups.Main.main(Main.java:9)</p>",
                Language::Java,
                "java.lang.IllegalStateException",
                "Cup.java:5",
            ),
            (
                "2026-11-25 22:00:00 ERROR c.Main - java.lang.IllegalStateException: stuck at the door at com.cups.Cup.pour(Cup.java:5) at com.cups.Main.main(Main.java:9) Caused by: java.io.IOException: tea ... 2 more",
                Language::Java,
                "java.lang.IllegalStateException",
                "Cup.java:5",
            ),
            (
                "Error: spilled at pour (/srv/cup.js:5:3) at main (/srv/main.js:9:1)",
                Language::Node,
                "Error",
                "/srv/cup.js:5",
            ),
            (
                "System.InvalidOperationException: spilled at Cups.Cup.Pour(String tea) in /srv/Cup.cs:line 5 at Cups.Main() in /srv/Main.cs:line 9",
                Language::DotNet,
                "System.InvalidOperationException",
                "/srv/Cup.cs:5",
            ),
            (
                "panic: spilled goroutine 1 [running]: main.pour(0x5) /srv/cup.go:5 +0x1d main.main() /srv/main.go:9 +0x2a exit status 2",
                Language::Go,
                "panic",
                "/srv/cup.go:5",
            ),
            (
                "PHP Fatal error:  Uncaught Spill: tea in /srv/cup.php:5 Stack trace: #0 /srv/main.php(9): pour() #1 {main} thrown in /srv/cup.php on line 5",
                Language::Php,
                "Spill",
                "/srv/cup.php:5",
            ),
        ];
        for (line, language, exception, place) in rows {
            let mut survey = Survey::new(&Format::Auto).expect("a format");
            survey.feed(line.as_bytes());
            let kinds = survey.finish().tracebacks;
            let [kind] = kinds.as_slice() else { panic!("{line}\n{kinds:#?}") };
            let found = (kind.count, kind.language, kind.exception.as_deref(), kind.place());
            assert_eq!(found, (1, language, Some(exception), Some(place)), "{line}");
        }
    }

    #[test]
    fn a_sentence_about_places_is_no_trace() {
        for line in [
            "He met him (yesterday) at noon at the cafe (again) at last.",
            "See pour() at https://cups.example/a.js:5 and <br/> at home",
            "<p>Tea &amp; cups<br>at five</p>",
        ] {
            let mut survey = Survey::new(&Format::Auto).expect("a format");
            survey.feed(line.as_bytes());
            assert!(survey.finish().tracebacks.is_empty(), "{line}");
        }
    }
}
