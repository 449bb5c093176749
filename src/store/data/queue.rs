//! The queue: enqueueing rollouts, and dequeueing them for a worker.

use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::attempts;
use super::call::Call;
use super::rollouts::{self, Known, New, Rollout};
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
pub fn enqueue(store: &mut Store<'_>, call: &Call) -> Result<Answer, Refusal> {
    let body: Enqueue = call.json()?;
    let mut queued = Vec::with_capacity(body.rollouts.len());
    for new in body.rollouts {
        // Each has a time of its own, so that sorting by it gives their order.
        store.now += 1e-6;
        queued.push(rollouts::insert(store, new, RolloutStatus::Queuing)?);
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
pub fn dequeue(store: &mut Store<'_>, call: &Call) -> Result<Answer, Refusal> {
    let body: Dequeue = call.optional_json()?;
    if body.limit <= 0 {
        return Ok(Answer::ok(&[(); 0]));
    }
    let sql = "SELECT id FROM rollout WHERE place IS NOT NULL ORDER BY place LIMIT ?1";
    let ids = store.all(sql, [body.limit], |row| row.get::<_, String>(0))?;
    if let Some(worker) = &body.worker_id {
        workers::dequeued(store, worker, ids.is_empty())?;
    }
    let mut rollouts = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rollout = Known::find(store, &id)?;
        attempts::start(store, &mut rollout, body.worker_id.as_deref())?;
        rollouts.push(Rollout::load(store, &id)?);
    }
    Ok(Answer::ok(&rollouts))
}
