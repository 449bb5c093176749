//! An attempt as a row of its table and as an answer.

use rusqlite::Row;
use serde::Serialize;
use serde_json::value::RawValue;

use super::json::raw;
use super::store::Store;
use super::words::AttemptStatus;

/// An attempt as it is answered.
#[derive(Debug, Serialize)]
pub struct Attempt {
    /// Its rollout.
    pub rollout_id: String,
    /// Its id.
    pub attempt_id: String,
    /// Its number among the rollout's attempts, from 1.
    pub sequence_id: i64,
    /// When it began.
    pub start_time: f64,
    /// When it ended.
    pub end_time: Option<f64>,
    /// Where it is in its life.
    pub status: AttemptStatus,
    /// Who is at it.
    pub worker_id: Option<String>,
    /// Its last sign of life.
    pub last_heartbeat_time: Option<f64>,
    /// Whatever its worker wants to remember.
    pub metadata: Box<RawValue>,
}

/// The columns of [`Attempt::read`], in order.
pub(super) const COLUMNS: &str =
    "id, sequence_id, start_time, end_time, status, worker_id, last_heartbeat_time, metadata";

impl Attempt {
    /// Reads an attempt from the columns of a row that begin at `first`.
    pub fn read(row: &Row<'_>, first: usize, rollout_id: String) -> rusqlite::Result<Self> {
        Ok(Self {
            rollout_id,
            attempt_id: row.get(first)?,
            sequence_id: row.get(first + 1)?,
            start_time: row.get(first + 2)?,
            end_time: row.get(first + 3)?,
            status: row.get(first + 4)?,
            worker_id: row.get(first + 5)?,
            last_heartbeat_time: row.get(first + 6)?,
            metadata: raw(row, first + 7)?,
        })
    }

    /// Gives it a status. An end that its worker tells has a time; one that the watchdog concludes has none, as in the
    /// original, because nobody knows when it was. What lives has no end.
    pub fn set_status(&mut self, store: &Store<'_>, status: AttemptStatus) {
        self.status = status;
        self.end_time = match status {
            AttemptStatus::Succeeded | AttemptStatus::Failed => Some(store.now),
            AttemptStatus::Preparing | AttemptStatus::Running => None,
            AttemptStatus::Timeout | AttemptStatus::Unresponsive => self.end_time,
        };
    }
}
