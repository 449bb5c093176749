//! Rollouts: their object, their status, reading and updating them.

use rusqlite::{Row, params};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::attempt::Attempt;
use super::call::DataCall;
use super::json::{given, json, mandatory, raw, text};
use super::page::{Query, Sortable};
use super::parameters::Parameters;
use super::store::Store;
use super::words::{AttemptStatus, Mode, RolloutStatus};

/// A rollout as it is answered; with its latest attempt where there is one and the route shows it.
#[derive(Debug, Serialize)]
pub struct Rollout {
    /// Its id.
    pub rollout_id: String,
    /// What it works on, as it was given.
    pub input: Box<RawValue>,
    /// When it was enqueued.
    pub start_time: f64,
    /// When it finished.
    pub end_time: Option<f64>,
    /// What it is for.
    pub mode: Option<Mode>,
    /// The resources it uses.
    pub resources_id: Option<String>,
    /// Where it is in its life.
    pub status: RolloutStatus,
    /// How it is retried and watched.
    pub config: RolloutConfig,
    /// Whatever its owner wants to remember.
    pub metadata: Box<RawValue>,
    /// Its latest attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
}

/// How a rollout is watched and retried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RolloutConfig {
    /// How long an attempt may take.
    pub timeout_seconds: Option<f64>,
    /// How long an attempt may give no sign of life.
    pub unresponsive_seconds: Option<f64>,
    /// How many attempts there may be, from 1.
    #[serde(deserialize_with = "at_least_one")]
    pub max_attempts: i64,
    /// After which ends of an attempt there is another.
    pub retry_condition: Vec<AttemptStatus>,
}

impl Default for RolloutConfig {
    fn default() -> Self {
        Self { timeout_seconds: None, unresponsive_seconds: None, max_attempts: 1, retry_condition: Vec::new() }
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = i64::deserialize(deserializer)?;
    let wrong = || serde::de::Error::custom("max_attempts: Input should be greater than or equal to 1");
    if number < 1 { Err(wrong()) } else { Ok(number) }
}

impl RolloutConfig {
    /// Whether the watchdog must look at its attempts.
    pub fn watched(&self) -> bool {
        self.timeout_seconds.is_some() || self.unresponsive_seconds.is_some()
    }
}

/// The columns of [`Rollout::read`], with the latest attempt.
pub const SELECT: &str = "SELECT r.id, i.json, r.start_time, r.end_time, r.mode, r.resources_id, r.status, r.config, \
     r.metadata, a.id, a.sequence_id, a.start_time, a.end_time, a.status, a.worker_id, a.last_heartbeat_time, \
     a.metadata \
     FROM rollout r JOIN input i ON i.seq = r.seq LEFT JOIN attempt a ON a.rollout = r.seq \
     AND a.sequence_id = (SELECT max(sequence_id) FROM attempt WHERE rollout = r.seq)";

const SORTABLE: Sortable = Sortable {
    inserted: "r.seq",
    default: None,
    fields: &[
        ("rollout_id", "r.id"),
        ("input", "i.json"),
        ("start_time", "r.start_time"),
        ("end_time", "r.end_time"),
        ("mode", "r.mode"),
        ("resources_id", "r.resources_id"),
        ("status", "r.status"),
        ("config", "r.config"),
        ("metadata", "r.metadata"),
    ],
};

/// The place at the end of the queue.
pub const NEXT_PLACE: &str = "(SELECT coalesce(max(place), 0) + 1 FROM rollout WHERE place IS NOT NULL)";

/// The row number of a rollout that does not exist.
pub const NOWHERE: i64 = -1;

impl Rollout {
    /// A row of [`SELECT`].
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let rollout_id: String = row.get(0)?;
        let attempt = match row.get::<_, Option<String>>(9)? {
            Some(_) => Some(Attempt::read(row, 9, rollout_id.clone())?),
            None => None,
        };
        Ok(Self {
            rollout_id,
            input: raw(row, 1)?,
            start_time: row.get(2)?,
            end_time: row.get(3)?,
            mode: row.get(4)?,
            resources_id: row.get(5)?,
            status: row.get(6)?,
            config: json(row, 7)?,
            metadata: raw(row, 8)?,
            attempt,
        })
    }

    /// The rollout of this id.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub fn load(store: &Store<'_>, id: &str) -> Result<Self, Refusal> {
        store.first(&format!("{SELECT} WHERE r.id = ?1"), [id], Self::read)?.ok_or_else(|| unknown(id))
    }
}

/// The first of those that wait.
///
/// # Errors
/// When the database fails.
pub fn next(store: &Store<'_>, limit: i64) -> rusqlite::Result<Vec<(KnownRollout, Rollout)>> {
    let sql = "SELECT r.id, i.json, r.start_time, r.end_time, r.mode, r.resources_id, r.status, r.config, r.metadata, \
               NULL, r.seq, r.spans FROM rollout r JOIN input i ON i.seq = r.seq WHERE r.place IS NOT NULL ORDER BY r.place \
               LIMIT ?1";
    store.all(sql, [limit], |row| {
        let rollout = Rollout::read(row)?;
        Ok((KnownRollout::of(row.get(10)?, row.get(11)?, &rollout), rollout))
    })
}

