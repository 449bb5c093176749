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
    /// Anything else: text, a traceback, another program's JSON. Judged like its log.
    Noise(Vec<u8>),
}

/// Splits a driven client's standard output into answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    line: Vec<u8>,
    overflown: bool,
}

impl Answers {
    /// What is complete now.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Said> {
        let mut answers = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.keep(&rest[..end]);
            rest = &rest[end + 1..];
            let mut line = std::mem::take(&mut self.line);
            let too_long = std::mem::take(&mut self.overflown);
            let parsed = if too_long { None } else { serde_json::from_slice::<Value>(&line).ok() };
            answers.push(match parsed.filter(is_answer) {
                Some(answer) => Said::Answer(answer),
                None => {
                    line.truncate(NOISE_BOUND);
                    line.push(b'\n');
                    Said::Noise(line)
                }
            });
        }
        self.keep(rest);
        answers
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > ANSWER_BOUND {
            self.overflown = true;
        } else {
            self.line.extend_from_slice(bytes);
        }
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
        assert_eq!(whole, [ready, Said::Noise(b"noise\n".to_vec()), call]);
        let mut answers = Answers::default();
        let bytewise: Vec<Said> = text.iter().flat_map(|byte| answers.feed(&[*byte])).collect();
        assert_eq!(bytewise, whole);
    }
}
