//! What processes write: their output, and the answers of driven clients in it.

use serde_json::Value;

use crate::process::Output;

/// What a process has shown.
#[derive(Debug)]
pub(super) struct Seen {
    pub actor: usize,
    pub boot: usize,
    pub output: Output,
}

/// The longest answer that is kept in memory.
const ANSWER_BOUND: usize = 192 * 1024 * 1024;

/// The most that is kept of a line which is no answer.
const NOISE_BOUND: usize = 64 * 1024;

/// A line that a driven client has said.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// It is ready, or answers a call.
    Answer(Value),
    /// Anything else: text, a traceback, another program's JSON, and how many bytes of it are not kept. Judged like its log.
    Noise(Vec<u8>, u64),
}

/// Splits a driven client's standard output into answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    line: Vec<u8>,
    /// How many bytes of it are not kept.
    cut: u64,
    /// Whether it begins as an answer does; nothing else is kept in full.
    object: Option<bool>,
}

impl Answers {
    /// What is complete now.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Said> {
        let mut answers = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.keep(&rest[..end]);
            rest = &rest[end + 1..];
            answers.push(self.end_of_line());
        }
        self.keep(rest);
        answers
    }

    /// The stream has ended: what is left is no line. Of an answer it is half, and whoever waits for it hears of the end instead.
    pub fn finish(&mut self) -> Option<Said> {
        let noise = self.object != Some(true) && !self.line.is_empty();
        noise.then(|| self.end_of_line())
    }

    fn end_of_line(&mut self) -> Said {
        let Self { mut line, cut, .. } = std::mem::take(self);
        let parsed = if cut > 0 { None } else { serde_json::from_slice::<Value>(&line).ok() };
        match parsed.filter(is_answer) {
            Some(answer) => Said::Answer(answer),
            None => {
                let kept = line.len().min(NOISE_BOUND);
                let cut = cut + (line.len() - kept) as u64;
                line.truncate(kept);
                line.push(b'\n');
                Said::Noise(line, cut)
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let first = || bytes.iter().find(|byte| !byte.is_ascii_whitespace()).map(|first| *first == b'{');
        self.object = self.object.or_else(first);
        let bound = if self.object == Some(true) { ANSWER_BOUND } else { NOISE_BOUND };
        let room = bound.saturating_sub(self.line.len()).min(bytes.len());
        self.line.extend_from_slice(&bytes[..room]);
        self.cut += (bytes.len() - room) as u64;
    }
}

fn is_answer(said: &Value) -> bool {
    said.get("ready") == Some(&Value::Bool(true)) || said.get("call").is_some_and(Value::is_u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_come_in_any_chunks() {
        let text = b"{\"ready\":true}\nnoise\n{\"call\":1}\n";
        let whole = Answers::default().feed(text);
        let [ready, call] = [json!({"ready": true}), json!({"call": 1})].map(Said::Answer);
        assert_eq!(whole, [ready, Said::Noise(b"noise\n".to_vec(), 0), call]);
        let mut answers = Answers::default();
        let bytewise: Vec<Said> = text.iter().flat_map(|byte| answers.feed(&[*byte])).collect();
        assert_eq!(bytewise, whole);
    }

    #[test]
    fn what_is_not_kept_of_noise_is_counted_and_what_cannot_be_an_answer_takes_no_memory() {
        let mut answers = Answers::default();
        assert_eq!(answers.feed(&vec![b'x'; 3 * NOISE_BOUND]), []);
        assert!(answers.line.len() <= NOISE_BOUND);
        let [Said::Noise(kept, cut)] = &answers.feed(b"yy\n")[..] else { panic!("one line") };
        assert_eq!((kept.len(), *cut), (NOISE_BOUND + 1, 2 * NOISE_BOUND as u64 + 2));
        let long = format!("{{\"log\": \"{}\"}}\n", "x".repeat(NOISE_BOUND));
        let [Said::Noise(kept, cut)] = &answers.feed(long.as_bytes())[..] else { panic!("one line") };
        assert_eq!(kept.len() as u64 + cut, long.len() as u64);
    }

    #[test]
    fn a_last_line_without_its_end_is_noise_and_half_an_answer_is_nothing() {
        let mut answers = Answers::default();
        answers.feed(b"fatal: disk is full");
        assert_eq!(answers.finish(), Some(Said::Noise(b"fatal: disk is full\n".to_vec(), 0)));
        answers.feed(b"{\"call\":1,\"res");
        assert_eq!(answers.finish(), None);
    }
}
