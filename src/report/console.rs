//! Where people read: lines one below the other, and at a terminal a few lines at the bottom that say what goes on.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Terminal;
use super::live::Live;

/// Where people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressStream {
    /// Standard output.
    Stdout,
    /// Standard error, where standard output is for programs.
    Stderr,
}

/// How much people want to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// What is wrong, and the last line.
    Quiet,
    /// Also what passes.
    #[default]
    Usual,
    /// Also what begins.
    Verbose,
}

/// How often a terminal is told again how long things take.
const TICK: Duration = Duration::from_millis(200);

/// How often it is told elsewhere that something still runs.
const STILL: Duration = Duration::from_secs(30);

/// Where people read: each line is printed whole, above what goes on.
#[derive(Debug)]
pub struct Console {
    /// How it writes.
    pub terminal: Terminal,
    /// How much is told.
    pub verbosity: Verbosity,
    stream: ProgressStream,
    live: Arc<Mutex<Live>>,
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Console {
    /// One that has told nothing yet.
    pub fn new(terminal: Terminal, stream: ProgressStream, verbosity: Verbosity) -> Self {
        Self { terminal, verbosity, stream, live: Arc::default(), ticker: None }
    }

    /// Prints a line. Whoever has closed the pipe does not want to read more; the exit code still says how it went.
    pub fn say(&self, line: impl std::fmt::Display) {
        let line = line.to_string();
        let line = super::inert(&line, self.terminal.colours);
        let mut live = lock(&self.live);
        let text = live.above(&line);
        put(self.stream, &text);
    }

    /// Tells from now on what goes on: so many things are to be done.
    pub fn begin(&mut self, all: usize) {
        let (columns, is_terminal) = match self.stream {
            ProgressStream::Stdout => (columns(&std::io::stdout()), is_screen(&std::io::stdout())),
            ProgressStream::Stderr => (columns(&std::io::stderr()), is_screen(&std::io::stderr())),
        };
        let shown = is_terminal && self.verbosity > Verbosity::Quiet;
        *lock(&self.live) = Live::new(all, shown.then_some(columns));
        if self.verbosity == Verbosity::Quiet || self.ticker.is_some() {
            return;
        }
        let (stop, stopped) = channel::<()>();
        let (live, stream) = (self.live.clone(), self.stream);
        let ticker = std::thread::spawn(move || {
            let every = if shown { TICK } else { STILL };
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let mut live = lock(&live);
                let text = if shown { live.redrawn() } else { live.still() };
                put(stream, &text);
            }
        });
        self.ticker = Some((stop, ticker));
    }

    /// Something has begun.
    pub fn begun(&self, name: &str) {
        lock(&self.live).begun(name, Instant::now());
    }

    /// Something has ended.
    pub fn ended(&self, name: &str, failed: bool) {
        lock(&self.live).ended(name, failed);
    }

    /// Shows this above what runs, instead of what was shown there before; only at a terminal.
    pub fn show(&self, block: impl FnOnce() -> String) {
        let mut live = lock(&self.live);
        if live.is_shown() && live.is_due(Instant::now()) {
            let block = super::inert(&block(), self.terminal.colours).into_owned();
            live.block = block.lines().map(str::to_owned).collect();
            let text = live.redrawn();
            put(self.stream, &text);
        }
    }

    /// Nothing goes on any more.
    pub fn finish(&mut self) {
        if let Some((stop, ticker)) = self.ticker.take() {
            drop(stop);
            // It only prints; a panic in it is none of the results'.
            let _ = ticker.join();
        }
        let mut live = lock(&self.live);
        let text = live.erased();
        put(self.stream, &text);
        *live = Live::default();
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.finish();
    }
}

fn put(stream: ProgressStream, text: &str) {
    if text.is_empty() {
        return;
    }
    match stream {
        ProgressStream::Stdout => {
            let mut out = std::io::stdout().lock();
            super::note_loss(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
        }
        ProgressStream::Stderr => drop(std::io::stderr().lock().write_all(text.as_bytes())),
    }
}

/// Whether what was written can be taken back there.
fn is_screen(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

fn columns(stream: &impl std::os::fd::AsFd) -> usize {
    terminal_size::terminal_size_of(stream).map_or(80, |(width, _)| usize::from(width.0))
}

fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