/// What the other operations need of a rollout.
#[derive(Debug)]
pub struct KnownRollout {
    /// Its row number.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// Where it is in its life.
    pub status: RolloutStatus,
    /// How it is watched and retried.
    pub config: RolloutConfig,
    /// The largest number that a span of it has.
    pub spans: i64,
}

impl KnownRollout {
    /// The rollout of this id.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub fn find(store: &Store<'_>, id: &str) -> Result<Self, Refusal> {
        Self::seek(store, id)?.ok_or_else(|| unknown(id))
    }

    /// Of a rollout that was read.
    fn of(seq: i64, spans: i64, rollout: &Rollout) -> Self {
        let (id, config) = (rollout.rollout_id.clone(), rollout.config.clone());
        Self { seq, id, status: rollout.status, config, spans }
    }

    /// The rollout of this id, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn seek(store: &Store<'_>, id: &str) -> rusqlite::Result<Option<Self>> {
        let read = |row: &Row<'_>| {
            Ok(Self {
                seq: row.get(0)?,
                id: id.to_owned(),
                status: row.get(1)?,
                config: json(row, 2)?,
                spans: row.get(3)?,
            })
        };
        store.first("SELECT seq, status, config, spans FROM rollout WHERE id = ?1", [id], read)
    }

    /// Gives it a status, with all that follows: its place in the queue, its end, the notice to those who wait.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_status(&mut self, store: &mut Store<'_>, status: RolloutStatus) -> rusqlite::Result<()> {
        let end_time = status.finished().then_some(store.now);
        let queued = format!("coalesce(place, {NEXT_PLACE})");
        let place = if status.queued() { queued.as_str() } else { "NULL" };
        let sql = format!("UPDATE rollout SET status = ?2, end_time = ?3, place = {place} WHERE seq = ?1");
        store.execute(&sql, params![self.seq, status, end_time])?;
        if status.finished() {
            store.finished.push(self.id.clone());
        }
        self.status = status;
        Ok(())
    }
}

/// `GET /rollouts`
///
/// # Errors
/// When a parameter is not allowed, or the database fails.
pub fn query(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    list(store, &Parameters::of_query(call))
}

/// `POST /rollouts/search`
///
/// # Errors
/// As [`query`].
pub fn search(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    list(store, &Parameters::of_body(call)?)
}

fn list(store: &Store<'_>, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
    let page = Query::new(parameters, SELECT, "rollout r")
        .one_of("status_in", "r.status", RolloutStatus::WORDS)?
        .one_of("rollout_id_in", "r.id", &[])?
        .text("rollout_id", "r.id", false)?
        .page(store, SORTABLE, Rollout::read)?;
    Ok(Answer::ok(&page))
}

/// `GET /rollouts/{rollout}`
///
/// # Errors
/// When it does not exist, or the database fails.
pub fn get(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    Ok(Answer::ok(&Rollout::load(store, call.segment(0))?))
}

/// What `POST /rollouts/{rollout}` may change; what is absent stays as it is.
#[derive(Debug, Deserialize)]
struct Update {
    #[serde(default, deserialize_with = "given")]
    input: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    mode: Option<Option<Mode>>,
    #[serde(default, deserialize_with = "given")]
    resources_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    status: Option<Option<RolloutStatus>>,
    #[serde(default, deserialize_with = "given")]
    config: Option<Option<RolloutConfig>>,
    #[serde(default, deserialize_with = "given")]
    metadata: Option<Option<Map<String, Value>>>,
}

/// `POST /rollouts/{rollout}`
///
/// # Errors
/// When the body is wrong, the rollout does not exist, or the database fails.
pub fn update(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let update: Update = call.json()?;
    let status = mandatory("status", update.status)?;
    let config = mandatory("config", update.config)?;
    let mut rollout = KnownRollout::find(store, call.segment(0))?;
    let seq = rollout.seq;
    if let Some(input) = update.input {
        store.execute("UPDATE input SET json = ?2 WHERE seq = ?1", params![seq, input.get()])?;
    }
    if let Some(mode) = update.mode {
        store.execute("UPDATE rollout SET mode = ?2 WHERE seq = ?1", params![seq, mode])?;
    }
    if let Some(resources) = update.resources_id {
        store.execute("UPDATE rollout SET resources_id = ?2 WHERE seq = ?1", params![seq, resources])?;
    }
    if let Some(config) = config {
        let sql = "UPDATE rollout SET config = ?2, watched = ?3 WHERE seq = ?1";
        store.execute(sql, params![seq, text(&config), config.watched()])?;
    }
    if let Some(metadata) = update.metadata {
        store.execute("UPDATE rollout SET metadata = ?2 WHERE seq = ?1", params![seq, text(&metadata)])?;
    }
    if let Some(status) = status {
        rollout.set_status(store, status)?;
    }
    let mut rollout = Rollout::load(store, call.segment(0))?;
    rollout.attempt = None;
    Ok(Answer::ok(&rollout))
}

fn unknown(id: &str) -> Refusal {
    Refusal::Unknown { what: "rollout", id: id.to_owned() }
}
