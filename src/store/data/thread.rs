use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::answer::{Answer, Refusal};
use super::call::{Access, Call, Operation};
use super::finished::{Finished, Watch};
use super::idempotency::Key;
use super::schema::{self, Durability};
use super::store::Store;
use super::watchdog;
use crate::store::defects::{Defect, planted};

/// How many calls share a transaction at most, so that the first of them does not wait for ever.
const BATCH: usize = 128;

/// The store's data, served by a thread of its own.
#[derive(Debug)]
pub struct Data {
    running: RefCell<Option<Running>>,
    finished: Arc<Finished>,
}

#[derive(Debug)]
struct Running {
    jobs: Sender<Job>,
    thread: JoinHandle<rusqlite::Result<()>>,
}

struct Job {
    operation: Operation,
    call: Call,
    key: Option<Key>,
    reply: oneshot::Sender<Answer>,
}

impl Data {
    /// Opens the database, in memory without a file, and starts its thread.
    ///
    /// # Errors
    /// When the database cannot be opened, or the thread not started.
    pub fn open(file: Option<&Path>, durability: Durability) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let db = schema::open(file, durability)?;
        let finished = Arc::new(Finished::default());
        let (jobs, queue) = channel();
        let tell = Arc::clone(&finished);
        // It has the name of the server's main thread, because that name is how its records are told apart from others'.
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(move || serve(db, &queue, &tell))?;
        Ok(Self { running: RefCell::new(Some(Running { jobs, thread })), finished })
    }

    /// Applies a call and answers after its effect is kept. Once begun, it is carried out even if nobody waits for it.
    ///
    /// With an idempotency key, a write is applied once: `target` is what its request was about.
    pub async fn apply(&self, operation: Operation, call: Call, key: Option<String>, target: &str) -> Answer {
        let (reply, answer) = oneshot::channel();
        let key = match operation.access {
            Access::Write => key.map(|key| Key::new(key, &[operation.name.as_bytes(), target.as_bytes(), &call.body])),
            Access::Read => None,
        };
        let job = Job { operation, call, key, reply };
        match self.running.borrow().as_ref() {
            // If the thread has ended, the reply is dropped with the job, and nobody waits for it.
            Some(running) => drop(running.jobs.send(job)),
            None => drop(job),
        }
        answer.await.unwrap_or_else(|_| {
            let problem = "the storage thread has ended";
            Answer::with(500, &serde_json::json!({ "detail": problem })).because(problem)
        })
    }

    /// Notice of the end of these rollouts, from now on.
    pub fn watch(&self, rollouts: &[String]) -> Watch {
        self.finished.watch(rollouts)
    }

    /// Carries out what is queued, flushes all, and ends the thread. Blocks until it is done.
    ///
    /// # Errors
    /// When the database cannot be flushed, or the thread had panicked.
    pub fn close(&self) -> Result<(), String> {
        let Some(Running { jobs, thread }) = self.running.take() else { return Ok(()) };
        drop(jobs);
        match thread.join() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the storage thread had panicked".to_owned()),
        }
    }
}

fn serve(db: Connection, queue: &Receiver<Job>, finished: &Finished) -> rusqlite::Result<()> {
    let now = Instant::now();
    let mut keeper = Keeper { db, random: fastrand::Rng::new(), opened: now, writes: HashMap::new(), looked: now };
    loop {
        let first = match queue.recv_timeout(watchdog::INTERVAL) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        keeper.batch(first.into_iter().chain(queue.try_iter()).take(BATCH), finished);
    }
    keeper.db.flush_prepared_statement_cache();
    keeper.db.close().map_err(|(_, error)| error)
}

struct Keeper {
    db: Connection,
    random: fastrand::Rng,
    /// When the data was opened.
    opened: Instant,
    /// How often each operation wrote, for the defect that loses every second of them.
    writes: HashMap<&'static str, u64>,
    /// When the watchdog looked last.
    looked: Instant,
}

impl Keeper {
    fn batch(&mut self, jobs: impl Iterator<Item = Job>, finished: &Finished) {
        let mut answers = Vec::new();
        let mut ended = Vec::new();
        let begun = self.run("BEGIN");
        if begun.is_ok() && self.looked.elapsed() >= watchdog::INTERVAL {
            self.looked = Instant::now();
            // If the database fails, the calls that follow say so.
            let _ = self.apart(watchdog::look, false, &mut ended);
        }
        for job in jobs {
            let answer = match &begun {
                Ok(()) => self.job(&job, &mut ended).unwrap_or_else(|refusal| refusal.answer()),
                Err(error) => unavailable(error),
            };
            answers.push((job.reply, answer));
        }
        if begun.is_ok()
            && let Err(error) = self.run("COMMIT")
        {
            // Nothing of the batch is kept, whatever its answers say. If there is nothing to roll back, that is as good.
            let _ = self.run("ROLLBACK");
            ended.clear();
            for (_, answer) in &mut answers {
                *answer = unavailable(&error);
            }
        }
        for (reply, answer) in answers {
            // Nobody waits for it any more: the client went away.
            let _ = reply.send(answer);
        }
        for rollout in ended {
            finished.tell(&rollout);
        }
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
