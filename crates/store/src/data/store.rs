use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Params, Row};

/// What an operation works on: the database inside a transaction, the time, and a source of ids.
pub struct Store<'c> {
    db: &'c Connection,
    random: &'c mut fastrand::Rng,
    /// How long the data has been open.
    pub uptime: Duration,
    /// The time of the operation, in seconds since the Unix epoch.
    pub now: f64,
    /// The rollouts that the operation finished, for those who wait for them.
    pub finished: Vec<String>,
}

impl<'c> Store<'c> {
    /// A store for one operation, now.
    pub fn new(db: &'c Connection, random: &'c mut fastrand::Rng, uptime: Duration) -> Self {
        Self { db, random, uptime, now: now(), finished: Vec::new() }
    }

    /// Executes a statement and returns how many rows it changed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn execute(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.db.prepare_cached(sql)?.execute(params)
    }

    /// The first row of a query, if there is any.
    ///
    /// # Errors
    /// When the database fails.
    pub fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        self.db.prepare_cached(sql)?.query_row(params, read).optional()
    }

    /// Every row of a query.
    ///
    /// # Errors
    /// When the database fails.
    pub fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        self.db.prepare_cached(sql)?.query_map(params, read)?.collect()
    }

    /// The row number of what was inserted last.
    pub fn inserted(&self) -> i64 {
        self.db.last_insert_rowid()
    }

    /// A random id: the prefix and this many hexadecimal digits.
    pub fn id(&mut self, prefix: &str, digits: usize) -> String {
        let hex = format!("{:016x}", self.random.u64(..));
        format!("{prefix}-{}", &hex[hex.len() - digits..])
    }
}

/// The time in seconds since the Unix epoch, to the microsecond.
fn now() -> f64 {
    // A clock before 1970 is a broken clock, not a reason to end.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_micros() as f64 / 1e6)
}
