//! Workers: what the store knows of those who dequeue.

use rusqlite::{Row, ToSql, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::attempt::Attempt;
use super::call::DataCall;
use super::json::{given, mandatory, raw, text};
use super::page::{Query, Sortable};
use super::parameters::Parameters;
use super::store::Store;
use super::words::{AttemptStatus, WorkerStatus};

/// A worker as it is answered.
#[derive(Debug, Serialize)]
struct Worker {
    worker_id: String,
    status: WorkerStatus,
    heartbeat_stats: Box<RawValue>,
    last_heartbeat_time: Option<f64>,
    last_dequeue_time: Option<f64>,
    last_busy_time: Option<f64>,
    last_idle_time: Option<f64>,
    current_rollout_id: Option<String>,
    current_attempt_id: Option<String>,
}

const SELECT: &str = "SELECT id, status, heartbeat_stats, last_heartbeat_time, last_dequeue_time, last_busy_time, \
     last_idle_time, current_rollout_id, current_attempt_id FROM worker";

const SORTABLE: Sortable = Sortable {
    inserted: "seq",
    default: None,
    fields: &[
        ("worker_id", "id"),
        ("status", "status"),
        ("heartbeat_stats", "heartbeat_stats"),
        ("last_heartbeat_time", "last_heartbeat_time"),
        ("last_dequeue_time", "last_dequeue_time"),
        ("last_busy_time", "last_busy_time"),
        ("last_idle_time", "last_idle_time"),
        ("current_rollout_id", "current_rollout_id"),
        ("current_attempt_id", "current_attempt_id"),
    ],
};

impl Worker {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            worker_id: row.get(0)?,
            status: row.get(1)?,
            heartbeat_stats: raw(row, 2)?,
            last_heartbeat_time: row.get(3)?,
            last_dequeue_time: row.get(4)?,
            last_busy_time: row.get(5)?,
            last_idle_time: row.get(6)?,
            current_rollout_id: row.get(7)?,
            current_attempt_id: row.get(8)?,
        })
    }

    fn find(store: &Store<'_>, id: &str) -> rusqlite::Result<Option<Self>> {
        store.first(&format!("{SELECT} WHERE id = ?1"), [id], Self::read)
    }
}

/// Notes that a worker asked for work; one that got none is idle.
///
/// # Errors
/// When the database fails.
pub fn dequeued(store: &Store<'_>, worker: &str, empty: bool) -> rusqlite::Result<()> {
    let sql = if empty {
        "UPDATE worker SET last_dequeue_time = ?2, last_idle_time = CASE WHEN status = 'idle' THEN last_idle_time ELSE ?2 END, \
         status = 'idle' WHERE id = ?1"
    } else {
        "UPDATE worker SET last_dequeue_time = ?2 WHERE id = ?1"
    };
    change(store, worker, sql, params![worker, store.now])
}

/// Lets a worker follow its attempt: busy with it, idle after it, unknown if the watchdog ended it.
///
/// # Errors
/// When the database fails.
pub fn follow(store: &Store<'_>, worker: &str, attempt: &Attempt) -> rusqlite::Result<()> {
    match attempt.status {
        AttemptStatus::Preparing | AttemptStatus::Running => {
            let sql = "UPDATE worker SET last_busy_time = ?2, status = 'busy', current_rollout_id = ?3, \
                       current_attempt_id = ?4 WHERE id = ?1";
            change(store, worker, sql, params![worker, store.now, attempt.rollout_id, attempt.attempt_id])
        }
        AttemptStatus::Succeeded | AttemptStatus::Failed => rest(store, worker, WorkerStatus::Idle),
        AttemptStatus::Timeout | AttemptStatus::Unresponsive => rest(store, worker, WorkerStatus::Unknown),
    }
}

/// `GET /workers`
///
/// # Errors
/// When a parameter is not allowed, or the database fails.
pub fn query(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    list(store, &Parameters::of_query(call))
}

/// `POST /workers/search`
///
/// # Errors
/// As [`query`].
pub fn search(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    list(store, &Parameters::of_body(call)?)
}

fn list(store: &Store<'_>, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
    let page = Query::new(parameters, SELECT, "worker")
        .one_of("status_in", "status", WorkerStatus::WORDS)?
        .text("worker_id", "id", false)?
        .page(store, SORTABLE, Worker::read)?;
    Ok(Answer::ok(&page))
}

/// `GET /workers/{worker}`: null for one that was never heard of.
///
/// # Errors
/// When the database fails.
pub fn get(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&Worker::find(store, call.segment(0))?))
}

#[derive(Debug, Default, Deserialize)]
struct Update {
    #[serde(default, deserialize_with = "given")]
    heartbeat_stats: Option<Option<Map<String, Value>>>,
}

/// `POST /workers/{worker}`: a heartbeat; a worker that is new is met.
///
/// # Errors
/// When the body is wrong, or the database fails.
pub fn update(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let update: Update = call.optional_json()?;
    let stats = mandatory("heartbeat_stats", update.heartbeat_stats)?;
    let worker = call.segment(0);
    let sql =
        "UPDATE worker SET last_heartbeat_time = ?2, heartbeat_stats = coalesce(?3, heartbeat_stats) WHERE id = ?1";
    change(store, worker, sql, params![worker, store.now, stats.as_ref().map(text)])?;
    Ok(Answer::ok(&Worker::find(store, worker)?))
}

/// Changes a worker; one that is new is met first.
fn change(store: &Store<'_>, worker: &str, sql: &str, params: &[&dyn ToSql]) -> rusqlite::Result<()> {
    if store.execute(sql, params)? == 0 {
        store.execute("INSERT INTO worker (id, status) VALUES (?1, 'unknown')", [worker])?;
        store.execute(sql, params)?;
    }
    Ok(())
}

fn rest(store: &Store<'_>, worker: &str, status: WorkerStatus) -> rusqlite::Result<()> {
    let sql = "UPDATE worker SET last_idle_time = ?2, status = ?3, current_rollout_id = NULL, current_attempt_id = NULL \
               WHERE id = ?1";
    change(store, worker, sql, params![worker, store.now, status])
}
