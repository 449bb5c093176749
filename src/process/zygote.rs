//! Zygotes: processes that import what is expensive once, and then fork a child for each boot.
//!
//! A zygote lives as long as its [`Zygotes`], on one end of a socket pair; `docs/drivers.md` documents what is said there. Its children
//! are its own, so that they die with it (`PR_SET_PDEATHSIG`), and it dies with the harness. It tells how a child has ended, and keeps
//! it as a zombie until it is told to `reap` it. Nothing that it says is believed before the kernel has confirmed it, and every
//! answer of it has a bound: a zygote is a program of the user.

mod keep;
mod message;
mod verify;

use std::collections::BTreeMap;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::oneshot;

use super::handle::ProcessHandle;
use super::stat::Tick;
use super::subreaper::Subreaper;

/// The Python zygote, as `${zygote}` gives it to a command.
pub const PYTHON: &str = include_str!("../../systems/zygote.py");

/// In a zygote's command: where its script is.
pub const SCRIPT: &str = "${zygote}";

/// How to start a zygote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ZygoteCommand {
    /// Its name, for messages.
    pub name: String,
    /// The program and its arguments; `${zygote}` is the [Python zygote](PYTHON).
    pub command: Vec<String>,
    /// Variables to add to the environment.
    pub env: BTreeMap<String, String>,
    /// How long it may take to be ready.
    pub within: Duration,
}

/// The zygotes of a harness, each started when it is first needed. The last clone that is dropped ends them.
#[derive(Debug, Clone, Default)]
pub struct Zygotes(Arc<Mutex<BTreeMap<ZygoteCommand, Slot>>>);

/// A zygote that is there, or why there is none; locked while it is started.
type Slot = Arc<Mutex<Option<Result<Arc<ZygoteProcess>, String>>>>;

impl Zygotes {
    /// The zygote with this command; starts it, and waits until it is ready. One that could not be started is not tried again, one
    /// that was killed is started anew.
    ///
    /// # Errors
    /// Why there is none.
    pub fn get(&self, command: &ZygoteCommand) -> Result<Arc<ZygoteProcess>, String> {
        let slot = lock(&self.0).entry(command.clone()).or_default().clone();
        let mut slot = lock(&slot);
        match slot.as_ref() {
            Some(Err(why)) => return Err(why.clone()),
            Some(Ok(zygote)) if zygote.ended().is_none() => return Ok(zygote.clone()),
            _ => {}
        }
        let started = ZygoteProcess::start(command).map(Arc::new);
        *slot = Some(started.clone());
        started
    }
}

/// A zygote that is ready. Dropping it ends it, and its children with it.
#[derive(Debug)]
pub struct ZygoteProcess {
    shared: Arc<Shared>,
    keeper: Option<std::thread::JoinHandle<()>>,
}

/// What a zygote is asked to fork.
#[derive(Debug)]
pub(crate) struct Fork<'a> {
    /// The script, or `-m MODULE`, and its arguments.
    pub argv: &'a [String],
    /// The whole environment.
    pub env: &'a BTreeMap<String, String>,
    /// The mark that `/proc/PID/environ` must show.
    pub mark: &'a str,
    /// The working directory.
    pub folder: &'a Path,
}

/// A child of a zygote.
#[derive(Debug)]
pub(crate) struct Forked {
    /// It, held before the zygote could reap it.
    pub handle: Arc<ProcessHandle>,
    /// How it ended, when it was reaped; or why that is unknown.
    pub exit: oneshot::Receiver<Result<ExitStatus, String>>,
}

/// What the keeper of a zygote and those who ask it share.
#[derive(Debug)]
struct Shared {
    name: String,
    channel: OwnedFd,
    process: ProcessHandle,
    /// Its parent, to which falls what its children leave behind.
    subreaper: Subreaper,
    /// The bound of every answer.
    within: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    forks: BTreeMap<u64, Asked>,
    children: BTreeMap<i32, Watched>,
    /// Why it is no longer there.
    ended: Option<String>,
}

/// A fork that was asked for.
#[derive(Debug)]
struct Asked {
    since: Tick,
    reply: oneshot::Sender<Result<Forked, String>>,
}

/// What waits for the end of a child.
#[derive(Debug)]
struct Watched {
    handle: Arc<ProcessHandle>,
    exit: oneshot::Sender<Result<ExitStatus, String>>,
    status: Option<ExitStatus>,
}

/// No zygote may take longer to answer, however long its imports may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

impl ZygoteProcess {
    fn start(command: &ZygoteCommand) -> Result<Self, String> {
        let (shared, keeper) = keep::start(command)?;
        Ok(Self { shared, keeper: Some(keeper) })
    }

    /// Why it is no longer there; nothing while it is.
    fn ended(&self) -> Option<String> {
        lock(&self.shared.state).ended.clone()
    }

    /// Forks a child with these as its standard input, output and error.
    ///
    /// # Errors
    /// Why it does not: it runs threads, it has ended, it does not answer, it names a process that is none of its own.
    pub(crate) async fn fork(&self, fork: &Fork<'_>, streams: [BorrowedFd<'_>; 3]) -> Result<Forked, String> {
        let (reply, answer) = oneshot::channel();
        let named = |why: String| format!("the zygote `{}` does not fork: {why}", self.shared.name);
        {
            let mut state = lock(&self.shared.state);
            if let Some(why) = &state.ended {
                return Err(why.clone());
            }
            state.next += 1;
            let number = state.next;
            let since = Tick::now();
            message::ask_to_fork(&self.shared.channel, number, fork, &streams).map_err(|why| named(why.to_string()))?;
            state.forks.insert(number, Asked { since, reply });
        }
        match tokio::time::timeout(self.shared.within, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err("it is gone".to_owned())).map_err(named),
            Err(_) => {
                let why = named(format!("it has not answered within {:?}", self.shared.within));
                self.shared.give_up(&why);
                Err(why)
            }
        }
    }

    /// Gives up a zygote that does not do what it must: the next run gets another one.
    pub(crate) fn give_up(&self, why: &str) {
        self.shared.give_up(why);
    }

    /// To whom falls what its children leave behind.
    pub(crate) fn subreaper(&self) -> &Subreaper {
        &self.shared.subreaper
    }

    /// How long any of its answers may take.
    pub(crate) fn within(&self) -> Duration {
        self.shared.within
    }
}

impl Shared {
    fn give_up(&self, why: &str) {
        lock(&self.state).ended.get_or_insert_with(|| why.to_owned());
        self.process.signal_group(Signal::KILL);
    }
}

impl Drop for ZygoteProcess {
    fn drop(&mut self) {
        self.shared.process.signal_group(Signal::KILL);
        if let Some(keeper) = self.keeper.take() {
            // It ends with its zygote.
            drop(keeper.join());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in there is whole between any two statements.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
