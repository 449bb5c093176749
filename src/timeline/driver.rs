//! Speaks with driven clients: JSON lines to their standard input, answers from their standard output.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::client::Message;
use super::wait::Bound;
use super::world::World;
use crate::evidence::{Call, CallEffect, CallResult, abridge};
use crate::system::RoleKind;

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

/// A call to ask for.
pub(super) struct Asked<'s> {
    pub name: String,
    pub op: &'s str,
    pub args: Value,
    /// For the HTTP client: the operation with its variables filled in, and what else is sent.
    pub request: (String, Message),
}

impl World<'_> {
    /// Asks a driven client for a call; gives its index in the history.
    pub async fn ask(&mut self, actor: usize, asked: Asked<'_>, bound: Bound) -> Result<usize, String> {
        let begun = self.now();
        let target = &mut self.actors[actor];
        target.calls += 1;
        let number = target.calls;
        let (op, args) = self.system.file.operations.get(asked.op).map_or_else(
            || (asked.op.to_owned(), asked.args.clone()),
            |rule| (rule.driver_op.clone().unwrap_or_else(|| asked.op.to_owned()), rule.renamed(asked.args.clone())),
        );
        let line = json!({"call": number, "name": asked.name, "op": op, "args": args}).to_string() + "\n";
        let process = target.instance.name.clone();
        let http = target.instance.kind == RoleKind::Http;
        let (request, message) = asked.request;
        let sent = match &message.body {
            Some(body) => Value::String(body.clone()),
            None => asked.args.clone(),
        };
        self.calls.push(Call {
            name: asked.name,
            process,
            number,
            op: asked.op.to_owned(),
            args: abridge(sent),
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
        match http {
            true => self.request(actor, number, &request, &asked.args, message)?,
            false => self.write(actor, line.into_bytes(), bound).await?,
        }
        Ok(index)
    }

    /// Asks a driven client to cancel a call.
    pub async fn ask_to_cancel(&mut self, call: usize, bound: Bound) -> Result<(), String> {
        let actor = self.actor_of(&self.calls[call].process.clone())?;
        if self.actors[actor].instance.kind == RoleKind::Http {
            self.give_up(actor, self.calls[call].number).await;
            return Ok(());
        }
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
        let number = answer.get("call").and_then(Value::as_u64).unwrap_or_default();
        if !self.calls.iter().any(|call| call.process == process && call.number == number) {
            // An answer to what was never asked is as loud as any other noise.
            let line = abridge(answer).to_string() + "\n";
            self.actors[actor].boots[boot].stdout.feed(at, line.as_bytes());
            return;
        }
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
        let [ready, call] = [json!({"ready": true}), json!({"call": 1})].map(Said::Answer);
        assert_eq!(whole, [ready, Said::Noise(b"noise\n".to_vec()), call]);
        let mut answers = Answers::default();
        let bytewise: Vec<Said> = text.iter().flat_map(|byte| answers.feed(&[*byte])).collect();
        assert_eq!(bytewise, whole);
    }
}
