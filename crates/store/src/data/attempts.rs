//! Attempts: a worker's go at a rollout, and how its status becomes the rollout's.

use rusqlite::{Row, params};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::attempt::{Attempt, COLUMNS};
use super::call::DataCall;
use super::json::{given, mandatory, text};
use super::page::{Query, Sortable};
use super::parameters::Parameters;
use super::rollouts::{KnownRollout, NOWHERE, Rollout};
use super::store::Store;
use super::words::{AttemptStatus, RolloutStatus};
use super::workers;

const SORTABLE: Sortable = Sortable {
    inserted: "sequence_id",
    default: Some("sequence_id"),
    fields: &[
        ("rollout_id", "rollout"),
        ("attempt_id", "id"),
        ("sequence_id", "sequence_id"),
        ("start_time", "start_time"),
        ("end_time", "end_time"),
        ("status", "status"),
        ("worker_id", "worker_id"),
        ("last_heartbeat_time", "last_heartbeat_time"),
        ("metadata", "metadata"),
    ],
};

impl Attempt {
    /// The rollout's attempt of this id, or its latest one for `latest`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn find(store: &Store<'_>, rollout: &KnownRollout, id: &str) -> rusqlite::Result<Option<Self>> {
        let read = |row: &Row<'_>| Self::read(row, 0, rollout.id.clone());
        if id == "latest" {
            let sql = format!("SELECT {COLUMNS} FROM attempt WHERE rollout = ?1 ORDER BY sequence_id DESC LIMIT 1");
            store.first(&sql, [rollout.seq], read)
        } else {
            let sql = format!("SELECT {COLUMNS} FROM attempt WHERE rollout = ?1 AND id = ?2");
            store.first(&sql, params![rollout.seq, id], read)
        }
    }

    /// As [`find`](Self::find), for an attempt that must exist.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub fn load(store: &Store<'_>, rollout: &KnownRollout, id: &str) -> Result<Self, Refusal> {
        Self::find(store, rollout, id)?.ok_or_else(|| Refusal::Unknown { what: "attempt", id: id.to_owned() })
    }

    /// Keeps what has changed; the latest attempt's status becomes the rollout's, and its worker's.
    ///
    /// # Errors
    /// When the database fails.
    pub fn save(
        &self,
        store: &mut Store<'_>,
        rollout: &mut KnownRollout,
        status_changed: bool,
    ) -> rusqlite::Result<()> {
        let sql = "UPDATE attempt SET end_time = ?3, status = ?4, worker_id = ?5, last_heartbeat_time = ?6, \
                   metadata = ?7 WHERE rollout = ?1 AND id = ?2";
        store.execute(
            sql,
            params![
                rollout.seq,
                self.attempt_id,
                self.end_time,
                self.status,
                self.worker_id,
                self.last_heartbeat_time,
                self.metadata.get()
            ],
        )?;
        if !status_changed {
            return Ok(());
        }
        if let Some(worker) = &self.worker_id {
            workers::follow(store, worker, self)?;
        }
        if self.is_latest(store, rollout)? {
            let status = self.rollout_status(rollout);
            if status != rollout.status {
                rollout.set_status(store, status)?;
            }
        }
        Ok(())
    }

    /// Notes that its worker lives: that wakes it, and with it its rollout if that has not ended or been taken from it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sign_of_life(&mut self, store: &mut Store<'_>, rollout: &mut KnownRollout) -> rusqlite::Result<()> {
        let wakes = matches!(self.status, AttemptStatus::Preparing | AttemptStatus::Unresponsive);
        if wakes {
            self.set_status(store, AttemptStatus::Running);
        }
        self.last_heartbeat_time = Some(store.now);
        let sql = "UPDATE attempt SET last_heartbeat_time = ?3, status = ?4, end_time = ?5 \
                   WHERE rollout = ?1 AND sequence_id = ?2";
        store.execute(
            sql,
            params![rollout.seq, self.sequence_id, self.last_heartbeat_time, self.status, self.end_time],
        )?;
        let follows = match rollout.status {
            RolloutStatus::Preparing => self.status == AttemptStatus::Running,
            RolloutStatus::Requeuing => wakes,
            _ => false,
        };
        if follows && self.is_latest(store, rollout)? {
            rollout.set_status(store, RolloutStatus::Running)?;
        }
        Ok(())
    }

    fn is_latest(&self, store: &Store<'_>, rollout: &KnownRollout) -> rusqlite::Result<bool> {
        let sql = "SELECT max(sequence_id) FROM attempt WHERE rollout = ?1";
        let latest = store.first(sql, [rollout.seq], |row| row.get::<_, Option<i64>>(0))?;
        Ok(latest.flatten() == Some(self.sequence_id))
    }

    fn rollout_status(&self, rollout: &KnownRollout) -> RolloutStatus {
        match self.status {
            AttemptStatus::Preparing => RolloutStatus::Preparing,
            AttemptStatus::Running => RolloutStatus::Running,
            AttemptStatus::Succeeded => RolloutStatus::Succeeded,
            AttemptStatus::Failed | AttemptStatus::Timeout | AttemptStatus::Unresponsive => {
                let config = &rollout.config;
                let again = config.retry_condition.contains(&self.status) && self.sequence_id < config.max_attempts;
                if again { RolloutStatus::Requeuing } else { RolloutStatus::Failed }
            }
        }
    }
}

