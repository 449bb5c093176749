//! What applies calls to the database, several in one transaction.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use rusqlite::Connection;

use super::answer::{Answer, Refusal};
use super::call::{Access, DataCall, DataOperation};
use super::finished::Finished;
use super::idempotency::Key;
use super::store::Store;
use super::watchdog;
use crate::defects::{Defect, planted};

/// A call to apply.
#[derive(Debug)]
pub struct Job {
    /// What to do.
    pub operation: DataOperation,
    /// With what.
    pub call: DataCall,
    /// The key under which a write is applied once.
    pub key: Option<Key>,
}

/// The database, and who applies calls to it.
#[derive(Debug)]
pub struct Keeper {
    db: Connection,
    finished: Arc<Finished>,
    random: fastrand::Rng,
    /// When the data was opened.
    opened: Instant,
    /// How often each operation wrote, for the defect that loses every second of them.
    writes: HashMap<&'static str, u64>,
    /// When the watchdog looked last.
    looked: Instant,
}

impl Keeper {
    /// Of an open database; it tells `finished` what has ended.
    pub fn new(db: Connection, finished: Arc<Finished>) -> Self {
        let now = Instant::now();
        Self { db, finished, random: fastrand::Rng::new(), opened: now, writes: HashMap::new(), looked: now }
    }

    /// Applies one call.
    pub fn alone(&mut self, job: &Job) -> Answer {
        // A transaction of its own needs no savepoint in it.
        if job.operation.access == Access::Write
            && self.looked.elapsed() < watchdog::INTERVAL
            && !planted(Defect::LostWrite)
        {
            return self.transaction(job).unwrap_or_else(|refusal| refusal.answer());
        }
        self.batch(std::slice::from_ref(job)).pop().unwrap_or_else(|| Answer::empty(500))
    }

    fn transaction(&mut self, job: &Job) -> Result<Answer, Refusal> {
        self.run("BEGIN")?;
        let mut store = Store::new(&self.db, &mut self.random, self.opened.elapsed());
        let outcome = write(&mut store, job);
        let ended = std::mem::take(&mut store.finished);
        let kept = outcome.and_then(|answer| self.run("COMMIT").map(|()| answer).map_err(Refusal::from));
        match &kept {
            Ok(_) => ended.iter().for_each(|rollout| self.finished.tell(rollout)),
            // If there is nothing to roll back, that is as good.
            Err(_) => drop(self.run("ROLLBACK")),
        }
        kept
    }

    /// Applies calls in one transaction, and gives an answer to each in their order, once all of it is kept.
    pub fn batch(&mut self, jobs: &[Job]) -> Vec<Answer> {
        let mut ended = Vec::new();
        if let Err(error) = self.run("BEGIN") {
            return jobs.iter().map(|_| unavailable(&error)).collect();
        }
        if self.looked.elapsed() >= watchdog::INTERVAL {
            self.looked = Instant::now();
            // If the database fails, the calls that follow say so.
            let _ = self.apart(watchdog::look, false, &mut ended);
        }
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            answers.push(self.job(job, &mut ended).unwrap_or_else(|refusal| refusal.answer()));
        }
        if let Err(error) = self.run("COMMIT") {
            // Nothing of the batch is kept, whatever its answers say. If there is nothing to roll back, that is as good.
            let _ = self.run("ROLLBACK");
            return jobs.iter().map(|_| unavailable(&error)).collect();
        }
        for rollout in ended {
            self.finished.tell(&rollout);
        }
        answers
    }

    /// Closes the database: all of it is in the file then.
    ///
    /// # Errors
    /// When SQLite says so.
    pub fn close(self) -> rusqlite::Result<()> {
        self.db.flush_prepared_statement_cache();
        self.db.close().map_err(|(_, error)| error)
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.db.prepare_cached(sql)?.execute([]).map(|_| ())
    }

    fn job(&mut self, job: &Job, ended: &mut Vec<String>) -> Result<Answer, Refusal> {
        if job.operation.access == Access::Read {
            return (job.operation.apply)(
                &mut Store::new(&self.db, &mut self.random, self.opened.elapsed()),
                &job.call,
            );
        }
        let lost = planted(Defect::LostWrite) && {
            let count = self.writes.entry(job.operation.name).or_default();
            *count += 1;
            count.is_multiple_of(2)
        };
        self.apart(|store| write(store, job), lost, ended)
    }

    /// Writes in a savepoint of its own: what is refused has no effect, and does not disturb the rest of the batch.
    fn apart<T>(
        &mut self,
        write: impl FnOnce(&mut Store<'_>) -> Result<T, Refusal>,
        lost: bool,
        ended: &mut Vec<String>,
    ) -> Result<T, Refusal> {
        self.run("SAVEPOINT job")?;
        let mut store = Store::new(&self.db, &mut self.random, self.opened.elapsed());
        let outcome = write(&mut store);
        let finished = std::mem::take(&mut store.finished);
        if outcome.is_err() || lost {
            self.run("ROLLBACK TO job")?;
        } else {
            ended.extend(finished);
        }
        self.run("RELEASE job")?;
        outcome
    }
}

fn write(store: &mut Store<'_>, job: &Job) -> Result<Answer, Refusal> {
    let Some(key) = &job.key else { return (job.operation.apply)(store, &job.call) };
    if let Some(answer) = key.known(store)? {
        return Ok(answer);
    }
    let answer = (job.operation.apply)(store, &job.call)?;
    key.keep(store, &answer)?;
    Ok(answer)
}

fn unavailable(error: &rusqlite::Error) -> Answer {
    Refusal::Storage(rusqlite::Error::SqliteFailure(
        error.sqlite_error().copied().unwrap_or(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR)),
        Some(error.to_string()),
    ))
    .answer()
}
