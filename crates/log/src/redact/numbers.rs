//! Numbers that are known to be a process id or a port of the run, wherever a text has them.

use std::collections::HashMap;
use std::ops::Range;

/// Shorter numbers are counts more often than ids: they need a bracket around them.
const TELLING_DIGITS: usize = 4;

/// Words that say of a number joined to them that it is a process.
const PROCESS_WORDS: &[&str] =
    &["pid", "process", "proc", "worker", "child", "parent", "leader", "master", "server", "daemon", "thread", "tid"];
/// Words that say of a number joined to them that it is a port.
const PORT_WORDS: &[&str] =
    &["port", "addr", "address", "listen", "listening", "bind", "server", "peer", "upstream", "tcp"];

/// Process ids and ports of a run, each with its name.
#[derive(Debug, Clone, Default)]
pub(super) struct RunNumbers {
    pids: HashMap<String, String>,
    ports: HashMap<String, String>,
}

impl RunNumbers {
    /// Names a process id, unless it has a name.
    pub(super) fn name_pid(&mut self, number: &str, name: &str) {
        self.pids.entry(number.to_owned()).or_insert_with(|| name.to_owned());
    }

    /// Names a port, unless it has a name.
    pub(super) fn name_port(&mut self, number: &str, name: &str) {
        self.ports.entry(number.to_owned()).or_insert_with(|| name.to_owned());
    }

    /// The name of a number of which the text says that it is a process id.
    pub(super) fn pid(&self, number: &str) -> &str {
        self.pids.get(number).map_or("<pid>", String::as_str)
    }

    /// The name of a number of which the text says that it is a port.
    pub(super) fn port(&self, number: &str) -> &str {
        self.ports.get(number).map_or("<port>", String::as_str)
    }

    /// The name of a number that stands anywhere, when it is one of the run and nothing around it says that it is something else.
    pub(super) fn anywhere(&self, text: &str, range: &Range<usize>) -> Option<&str> {
        let number = &text[range.clone()];
        let port = || self.ports.get(number).filter(|_| stands_free(text, range, PORT_WORDS, true));
        let pid = || self.pids.get(number).filter(|_| stands_free(text, range, PROCESS_WORDS, false));
        pid().or_else(port).map(String::as_str)
    }
}

/// Whether a number is not a part of something else: of a decimal number, of a name, or the value of a field that counts.
fn stands_free(text: &str, range: &Range<usize>, words: &[&str], after_colon: bool) -> bool {
    let (before, after) = (&text[..range.start], &text[range.end..]);
    let mut next = after.chars();
    match (next.next(), next.next()) {
        (Some('%' | '_'), _) => return false,
        (Some('.' | ','), Some(digit)) if digit.is_ascii_digit() => return false,
        _ => {}
    }
    let bracketed =
        [("(", ")"), ("[", "]")].iter().any(|(open, close)| before.ends_with(open) && after.starts_with(close));
    if range.len() < TELLING_DIGITS {
        return bracketed;
    }
    match before.chars().next_back() {
        None => true,
        Some(':') if after_colon => true,
        Some('=' | ':' | '-' | '_' | '/' | '#' | '.') => {
            let joined = before.trim_end_matches(|c: char| !c.is_alphanumeric());
            let start = joined
                .rfind(|c: char| !c.is_alphanumeric())
                .map_or(0, |at| at + joined[at..].chars().next().map_or(1, char::len_utf8));
            let word = joined[start..].to_ascii_lowercase();
            words.iter().any(|known| word.ends_with(known))
        }
        Some(_) => true,
    }
}
