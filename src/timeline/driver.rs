//! Speaks with driven clients: JSON lines to their standard input, answers from their standard output.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::wait::Bound;
use super::world::World;
use crate::evidence::{Call, CallEffect, CallResult, abridge};

/// The longest answer that is kept in memory.
const ANSWER_BOUND: usize = 192 * 1024 * 1024;

/// Splits a driven client's standard output into answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    line: Vec<u8>,
    overflown: bool,
}

impl Answers {
    /// The answers that are complete now. A line that is no JSON comes as a text.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Value> {
        let mut answers = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.keep(&rest[..end]);
            rest = &rest[end + 1..];
            let line = std::mem::take(&mut self.line);
            let too_long = std::mem::take(&mut self.overflown);
            let text = || Value::String(String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned());
            answers.push(if too_long { text() } else { serde_json::from_slice(&line).unwrap_or_else(|_| text()) });
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

/// A call to ask for.
pub(super) struct Asked<'s> {
    pub name: String,
    pub op: &'s str,
    pub args: Value,
}

impl World<'_> {
    /// Asks a driven client for a call; gives its index in the history.
    pub async fn ask(&mut self, actor: usize, asked: Asked<'_>, bound: Bound) -> Result<usize, String> {
        let begun = self.now();
        let target = &mut self.actors[actor];
        target.calls += 1;
        let number = target.calls;
        let line = json!({"call": number, "name": asked.name, "op": asked.op, "args": asked.args}).to_string() + "\n";
        let process = target.instance.name.clone();
        self.calls.push(Call {
            name: asked.name,
            process,
            number,
            op: asked.op.to_owned(),
            args: abridge(asked.args),
            begun,
            ended: None,
            result: None,
            effect: CallEffect::Unknown,
            value: None,
            error: None,
            expected: None,
            returns: None,
        });
        let index = self.calls.len() - 1;
        self.write(actor, line.into_bytes(), bound).await?;
        Ok(index)
    }

    /// Asks a driven client to cancel a call.
    pub async fn ask_to_cancel(&mut self, call: usize, bound: Bound) -> Result<(), String> {
        let actor = self.actor_of(&self.calls[call].process.clone())?;
        let line = json!({"cancel": self.calls[call].number}).to_string() + "\n";
        self.write(actor, line.into_bytes(), bound).await
    }

    /// Writes while taking in what happens: a client that writes itself full must not hold up the harness.
    async fn write(&mut self, actor: usize, line: Vec<u8>, bound: Bound) -> Result<(), String> {
        let name = self.actors[actor].instance.name.clone();
        let mut stdin = self.actors[actor]
            .running()
            .and_then(|boot| boot.child.take_stdin())
            .ok_or_else(|| format!("`{name}` is not running, so it cannot be asked"))?;
        let written = {
            let write = async {
                stdin.write_all(&line).await?;
                stdin.flush().await
            };
            tokio::pin!(write);
            let deadline = tokio::time::Instant::from_std(bound.deadline);
            loop {
                tokio::select! {
                    outcome = &mut write => break outcome.map_err(|why| why.to_string()),
                    () = self.take_next() => {}
                    // One that does not read would hold up the harness for ever.
                    () = tokio::time::sleep_until(deadline) => break Err(format!("not within {:?}", bound.within)),
                }
            }
        };
        if let Some(boot) = self.actors[actor].running() {
            boot.child.put_stdin(stdin);
        }
        written.map_err(|why| format!("`{name}` does not take what it is asked for: {why}"))
    }

    pub fn take_answer(&mut self, actor: usize, boot: usize, answer: Value) {
        if answer.get("ready") == Some(&Value::Bool(true)) {
            self.actors[actor].boots[boot].said_ready = true;
            return;
        }
        let at = self.now();
        let process = self.actors[actor].instance.name.clone();
        let Some(number) = answer.get("call").and_then(Value::as_u64) else {
            self.notes.push(format!("`{process}` said what is no answer: {}", abridge(answer)));
            return;
        };
        let closed = self.history_closed;
        let open = |call: &&mut Call| call.process == process && call.number == number && call.result.is_none();
        let Some(call) = self.calls.iter_mut().find(open).filter(|_| !closed) else { return };
        let result = answer.get("result").cloned().and_then(|word| serde_json::from_value::<CallResult>(word).ok());
        call.ended = Some(at);
        // What is no result at all is as bad as what is not the protocol.
        call.result = Some(result.unwrap_or(CallResult::Transport));
        call.error = answer.get("error").map(|error| error.as_str().map_or_else(|| error.to_string(), str::to_owned));
        let value = answer.get("value").cloned();
        let index = self.calls.iter().position(|call| call.process == process && call.number == number);
        if let (Some(index), Some(value)) = (index, value) {
            self.calls[index].value = Some(abridge(value.clone()));
            // The name is that of `save` where a step says so; until then the answer waits under the call's own.
            self.saved.insert(format!("={}", self.calls[index].name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_any_chunks() {
        let text = b"{\"ready\":true}\nnoise\n{\"call\":1}\n";
        let whole = Answers::default().feed(text);
        assert_eq!(whole, [json!({"ready": true}), json!("noise"), json!({"call": 1})]);
        let mut answers = Answers::default();
        let bytewise: Vec<Value> = text.iter().flat_map(|byte| answers.feed(&[*byte])).collect();
        assert_eq!(bytewise, whole);
    }
}
