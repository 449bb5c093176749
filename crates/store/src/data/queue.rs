//! The queue: enqueueing rollouts, and dequeueing them for a worker.

use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::attempts;
use super::call::DataCall;
use super::new::{self, New};
use super::rollouts::{self, Rollout};
use super::store::Store;
use super::words::RolloutStatus;
use super::workers;

#[derive(Debug, Deserialize)]
struct Enqueue {
    rollouts: Vec<New>,
}

/// `POST /queues/rollouts/enqueue`
///
/// # Errors
/// When the body is wrong, or the database fails.
pub fn enqueue(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let body: Enqueue = call.json()?;
    let mut queued = Vec::with_capacity(body.rollouts.len());
    for rollout in body.rollouts {
        // Each has a time of its own, so that sorting by it gives their order.
        store.now += 1e-6;
        queued.push(new::insert(store, rollout, RolloutStatus::Queuing)?);
    }
    Ok(Answer::created(&queued))
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Dequeue {
    limit: i64,
    worker_id: Option<String>,
}

impl Default for Dequeue {
    fn default() -> Self {
        Self { limit: 1, worker_id: None }
    }
}

/// `POST /queues/rollouts/dequeue`
///
/// # Errors
/// When the body is wrong, or the database fails.
pub fn dequeue(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let body: Dequeue = call.optional_json()?;
    if body.limit <= 0 {
        return Ok(Answer::ok(&[(); 0]));
    }
    let next = rollouts::next(store, body.limit)?;
    if let Some(worker) = &body.worker_id {
        workers::dequeued(store, worker, next.is_empty())?;
    }
    let mut given = Vec::with_capacity(next.len());
    for (mut known, rollout) in next {
        let attempt = attempts::start(store, &mut known, body.worker_id.as_deref())?;
        given.push(Rollout { status: known.status, end_time: None, attempt: Some(attempt), ..rollout });
    }
    Ok(Answer::ok(&given))
}
