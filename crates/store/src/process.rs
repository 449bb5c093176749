//! What every process of the store has in common: its main thread, its standard input, its end.

use std::future::Future;
use std::io::{BufRead, Read};
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tracing_subscriber::filter::LevelFilter;

use super::{defects, logging};

/// Runs the main part of a process in a thread of that name, which its log shows, and gives its exit code: 2 when the
/// environment asks for a defect that cannot be planted, 1 when it fails.
pub fn run<F>(thread: &str, level: LevelFilter, main: impl FnOnce() -> F + Send + 'static) -> ExitCode
where
    F: Future<Output = ExitCode>,
{
    if let Err(error) = defects::check() {
        eprintln!("{error}");
        return ExitCode::from(2);
    }
    logging::start(level);
    let body = move || -> std::io::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let code = runtime.block_on(main());
        // What still blocks in a thread (a name that is being resolved) must not hold up the end.
        runtime.shutdown_background();
        Ok(code)
    };
    let running = std::thread::Builder::new().name(thread.to_owned()).spawn(body);
    match running.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(code))) => code,
        Ok(Ok(Err(error))) | Err(error) => {
            eprintln!("cannot start: {error}");
            ExitCode::FAILURE
        }
        // The panic has told its reason already.
        Ok(Err(_)) => ExitCode::FAILURE,
    }
}

/// The lines of standard input, without their ends; the channel closes with it.
///
/// A thread of its own reads them and is left behind at the end: reading standard input cannot be given up.
pub fn input_lines() -> mpsc::UnboundedReceiver<Vec<u8>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().split(b'\n').map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Resolves when standard input ends. What comes before is ignored.
pub fn input_end() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut ignored = [0; 1024];
        while input.read(&mut ignored).is_ok_and(|read| read > 0) {}
        let _ = sender.send(());
    });
    receiver
}

/// The signals that ask a process to end: SIGTERM and SIGINT. They are caught from now on.
pub struct EndSignals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl EndSignals {
    /// Catches them.
    ///
    /// # Errors
    /// When they cannot be caught.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The name of the next one.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
