//! The queue: enqueueing rollouts, and dequeueing them for a worker.

use rusqlite::params;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::attempts;
use super::call::Call;
use super::rollouts::{Config, Known, Rollout, text};
use super::store::Store;
use super::words::{Mode, RolloutStatus};
use super::workers;

#[derive(Debug, Deserialize)]
struct Enqueue {
    rollouts: Vec<New>,
}

#[derive(Debug, Deserialize)]
struct New {
    input: Box<RawValue>,
    mode: Option<Mode>,
    resources_id: Option<String>,
    config: Option<Config>,
    metadata: Option<Map<String, Value>>,
}

/// `POST /queues/rollouts/enqueue`
///
/// # Errors
/// When the body is wrong, or the database fails.
pub fn enqueue(store: &mut Store<'_>, call: &Call) -> Result<Answer, Refusal> {
    let body: Enqueue = call.json()?;
    let mut rollouts = Vec::with_capacity(body.rollouts.len());
    for new in body.rollouts {
        rollouts.push(insert(store, new)?);
    }
    Ok(Answer::created(&rollouts))
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
    let sql = "SELECT id FROM rollout WHERE place IS NOT NULL ORDER BY place LIMIT ?1";
    let ids = store.all(sql, [body.limit.max(0)], |row| row.get::<_, String>(0))?;
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

fn insert(store: &mut Store<'_>, new: New) -> Result<Rollout, Refusal> {
    let rollout_id = store.id("ro", 12);
    let config = new.config.unwrap_or_default();
    let metadata = text(&new.metadata.unwrap_or_default());
    let sql = "INSERT INTO rollout (id, start_time, mode, resources_id, status, config, metadata, watched, place) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
               (SELECT coalesce(max(place), 0) + 1 FROM rollout WHERE place IS NOT NULL))";
    let status = RolloutStatus::Queuing;
    store.execute(
        sql,
        params![rollout_id, store.now, new.mode, new.resources_id, status, text(&config), metadata, config.watched()],
    )?;
    store.execute("INSERT INTO input (seq, json) VALUES (?1, ?2)", params![store.inserted(), new.input.get()])?;
    let metadata = RawValue::from_string(metadata).map_err(|error| Refusal::Bad(error.to_string()))?;
    Ok(Rollout {
        rollout_id,
        input: new.input,
        start_time: store.now,
        end_time: None,
        mode: new.mode,
        resources_id: new.resources_id,
        status,
        config,
        metadata,
        attempt: None,
    })
}
