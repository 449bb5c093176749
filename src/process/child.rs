//! One child process: in a group of its own, its output read as it comes.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::process::{Pid, Signal};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{mpsc, oneshot, watch};

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
    flushes: [mpsc::UnboundedSender<oneshot::Sender<()>>; 2],
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
        let ((out, flush_out), (err, flush_err)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        readers.spawn(read(stdout, Stream::Stdout, output.clone(), wrap.clone(), flush_out));
        readers.spawn(read(stderr, Stream::Stderr, output.clone(), wrap.clone(), flush_err));
        let output = output.clone();
        tokio::spawn(async move {
            let status = exit.await;
            // Its last words come before its end. Only a descendant that holds the streams open can make this wait in vain.
            let all_read = async { while readers.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(LAST_WORDS, all_read).await;
            let _ = output.send(wrap(Output::Exited(status))).await;
            readers.detach_all();
        });
        Ok(Child { process: handle, stdin, ended, flushes: [out, err] })
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

    /// Whether it has ended, by the word of the kernel; the news of it may still be to come.
    pub fn is_over(&self) -> bool {
        *self.ended.borrow() || super::stat::stat(self.pid().as_raw_nonzero().get()).is_none_or(|it| it.state == 'Z')
    }

    /// Resolves when everything was told that it has written before.
    pub fn flush(&self) -> impl Future<Output = ()> + Send + use<> {
        let asked = self.flushes.each_ref().map(|flushes| {
            let (flush, flushed) = oneshot::channel();
            let _ = flushes.send(flush);
            flushed
        });
        async move {
            for flushed in asked {
                // Without an answer its stream has ended.
                let _ = flushed.await;
            }
        }
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

/// The most that a pipe holds (pipe(7)): whoever writes on meanwhile does not keep a flush from its end.
const PIPE_BOUND: usize = 1 << 20;

async fn read<T>(
    from: Receiver,
    stream: Stream,
    output: mpsc::Sender<T>,
    wrap: impl Fn(Output) -> T,
    mut flushes: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut open = true;
    while open {
        let flush = tokio::select! {
            ready = from.readable() => {
                if ready.is_err() {
                    break;
                }
                None
            }
            Some(flush) = flushes.recv() => Some(flush),
        };
        let mut taken = 0;
        while open && taken < PIPE_BOUND {
            // A flush asks the kernel: tokio would only say what it was told last.
            let came = match flush {
                Some(_) => rustix::io::read(&from, &mut buffer).map_err(io::Error::from),
                None => from.try_read(&mut buffer),
            };
            match came {
                Ok(count @ 1..) => {
                    taken += count;
                    open = output.send(wrap(Output::Bytes(stream, buffer[..count].to_vec()))).await.is_ok();
                }
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => break,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => open = false,
            }
        }
        if let Some(flush) = flush {
            let _ = flush.send(());
        }
    }
    let _ = output.send(wrap(Output::Closed(stream))).await;
}

/// The exit code, or the name of the signal.
pub fn exit_of(status: ExitStatus) -> (Option<i32>, Option<String>) {
    (status.code(), status.signal().map(super::signal_name))
}
