//! The child processes of the strategy.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, set_parent_process_death_signal};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tracing::{error, warn};

use crate::escalation::{Rung, escalate};
use crate::logging::STRATEGY;

/// A child: this program again, in a process group of its own, so that a terminal's interrupt reaches the strategy alone.
/// It does not outlive the strategy, however that ends.
pub struct PartProcess {
    name: String,
    group: Pid,
    child: Child,
    input: Option<ChildStdin>,
}

impl PartProcess {
    /// Starts it with `arguments`. To be called from a thread that lives as long as the strategy: the child dies with it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, arguments: Vec<OsString>) -> io::Result<Self> {
        Self::spawn(name, arguments, Stdio::inherit())
    }

    /// As [`start`](Self::start), with what it says on standard output.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_heard(name: &str, arguments: Vec<OsString>) -> io::Result<(Self, Lines<BufReader<ChildStdout>>)> {
        let mut part = Self::spawn(name, arguments, Stdio::piped())?;
        let output = part.child.stdout.take().ok_or_else(|| io::Error::other("it has no standard output"))?;
        Ok((part, BufReader::new(output).lines()))
    }

    fn spawn(name: &str, arguments: Vec<OsString>, output: Stdio) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("store").args(arguments).stdin(Stdio::piped()).stdout(output).process_group(0).kill_on_drop(true);
        let parent = rustix::process::getpid();
        let tied = move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have ended before the line above.
            if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        };
        // SAFETY: between fork and exec it makes three system calls and allocates nothing.
        unsafe { command.pre_exec(tied) };
        let mut child = command.spawn()?;
        let id = child.id().and_then(|id| Pid::from_raw(id as i32));
        let group = id.ok_or_else(|| io::Error::other("it has ended already"))?;
        Ok(Self { name: name.to_owned(), group, input: child.stdin.take(), child })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Resolves when it ends. Can be given up and called again.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Tells it to stop by ending its standard input.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for a runner that was told to stop, and insists if it does not.
    pub async fn insist(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        if let Ok(ended) = tokio::time::timeout(patience, self.child.wait()).await {
            return ended;
        }
        warn!(target: STRATEGY, runner = self.name.as_str(), "runner did not stop, escalating");
        let rungs = [Rung::signal(Signal::INT, patience), Rung::signal(Signal::TERM, patience)];
        escalate(self.group, &rungs, self.child.wait()).await.0
    }

    /// Stops a server by SIGTERM, and kills it if it has not ended after `patience`.
    pub async fn terminate(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        let rungs = [Rung::signal(Signal::TERM, patience)];
        let (ended, rung) = escalate(self.group, &rungs, self.child.wait()).await;
        if rung > 0 {
            error!(target: STRATEGY, "server did not stop, killed");
        }
        ended
    }
}
