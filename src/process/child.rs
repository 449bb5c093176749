//! One child process: in a group of its own, its output read as it comes.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::process::{Pid, Signal};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, watch};

use super::handle::ProcessHandle;
use super::spawn::{Input, Output, Spawn};
use super::start::{Ends, Started, forked, spawned};
use crate::log::Stream;

/// How long the end of a child is held back for its streams to end.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(1);

/// A child process. Dropping it kills its group.
#[derive(Debug)]
pub struct Child {
    process: Arc<ProcessHandle>,
    stdin: Option<Input>,
    /// Whether it has ended.
    ended: watch::Receiver<bool>,
}

impl Spawn<'_> {
    /// Starts it. `output` is told by `wrap` what it writes and when it ends; a full channel holds the child's writing up.
    ///
    /// # Errors
    /// When there is no such program, or it cannot be started.
    pub async fn start<T: Send + 'static>(
        &self,
        output: &mpsc::Sender<T>,
        wrap: impl Fn(Output) -> T + Send + Clone + 'static,
    ) -> io::Result<Child> {
        let Started { handle, ends, ended, exit } = match &self.zygote {
            None => spawned(self)?,
            Some(zygote) => forked(self, zygote).await?,
        };
        let Ends { stdin, stdout, stderr } = ends;
        let mut readers = tokio::task::JoinSet::new();
        readers.spawn(read(stdout, Stream::Stdout, output.clone(), wrap.clone()));
        readers.spawn(read(stderr, Stream::Stderr, output.clone(), wrap.clone()));
        let output = output.clone();
        tokio::spawn(async move {
            let status = exit.await;
            // Its last words come before its end. Only a descendant that holds the streams open can make this wait in vain.
            let all_read = async { while readers.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(LAST_WORDS, all_read).await;
            let _ = output.send(wrap(Output::Exited(status))).await;
            readers.detach_all();
        });
        Ok(Child { process: handle, stdin, ended })
    }
}

impl Child {
    /// Its process id, which is also its group's.
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// It, to be signalled by others too.
    pub(crate) fn process(&self) -> Arc<ProcessHandle> {
        self.process.clone()
    }

    /// Takes its standard input, to write to it; give it back with [`put_stdin`](Self::put_stdin), or it is closed.
    pub fn take_stdin(&mut self) -> Option<Input> {
        self.stdin.take()
    }

    /// Gives its standard input back.
    pub fn put_stdin(&mut self, stdin: Input) {
        self.stdin = Some(stdin);
    }

    /// Closes its standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Signals the process alone; false when it had ended.
    pub fn signal(&self, signal: Signal) -> bool {
        self.process.signal(signal)
    }

    /// Signals its whole group; false when it had ended.
    pub fn signal_group(&self, signal: Signal) -> bool {
        self.process.signal_group(signal)
    }

    /// Resolves when it has ended.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ended = self.ended.clone();
        // Without its sender nobody waits for the child any more: the runtime is going down.
        async move { drop(ended.wait_for(|ended| *ended).await) }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal_group(Signal::KILL);
    }
}

async fn read<T>(
    mut from: impl AsyncRead + Unpin,
    stream: Stream,
    output: mpsc::Sender<T>,
    wrap: impl Fn(Output) -> T,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if output.send(wrap(Output::Bytes(stream, buffer[..count].to_vec()))).await.is_err() {
            return;
        }
    }
    let _ = output.send(wrap(Output::Closed(stream))).await;
}

/// The exit code, or the name of the signal.
pub fn exit_of(status: ExitStatus) -> (Option<i32>, Option<String>) {
    (status.code(), status.signal().map(super::signal_name))
}
