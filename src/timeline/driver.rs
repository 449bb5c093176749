//! Speaks with driven clients: JSON lines to their standard input, answers from their standard output.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::client::Message;
use super::observed::{Happening, Taken};
use super::wait::Bound;
use super::world::World;
use crate::evidence::{Call, CallEffect, abridge};
use crate::system::RoleKind;

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
        let content = match &message.body {
            Some(body) => Value::String(body.clone()),
            None => asked.args.clone(),
        };
        let sent = self.actors[actor].link.as_ref().map_or_else(Vec::new, crate::proxy::EventLink::sent);
        let call = Call {
            name: asked.name,
            process,
            number,
            op: asked.op.to_owned(),
            args: abridge(content),
            begun,
            ended: None,
            result: None,
            effect: CallEffect::Unknown,
            value: None,
            error: None,
            expected: None,
            returns: None,
            further: Vec::new(),
        };
        self.observed.apply(begun, Happening::Asked(Box::new(call), sent));
        let index = self.observed.calls.len() - 1;
        match http {
            true => self.request(actor, number, &request, &asked.args, message)?,
            false => self.write(actor, line.into_bytes(), bound).await?,
        }
        Ok(index)
    }

    /// Asks a driven client to cancel a call.
    pub async fn ask_to_cancel(&mut self, call: usize, bound: Bound) -> Result<(), String> {
        let actor = self.actor_of(&self.observed.calls[call].process.clone())?;
        if self.actors[actor].instance.kind == RoleKind::Http {
            self.give_up(actor, self.observed.calls[call].number).await;
            return Ok(());
        }
        let line = json!({"cancel": self.observed.calls[call].number}).to_string() + "\n";
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
            let boot = &mut self.actors[actor].boots[boot];
            let noise = boot.stdout.records().len();
            boot.said_ready.get_or_insert_with(|| boot.stdout.bookmark(noise));
            return;
        }
        let at = self.now();
        let value = answer.get("value").cloned();
        match self.observed.apply(at, Happening::Answered(actor, answer.clone())) {
            Taken::Unasked => {
                // An answer to what was never asked is as loud as any other noise.
                let line = abridge(answer).to_string() + "\n";
                let line = self.secrets.mask(&line).into_owned();
                self.actors[actor].boots[boot].stdout.feed(at, line.as_bytes());
            }
            Taken::Result(Some(call)) => {
                // The name is that of `save` where a step says so; until then the answer waits under the call's own.
                let name = format!("={}", self.observed.calls[call].name);
                self.saved.extend(value.map(|value| (name, value)));
            }
            Taken::Result(None) => {}
        }
    }
}
