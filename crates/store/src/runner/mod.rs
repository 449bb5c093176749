//! The free-running runner: takes rollouts from the queue, works on them, reports how they ended.
//!
//! It ends when it is told to (a signal, or the end of its input) and when the server says that it is shutting down. An
//! outage ends nothing: it goes on trying, and the client reports it once.

mod rollout;
mod stop;

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};
use tracing::{debug, info};
use tracing_subscriber::filter::LevelFilter;

use super::client::{Client, ClientCall, ClientOptions, Error, Reporting, StoreOperation};
use super::duration::duration;
use super::logging::RUNNER;
use super::process;
use rollout::ClaimedRollout;
pub use stop::{Reason, RunnerStop};

/// A runner that takes rollouts from the queue until it is told to stop.
#[derive(Debug, Args)]
pub struct RunnerCommand {
    #[command(flatten)]
    client: ClientOptions,
    /// The name under which it works.
    #[arg(long, value_name = "NAME")]
    worker_id: String,
    /// How long the work on one rollout takes.
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = duration)]
    work: Duration,
    /// The time between two heartbeats.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    heartbeat: Duration,
    /// The pause after an empty queue, and after a failure.
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = duration)]
    poll: Duration,
    /// How many spans a rollout gives.
    #[arg(long, value_name = "N", default_value_t = 1)]
    spans: u32,
    /// Stop when standard input ends.
    #[arg(long)]
    stop_on_stdin_eof: bool,
    /// The level of its log.
    #[arg(long, default_value = "debug")]
    log: LevelFilter,
}

impl RunnerCommand {
    /// Runs until it is told to stop, or the server is.
    pub fn execute(self) -> ExitCode {
        let thread = self.worker_id.clone();
        process::run(&thread, self.log, move || async move {
            let stop = match RunnerStop::listen(self.stop_on_stdin_eof) {
                Ok(stop) => stop,
                Err(error) => {
                    eprintln!("cannot catch signals: {error}");
                    return ExitCode::FAILURE;
                }
            };
            let runner = RolloutRunner {
                client: Client::new(self.client.config(Reporting::OncePerOutage)),
                worker: self.worker_id,
                work: self.work,
                heartbeat: self.heartbeat,
                poll: self.poll,
                spans: self.spans,
                stop,
            };
            runner.live().await;
            ExitCode::SUCCESS
        })
    }
}

/// A runner at work.
pub struct RolloutRunner {
    /// By which it reaches the server; it reports once per outage.
    pub client: Client,
    /// The name under which it works.
    pub worker: String,
    /// How long the work on one rollout takes.
    pub work: Duration,
    /// The time between two heartbeats.
    pub heartbeat: Duration,
    /// The pause after an empty queue, and after a failure.
    pub poll: Duration,
    /// How many spans a rollout gives.
    pub spans: u32,
    /// By which it is told to stop.
    pub stop: RunnerStop,
}

impl RolloutRunner {
    /// Works until it is told to stop, or the server is.
    pub async fn live(&self) {
        let worker = self.worker.as_str();
        info!(target: RUNNER, worker, "runner started");
        let reason = tokio::select! {
            reason = self.run() => reason,
            never = self.beat(self.heartbeat) => never,
        };
        info!(target: RUNNER, worker, %reason, "runner stopped");
    }

    /// Takes rollouts until it is to stop.
    async fn run(&self) -> Reason {
        let mut dequeue = self.dequeue();
        loop {
            if let Some(reason) = self.stop.reason() {
                return reason;
            }
            // Not given up at once when it is told to stop: what the server hands out meanwhile would be lost.
            let Some(dequeued) = self.stop.soon(self.client.make(&dequeue, None)).await else { continue };
            // A call whose answer was lost may have been handed a rollout: it is made again until it is answered.
            if !matches!(dequeued, Err(Error::Unreachable { .. } | Error::Transport { .. })) {
                dequeue = self.dequeue();
            }
            match dequeued.map(ClaimedRollout::from_answer) {
                Ok(Some(rollout)) => self.process(&rollout).await,
                Ok(None) => {
                    debug!(target: RUNNER, "queue is empty");
                    self.pause().await;
                }
                Err(Error::Shutdown) => self.stop.ask(Reason::Shutdown),
                Err(_) => self.pause().await,
            }
        }
    }

    fn dequeue(&self) -> ClientCall {
        ClientCall::new(StoreOperation::DequeueRollout { worker_id: Some(self.worker.clone()) })
    }

    /// Tells the server now and then that this worker lives.
    async fn beat(&self, interval: Duration) -> Reason {
        loop {
            tokio::time::sleep(interval).await;
            let beat = StoreOperation::UpdateWorker { worker_id: self.worker.clone(), changes: Map::new() };
            match self.client.call(beat, None).await {
                Ok(_) => debug!(target: RUNNER, "heartbeat"),
                Err(Error::Shutdown) => {
                    self.stop.ask(Reason::Shutdown);
                    return std::future::pending().await;
                }
                Err(_) => {}
            }
        }
    }

    /// Asks for `operation` until the server has answered it: neither an outage nor a broken connection may lose it.
    ///
    /// # Errors
    /// When the server rejects it or is shutting down.
    async fn persist(&self, operation: StoreOperation) -> Result<Value, Error> {
        let call = ClientCall::new(operation);
        loop {
            match self.client.make(&call, None).await {
                Err(Error::Unreachable { .. } | Error::Transport { .. }) => tokio::time::sleep(self.poll).await,
                outcome => return outcome,
            }
        }
    }

    async fn pause(&self) {
        let _ = self.stop.at_once(tokio::time::sleep(self.poll)).await;
    }
}
