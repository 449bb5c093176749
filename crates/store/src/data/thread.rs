use std::cell::RefCell;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::answer::Answer;
use super::call::{Access, DataCall, DataOperation};
use super::finished::{Finished, Watch};
use super::idempotency::Key;
use super::keeper::{Job, Keeper};
use super::schema::{self, Durability};
use super::watchdog;

/// How many calls share a transaction at most, so that the first of them does not wait for ever.
const BATCH: usize = 128;

/// The largest body of a write that is carried out on the spot, in bytes: it must not keep other requests waiting.
const SMALL: usize = 64 * 1024;

/// The store's data, served by a thread of its own.
#[derive(Debug)]
pub struct Data {
    running: RefCell<Option<Running>>,
    finished: Arc<Finished>,
    /// In memory a small write takes less time than handing it to a thread, so that it is carried out on the spot.
    on_the_spot: bool,
}

#[derive(Debug)]
struct Running {
    keeper: Arc<Mutex<Keeper>>,
    jobs: Sender<(Job, oneshot::Sender<Answer>)>,
    thread: JoinHandle<()>,
}

impl Data {
    /// Opens the database, in memory without a file, and starts its thread.
    ///
    /// # Errors
    /// When the database cannot be opened, or the thread not started.
    pub fn open(file: Option<&Path>, durability: Durability) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let db = schema::open(file, durability)?;
        let finished = Arc::new(Finished::default());
        let keeper = Arc::new(Mutex::new(Keeper::new(db, Arc::clone(&finished))));
        let (jobs, queue) = channel();
        let shared = Arc::clone(&keeper);
        // It has the name of the server's main thread, because that name is how its records are told apart from others'.
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(move || serve(&shared, &queue))?;
        let running = RefCell::new(Some(Running { keeper, jobs, thread }));
        Ok(Self { running, finished, on_the_spot: file.is_none() })
    }

    /// Applies a call and answers after its effect is kept. Once begun, it is carried out even if nobody waits for it.
    ///
    /// With an idempotency key, a write is applied once: `target` is what its request was about.
    pub async fn apply(&self, operation: DataOperation, call: DataCall, key: Option<String>, target: &str) -> Answer {
        let key = match operation.access {
            Access::Write => key.map(|key| Key::new(key, &[operation.name.as_bytes(), target.as_bytes(), &call.body])),
            Access::Read => None,
        };
        let job = Job { operation, call, key };
        let (reply, answer) = oneshot::channel();
        match self.running.borrow().as_ref() {
            Some(running) => {
                let small = job.operation.access == Access::Write && job.call.body.len() <= SMALL;
                if self.on_the_spot
                    && small
                    && let Ok(mut keeper) = running.keeper.try_lock()
                {
                    return keeper.alone(&job);
                }
                // If the thread has ended, the reply is dropped with the job, and nobody waits for it.
                drop(running.jobs.send((job, reply)));
            }
            None => drop(reply),
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
    pub fn close(&self) -> Result<(), CloseError> {
        let Some(Running { keeper, jobs, thread }) = self.running.take() else { return Ok(()) };
        drop(jobs);
        thread.join().map_err(|_| CloseError::Panicked)?;
        let keeper = Arc::into_inner(keeper).and_then(|keeper| keeper.into_inner().ok());
        keeper.ok_or(CloseError::Panicked)?.close().map_err(CloseError::Database)
    }
}

/// The store could not be closed as it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// The thread that keeps the data had panicked before.
    #[error("the storage thread had panicked")]
    Panicked,
    /// The database could not be flushed.
    #[error(transparent)]
    Database(rusqlite::Error),
}

fn serve(keeper: &Mutex<Keeper>, queue: &Receiver<(Job, oneshot::Sender<Answer>)>) {
    loop {
        let first = match queue.recv_timeout(watchdog::INTERVAL) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let batch: Vec<_> = first.into_iter().chain(queue.try_iter()).take(BATCH).collect();
        let (jobs, replies): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let answers = lock(keeper).batch(&jobs);
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Nobody waits for it any more: the client went away.
            let _ = reply.send(answer);
        }
    }
}

fn lock(keeper: &Mutex<Keeper>) -> MutexGuard<'_, Keeper> {
    keeper.lock().unwrap_or_else(PoisonError::into_inner)
}