/// `POST /rollouts/{rollout}/attempts`: one more attempt, whatever the rollout's config says about their number.
///
/// # Errors
/// When the body is wrong, the rollout does not exist, or the database fails.
pub fn add(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let body: Start = call.optional_json()?;
    let mut rollout = KnownRollout::find(store, call.segment(0))?;
    start(store, &mut rollout, body.worker_id.as_deref())?;
    Ok(Answer::created(&Rollout::load(store, &rollout.id)?))
}

#[derive(Debug, Default, Deserialize)]
struct Start {
    worker_id: Option<String>,
}

/// Starts the rollout's next attempt, and gives it.
///
/// # Errors
/// When the database fails.
pub fn start(store: &mut Store<'_>, rollout: &mut KnownRollout, worker: Option<&str>) -> Result<Attempt, Refusal> {
    let id = store.id("at", 8);
    let status = AttemptStatus::Preparing;
    let sql = "INSERT INTO attempt (rollout, sequence_id, id, start_time, status, worker_id) VALUES (?1, \
               (SELECT coalesce(max(sequence_id), 0) + 1 FROM attempt WHERE rollout = ?1), ?2, ?3, ?4, ?5) \
               RETURNING sequence_id";
    let number = store.first(sql, params![rollout.seq, id, store.now, status, worker], |row| row.get(0))?;
    let attempt = Attempt {
        rollout_id: rollout.id.clone(),
        attempt_id: id,
        sequence_id: number.unwrap_or_default(),
        start_time: store.now,
        end_time: None,
        status,
        worker_id: worker.map(str::to_owned),
        last_heartbeat_time: None,
        metadata: RawValue::NULL.to_owned(),
    };
    if let Some(worker) = worker {
        workers::follow(store, worker, &attempt)?;
    }
    rollout.set_status(store, RolloutStatus::Preparing)?;
    Ok(attempt)
}

/// `GET /rollouts/{rollout}/attempts`: of a rollout that does not exist, none.
///
/// # Errors
/// When a parameter is not allowed, or the database fails.
pub fn query(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    list(store, call.segment(0), &Parameters::of_query(call))
}

/// `POST /rollouts/{rollout}/attempts/search`
///
/// # Errors
/// As [`query`].
pub fn search(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    list(store, call.segment(0), &Parameters::of_body(call)?)
}

fn list(store: &Store<'_>, rollout: &str, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
    let seq = KnownRollout::seek(store, rollout)?.map_or(NOWHERE, |rollout| rollout.seq);
    let select = format!("SELECT {COLUMNS} FROM attempt");
    let page = Query::new(parameters, &select, "attempt")
        .only("rollout", seq)
        .page(store, SORTABLE, |row| Attempt::read(row, 0, rollout.to_owned()))?;
    Ok(Answer::ok(&page))
}

/// `GET /rollouts/{rollout}/attempts/latest`: null before the first attempt, and for a rollout that does not exist.
///
/// # Errors
/// When the database fails.
pub fn latest(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let latest = match KnownRollout::seek(store, call.segment(0))? {
        Some(rollout) => Attempt::find(store, &rollout, "latest")?,
        None => None,
    };
    Ok(Answer::ok(&latest))
}

/// What `POST /rollouts/{rollout}/attempts/{attempt}` may change; what is absent stays as it is.
#[derive(Debug, Deserialize)]
struct Update {
    #[serde(default, deserialize_with = "given")]
    status: Option<Option<AttemptStatus>>,
    #[serde(default, deserialize_with = "given")]
    worker_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    last_heartbeat_time: Option<Option<f64>>,
    #[serde(default, deserialize_with = "given")]
    metadata: Option<Option<Map<String, Value>>>,
}

/// `POST /rollouts/{rollout}/attempts/{attempt}`; the attempt may be `latest`.
///
/// # Errors
/// When the body is wrong, rollout or attempt do not exist, or the database fails.
pub fn update(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let update: Update = call.json()?;
    let status = mandatory("status", update.status)?;
    let worker = mandatory("worker_id", update.worker_id)?;
    let heartbeat = mandatory("last_heartbeat_time", update.last_heartbeat_time)?;
    let metadata = mandatory("metadata", update.metadata)?;
    let mut rollout = KnownRollout::find(store, call.segment(0))?;
    let mut attempt = Attempt::load(store, &rollout, call.segment(1))?;
    if let Some(metadata) = metadata {
        attempt.metadata = RawValue::from_string(text(&metadata)).map_err(|error| Refusal::Bad(error.to_string()))?;
    }
    let handed_over = worker.is_some() && status.is_none();
    attempt.worker_id = worker.or(attempt.worker_id);
    attempt.last_heartbeat_time = heartbeat.or(attempt.last_heartbeat_time);
    if let Some(status) = status {
        attempt.set_status(store, status);
    }
    attempt.save(store, &mut rollout, status.is_some())?;
    if handed_over && let Some(worker) = &attempt.worker_id {
        workers::follow(store, worker, &attempt)?;
    }
    Ok(Answer::ok(&attempt))
}
