//! New rollouts: what enqueueing and starting have in common.

use rusqlite::params;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::attempts;
use super::call::DataCall;
use super::json::text;
use super::resources;
use super::rollouts::{KnownRollout, NEXT_PLACE, Rollout, RolloutConfig};
use super::store::Store;
use super::words::{Mode, RolloutStatus};

/// A rollout that is to be: what enqueueing and starting are given.
#[derive(Debug, Deserialize)]
pub struct New {
    input: Box<RawValue>,
    mode: Option<Mode>,
    resources_id: Option<String>,
    config: Option<RolloutConfig>,
    metadata: Option<Map<String, Value>>,
    /// Who starts it; without meaning for one that is queued.
    worker_id: Option<String>,
}

/// Keeps a new rollout; one that is queued gets its place. Without resources of its own it uses the latest.
///
/// # Errors
/// When the database fails.
pub fn insert(store: &mut Store<'_>, new: New, status: RolloutStatus) -> Result<Rollout, Refusal> {
    let rollout_id = store.id("ro", 12);
    let config = new.config.unwrap_or_default();
    let metadata = text(&new.metadata.unwrap_or_default());
    let resources_id = match new.resources_id {
        None => resources::latest_id(store)?,
        given => given,
    };
    let place = if status.queued() { NEXT_PLACE } else { "NULL" };
    let sql = format!(
        "INSERT INTO rollout (id, start_time, mode, resources_id, status, config, metadata, watched, place) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, {place})"
    );
    store.execute(
        &sql,
        params![rollout_id, store.now, new.mode, resources_id, status, text(&config), metadata, config.watched()],
    )?;
    store.execute("INSERT INTO input (seq, json) VALUES (?1, ?2)", params![store.inserted(), new.input.get()])?;
    let metadata = RawValue::from_string(metadata).map_err(|error| Refusal::Bad(error.to_string()))?;
    Ok(Rollout {
        rollout_id,
        input: new.input,
        start_time: store.now,
        end_time: None,
        mode: new.mode,
        resources_id,
        status,
        config,
        metadata,
        attempt: None,
    })
}

/// `POST /rollouts`: a rollout that its worker starts itself, past the queue.
///
/// # Errors
/// When the body is wrong, or the database fails.
pub fn start(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let new: New = call.json()?;
    let worker = new.worker_id.clone();
    let started = insert(store, new, RolloutStatus::Preparing)?;
    let mut known = KnownRollout::find(store, &started.rollout_id)?;
    attempts::start(store, &mut known, worker.as_deref())?;
    Ok(Answer::created(&Rollout::load(store, &known.id)?))
}
