//! What a runner does with one rollout.

use serde_json::{Map, Value, json};
use tracing::debug;

use super::{Reason, RolloutRunner};
use crate::client::{Error, StoreOperation};
use crate::defects::{Defect, planted};
use crate::logging::RUNNER;

/// A rollout that was taken from the queue.
#[derive(Debug, PartialEq, Eq)]
pub struct ClaimedRollout {
    id: String,
    attempt: String,
}

impl ClaimedRollout {
    /// Reads what a dequeue gave; nothing when the queue was empty.
    pub fn from_answer(answer: Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self { id: text(&answer["rollout_id"])?, attempt: text(&answer["attempt"]["attempt_id"])? })
    }
}

impl RolloutRunner {
    /// Works on a rollout and reports how it ended, or gives it back when there is no time for that.
    pub(super) async fn process(&self, rollout: &ClaimedRollout) {
        let id = rollout.id.as_str();
        debug!(target: RUNNER, rollout = id, "rollout begun");
        let status = match self.work(rollout).await {
            None if planted(Defect::InterruptedIsSucceeded) => "succeeded",
            None => return self.give_back(rollout).await,
            Some(Ok(())) => "succeeded",
            Some(Err(Error::Shutdown)) => return self.leave(rollout, true),
            Some(Err(_)) => "failed",
        };
        // The work is done: losing only its result would be a waste.
        match self.stop.soon(self.persist(self.set_attempt(rollout, status))).await {
            Some(Ok(_)) => debug!(target: RUNNER, rollout = id, status, "rollout finished"),
            Some(Err(Error::Shutdown)) => self.leave(rollout, true),
            Some(Err(_)) | None => self.leave(rollout, false),
        }
    }

    /// Works on a rollout; nothing when it was interrupted.
    async fn work(&self, rollout: &ClaimedRollout) -> Option<Result<(), Error>> {
        for sequence in 1..=self.spans {
            // A span that arrived after the rollout was given back would set it running again: none is given up lightly.
            if let Err(error) = self.stop.soon(self.persist(StoreOperation::AddSpan(span(rollout, sequence)))).await? {
                return Some(Err(error));
            }
            if self.stop.reason().is_some() {
                return None;
            }
        }
        self.stop.at_once(tokio::time::sleep(self.work)).await?;
        debug!(target: RUNNER, rollout = rollout.id.as_str(), "work done");
        Some(Ok(()))
    }

    /// Puts an interrupted rollout back into the queue.
    async fn give_back(&self, rollout: &ClaimedRollout) {
        let changes = Map::from_iter([("status".to_owned(), json!("requeuing"))]);
        let give_back = StoreOperation::UpdateRollout { rollout_id: rollout.id.clone(), changes };
        match self.stop.soon(self.client.call(give_back, None)).await {
            Some(Ok(_)) => debug!(target: RUNNER, rollout = rollout.id.as_str(), "rollout given back"),
            Some(Err(Error::Shutdown)) => self.leave(rollout, true),
            Some(Err(_)) | None => self.leave(rollout, false),
        }
    }

    /// Leaves a rollout as it is: the server's watchdog finds it when its time is over.
    fn leave(&self, rollout: &ClaimedRollout, shutdown: bool) {
        debug!(target: RUNNER, rollout = rollout.id.as_str(), "rollout left for the watchdog");
        if shutdown {
            self.stop.ask(Reason::Shutdown);
        }
    }

    fn set_attempt(&self, rollout: &ClaimedRollout, status: &str) -> StoreOperation {
        StoreOperation::UpdateAttempt {
            rollout_id: rollout.id.clone(),
            attempt_id: rollout.attempt.clone(),
            changes: Map::from_iter([("status".to_owned(), json!(status))]),
        }
    }
}

fn span(rollout: &ClaimedRollout, sequence: u32) -> Map<String, Value> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let span = json!({
        "rollout_id": rollout.id,
        "attempt_id": rollout.attempt,
        "sequence_id": sequence,
        "trace_id": format!("{:032x}", fastrand::u128(..)),
        "span_id": format!("sp-{:08x}", fastrand::u32(..)),
        "parent_id": null,
        "name": "work",
        "status": { "status_code": "OK", "description": null },
        "attributes": {},
        "events": [],
        "links": [],
        "start_time": now,
        "end_time": now,
        "context": null,
        "parent": null,
        "resource": { "attributes": {}, "schema_url": "" },
    });
    match span {
        Value::Object(span) => span,
        _ => unreachable!("written as an object above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dequeued_rollout_has_an_attempt() {
        let answer = json!({ "rollout_id": "ro-1", "attempt": { "attempt_id": "at-1" } });
        assert_eq!(
            ClaimedRollout::from_answer(answer),
            Some(ClaimedRollout { id: "ro-1".into(), attempt: "at-1".into() })
        );
        assert_eq!(ClaimedRollout::from_answer(Value::Null), None);
    }
}
