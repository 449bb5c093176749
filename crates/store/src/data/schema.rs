//! The database: how it is opened, and its tables.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// The version of the tables; a file of another version is refused rather than misread.
const VERSION: i64 = 2;

/// A rollout's input has a table of its own, because it can be large and never changes with the status.
const TABLES: &str = "
CREATE TABLE rollout (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    start_time REAL NOT NULL,
    end_time REAL,
    mode TEXT,
    resources_id TEXT,
    status TEXT NOT NULL,
    config TEXT NOT NULL,
    metadata TEXT NOT NULL,
    place INTEGER,
    spans INTEGER NOT NULL DEFAULT 0,
    watched INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX rollout_place ON rollout (place) WHERE place IS NOT NULL;
CREATE INDEX rollout_status ON rollout (status);
CREATE INDEX rollout_watched ON rollout (seq) WHERE watched;
CREATE TABLE input (seq INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE attempt (
    rollout INTEGER NOT NULL,
    sequence_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    start_time REAL NOT NULL,
    end_time REAL,
    status TEXT NOT NULL,
    worker_id TEXT,
    last_heartbeat_time REAL,
    metadata TEXT NOT NULL DEFAULT 'null',
    PRIMARY KEY (rollout, sequence_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX attempt_id ON attempt (rollout, id);
CREATE TABLE span (
    seq INTEGER PRIMARY KEY,
    rollout INTEGER NOT NULL,
    attempt_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    sequence_id INTEGER NOT NULL,
    trace_id TEXT,
    parent_id TEXT,
    name TEXT NOT NULL,
    start_time REAL,
    end_time REAL,
    json TEXT NOT NULL,
    UNIQUE (rollout, attempt_id, span_id)
);
CREATE INDEX span_order ON span (rollout, sequence_id);
CREATE TABLE worker (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    heartbeat_stats TEXT NOT NULL DEFAULT 'null',
    last_heartbeat_time REAL,
    last_dequeue_time REAL,
    last_busy_time REAL,
    last_idle_time REAL,
    current_rollout_id TEXT,
    current_attempt_id TEXT
);
CREATE TABLE resources (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    create_time REAL NOT NULL,
    update_time REAL NOT NULL,
    version INTEGER NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX resources_latest ON resources (update_time);
CREATE TABLE answer (
    key TEXT PRIMARY KEY,
    request INTEGER NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    time REAL NOT NULL
);
CREATE INDEX answer_time ON answer (time);
";

/// What an acknowledged write survives, when there is a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Durability {
    /// The death of the process: a commit is in the kernel's hands before it is acknowledged. A power loss may take the last
    /// commits, and leaves those before them whole.
    #[default]
    Process,
    /// A power loss too: a commit is on the disk before it is acknowledged.
    Power,
}

impl Durability {
    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Power => "power",
        }
    }

    /// Which of SQLite's `synchronous` it is. In WAL mode both keep the database whole; `FULL` also syncs the log at every
    /// commit.
    fn pragma(self) -> &'static str {
        match self {
            Self::Process => "NORMAL",
            Self::Power => "FULL",
        }
    }
}

/// Opens the database, in memory without a file, and makes its tables if they are missing.
///
/// The file is locked for this process alone (a crash frees it), and needs no shared-memory index for it.
///
/// # Errors
/// When it cannot be opened, is in use, or has tables of another version.
pub fn open(file: Option<&Path>, durability: Durability) -> rusqlite::Result<Connection> {
    let db = match file {
        Some(file) => Connection::open(file)?,
        None => Connection::open_in_memory()?,
    };
    db.busy_timeout(Duration::ZERO)?;
    db.set_prepared_statement_cache_capacity(128);
    // Plans must not depend on the values that are bound: SQLite would plan half of the statements anew for every request.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    if file.is_some() {
        // A file that is just being made holds nothing to lose yet: syncing it would be most of the time to boot.
        let making = durability == Durability::Process;
        db.pragma_update(None, "synchronous", if making { "OFF" } else { durability.pragma() })?;
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    }
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        VERSION => {}
        0 => db.execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))?,
        other => {
            let message = format!("its tables have version {other}, this store reads {VERSION}");
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB),
                Some(message),
            ));
        }
    }
    if file.is_some() {
        db.pragma_update(None, "synchronous", durability.pragma())?;
        // To close would otherwise mean to copy the log into the file and to sync both: an end that waits for a disk. The next
        // one to open the file finds the log beside it.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, durability == Durability::Process)?;
    }
    Ok(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_loss_is_survived_only_when_that_is_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        for (durability, synchronous) in [(Durability::Process, 1), (Durability::Power, 2)] {
            let db = open(Some(&folder.path().join(format!("{durability:?}.db"))), durability).expect("open");
            let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, String>(0));
            let number = db.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0)).expect("a number");
            assert_eq!((number, pragma("journal_mode").expect("a mode")), (synchronous, "wal".to_owned()));
        }
    }
}
