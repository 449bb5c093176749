//! The driven client: does what standard input says, line by line, and answers on standard output.
//!
//! In: `{"call":1,"op":"get_rollout","args":{"rollout_id":"ro-…"}}` begins a call, `{"cancel":1}` cancels one that is in
//! flight (and is ignored otherwise: it may have ended in the meantime). Out: `{"ready":true}` first, then one line for
//! every call: `{"call":1,"result":"ok","value":…}`, or another result with its `error`, and the `status` of a rejection.
//! A line that cannot be understood is answered with `{"error":"…"}`, and with its `call` if that much could be read.
//! At the end of the input, or on SIGTERM, calls in flight are cancelled and answered.

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::debug;
use tracing_subscriber::filter::LevelFilter;

use super::client::{ArgumentError, Client, ClientOptions, Error, Reporting, StoreOperation};
use super::logging::DRIVER;
use super::process::{self, EndSignals};

/// A client that does what its standard input says.
#[derive(Debug, Args)]
pub struct ClientCommand {
    #[command(flatten)]
    client: ClientOptions,
    /// Its name, for the log.
    #[arg(long, default_value = "client")]
    name: String,
    /// The level of its log.
    #[arg(long, default_value = "debug")]
    log: LevelFilter,
}

impl ClientCommand {
    /// Runs until its standard input ends.
    pub fn execute(self) -> ExitCode {
        process::run("client", self.log, move || async move {
            debug!(target: DRIVER, name = self.name.as_str(), "client started");
            Driver::new(Client::new(self.client.config(Reporting::EveryCall))).run().await
        })
    }
}

/// A line of the input.
#[derive(Debug, Deserialize)]
struct Line {
    call: Option<u64>,
    cancel: Option<u64>,
    op: Option<String>,
    #[serde(default)]
    args: Option<Value>,
}

/// The number that the input gives a call.
type Number = u64;

/// A line of standard input that cannot be carried out.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    #[error("call {0} is in flight already")]
    InFlight(Number),
    #[error("expected {{\"call\":NUMBER,\"op\":\"…\",\"args\":{{…}}}} or {{\"cancel\":NUMBER}}")]
    Shape,
}

struct Driver {
    client: Client,
    tasks: JoinSet<Result<Value, Error>>,
    in_flight: HashMap<Id, Number>,
    cancels: HashMap<Number, oneshot::Sender<()>>,
    output: Output,
}

impl Driver {
    fn new(client: Client) -> Self {
        let output = Output::start();
        Self { client, tasks: JoinSet::new(), in_flight: HashMap::new(), cancels: HashMap::new(), output }
    }

    async fn run(mut self) -> ExitCode {
        let mut signals = match EndSignals::catch() {
            Ok(signals) => signals,
            Err(error) => {
                eprintln!("cannot catch signals: {error}");
                return ExitCode::FAILURE;
            }
        };
        let mut lines = process::input_lines();
        self.output.line(&json!({ "ready": true }));
        loop {
            tokio::select! {
                line = lines.recv() => match line {
                    Some(line) => self.line(&line),
                    None => break,
                },
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                _ = signals.next() => break,
            }
        }
        self.cancels.clear();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(ended);
        }
        self.output.end();
        ExitCode::SUCCESS
    }

    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let understood = serde_json::from_slice::<Line>(line).map_err(CommandError::from);
        let number = understood.as_ref().ok().and_then(|line| line.call);
        if let Err(error) = understood.and_then(|line| self.command(line)) {
            match number {
                Some(number) => self.output.line(&json!({ "error": error.to_string(), "call": number })),
                None => self.output.line(&json!({ "error": error.to_string() })),
            }
        }
    }

    fn command(&mut self, line: Line) -> Result<(), CommandError> {
        match line {
            Line { cancel: Some(number), call: None, .. } => {
                // Dropping the sender cancels.
                self.cancels.remove(&number);
                Ok(())
            }
            Line { call: Some(number), cancel: None, op: Some(op), args } => {
                let args = args.unwrap_or_else(|| json!({}));
                let operation: StoreOperation = serde_json::from_value(json!({ "op": op, "args": args }))?;
                operation.check()?;
                if self.cancels.contains_key(&number) {
                    return Err(CommandError::InFlight(number));
                }
                self.begin(number, operation);
                Ok(())
            }
            _ => Err(CommandError::Shape),
        }
    }

    fn begin(&mut self, number: Number, operation: StoreOperation) {
        let (sender, cancelled) = oneshot::channel::<()>();
        let client = self.client.clone();
        let task = self.tasks.spawn(async move {
            tokio::select! {
                // The call first, so that even one that is cancelled at once has begun, and logs its cancellation.
                biased;
                outcome = client.call(operation, Some(number)) => outcome,
                _ = cancelled => Err(Error::Cancelled),
            }
        });
        self.in_flight.insert(task.id(), number);
        self.cancels.insert(number, sender);
    }

    fn ended(&mut self, ended: Result<(Id, Result<Value, Error>), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(number) = self.in_flight.remove(&id) else { return };
        self.cancels.remove(&number);
        let outcome = match ended {
            Ok((_, outcome)) => outcome,
            Err(error) => Err(Error::Transport { cause: format!("panicked: {}", panic_text(error)) }),
        };
        self.output.line(&match outcome {
            Ok(value) => json!({ "call": number, "result": "ok", "value": value }),
            Err(error) => answer(number, &error),
        });
    }
}

fn answer(number: Number, error: &Error) -> Value {
    match error {
        Error::Rejected { status, message } => {
            json!({ "call": number, "result": error.result(), "error": message, "status": status })
        }
        Error::Unreachable { cause } | Error::Transport { cause } => {
            json!({ "call": number, "result": error.result(), "error": cause })
        }
        Error::Cancelled | Error::Shutdown => {
            json!({ "call": number, "result": error.result(), "error": error.to_string() })
        }
    }
}

fn panic_text(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "aborted".to_owned() };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or("something").to_owned(),
    }
}

/// Standard output, written by a thread of its own: a reader that is slow must not hold up calls and cancellations.
struct Output {
    sender: std::sync::mpsc::Sender<String>,
    thread: std::thread::JoinHandle<()>,
}

impl Output {
    fn start() -> Self {
        use std::io::Write;
        let (sender, receiver) = std::sync::mpsc::channel::<String>();
        let thread = std::thread::spawn(move || {
            let mut output = std::io::stdout().lock();
            for line in receiver {
                // Nobody reads any more: there is nobody to tell either.
                if output.write_all(line.as_bytes()).and_then(|()| output.flush()).is_err() {
                    break;
                }
            }
        });
        Self { sender, thread }
    }

    fn line(&self, line: &Value) {
        let _ = self.sender.send(format!("{line}\n"));
    }

    /// Waits until everything is written.
    fn end(self) {
        drop(self.sender);
        let _ = self.thread.join();
    }
}
