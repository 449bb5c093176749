//! What every traceback that may be inside of a line has in it, and a fast way to see that a line has none of it.

use std::sync::LazyLock;

use regex::Regex;

/// Headings, and line ends that were escaped with what begins a frame.
const WORDS: [&str; 32] = [
    "Traceback (most recent call last):",
    "panicked at ",
    "stack backtrace:",
    "Stack backtrace:",
    "PHP Fatal error:  ",
    "PHP Parse error:  ",
    " panicked with message ",
    "JoinError::Panic(Id(",
    "Service panicked: ",
    "crashed by signal: ",
    "Received signal ",
    r"\tat ",
    r"\n    at ",
    r"\n   at ",
    r"\ngoroutine ",
    r"\t/",
    r"\tfrom ",
    r"\n#0 ",
    r"\nCaused by:\",
    // Where line ends were lost: see `flat`.
    ") at ",
    "<br",
    "&#10;",
    "&#13;",
    "&#xA;",
    "&#xD;",
    "&#9;at ",
    "&nbsp;at ",
    " [running]: ",
    "Stack trace: #0 ",
    ".cs:line ",
    "=== ASSERTION FAILED",
    "CRASH REPORT Process ",
];

/// Keys of objects.
const KEYS: [&str; 12] = [
    "\"exc_type\"",
    "\"stack",
    "\"Stack",
    "\"backtrace\"",
    "\"frames\"",
    "\"trace\":",
    "\"extendedStackTrace\"",
    "\"stepArray\"",
    "\"traceback\":",
    "\"panic.",
    "\"panic_",
    "\"panic\":",
];

/// Two bytes that stand together in each of the words that have no backslash, and seldom elsewhere.
const PAIRS: [[u8; 2]; 12] =
    [*b"ck", *b"HP", *b":P", *b"gn", *b") ", *b"<b", *b"&#", *b"&n", *b"g]", *b":l", *b"==", *b"SH"];

/// All of them. An alternation of literals is searched without an automaton, several bytes at once.
pub(super) static MARKERS: LazyLock<Regex> = LazyLock::new(|| {
    let literals: Vec<String> = WORDS.iter().chain(&KEYS).map(|literal| regex::escape(literal)).collect();
    super::pattern(&literals.join("|"))
});

static HEADINGS: LazyLock<Regex> = LazyLock::new(|| {
    let literals: Vec<String> = WORDS.iter().map(|literal| regex::escape(literal)).collect();
    super::pattern(&literals.join("|"))
});

/// Whether the line may have a traceback in it.
pub(in super::super) fn with_marker(line: &str) -> bool {
    let bytes = line.as_bytes();
    has_sign(bytes) && HEADINGS.is_match(line) || memchr::memchr_iter(b'"', bytes).any(|at| is_key(&bytes[at..]))
}

/// Whether there is a backslash or one of the pairs: without leaving early, the compiler looks at many bytes at once.
fn has_sign(bytes: &[u8]) -> bool {
    let next = bytes.get(1..).unwrap_or_default();
    let pair = bytes.iter().zip(next).fold(false, |found, (one, two)| {
        PAIRS.iter().fold(found | (*one == b'\\'), |found, pair| found | (*one == pair[0]) & (*two == pair[1]))
    });
    pair || bytes.last() == Some(&b'\\')
}

fn is_key(bytes: &[u8]) -> bool {
    bytes.get(1).is_some_and(|byte| b"esSbftp".contains(byte))
        && KEYS.iter().any(|key| bytes.starts_with(key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marker_is_seen_wherever_it_stands() {
        for marker in WORDS.iter().chain(&KEYS) {
            for around in ["", "x", "a longer text before it, of some words, so that it is in another block: "] {
                let line = [around, marker, around].concat();
                assert!(with_marker(&line) && MARKERS.is_match(&line), "{line}");
            }
        }
        for line in ["", "a", "back", "\\", "a line of the usual kind", "{\"type\":\"x\"}", "checking signals"] {
            assert!(!with_marker(line) && !MARKERS.is_match(line), "{line}");
        }
    }
}
