//! The execution strategy: a server, its runners and the algorithm, from one command or from one for each side.
//!
//! The order in which it ends is the point: the algorithm finishes, the runners are told and have stopped, and only then
//! is the server stopped, so that nobody's last words meet a closed door.

mod address;
mod algorithm;
mod arguments;
mod child;
mod course;
mod inverted;
mod lead;
mod runners;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tracing::error;
use tracing_subscriber::filter::LevelFilter;

use super::data::Durability;
use super::duration::duration;
use super::logging::STRATEGY;
use super::process;

/// How long a server may take, beyond its drain time, to end.
const SERVER_PATIENCE: Duration = Duration::from_secs(5);

/// Which side a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// The algorithm, and the server.
    Algorithm,
    /// The runners.
    Runner,
    /// Both.
    Both,
}

/// A side that may run in the main process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    /// The algorithm.
    Algorithm,
    /// The runner.
    Runner,
}

/// A server, its runners and an algorithm that hands out tasks.
#[derive(Debug, Args)]
pub struct RunCommand {
    /// How many runners.
    #[arg(long, value_name = "N", default_value_t = 1)]
    runners: u32,
    /// Which side this command is: the algorithm with the server, the runners, or both.
    #[arg(long, value_name = "ROLE", env = "QUIETDOWN_STORE_CURRENT_ROLE", default_value = "both")]
    role: Role,
    /// Which side runs in the main process, when it is both; the runner can if there is one.
    #[arg(long, value_name = "SIDE", default_value = "algorithm")]
    main_process: Side,
    /// Whether the server is started and stopped; else it is there already.
    #[arg(long, value_name = "BOOL", env = "QUIETDOWN_STORE_MANAGED_STORE", default_value_t = true, action = clap::ArgAction::Set)]
    managed_store: bool,
    /// The address at which the server listens.
    #[arg(long, env = "QUIETDOWN_STORE_SERVER_HOST", default_value = "127.0.0.1")]
    host: String,
    /// The port at which the server listens; 0 takes a free one.
    #[arg(long, env = "QUIETDOWN_STORE_SERVER_PORT", default_value_t = 0)]
    port: u16,
    /// The server's database file; without it the data lives in memory.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// What an acknowledged write survives, with a database file.
    #[arg(long, value_name = "WHAT", requires = "data")]
    durability: Option<Durability>,
    /// The file of the shared online flag, for all of them.
    #[arg(long, value_name = "FILE")]
    online_flag: Option<PathBuf>,
    /// The URL by which the runners reach the server, if it is another than the server's own.
    #[arg(long, value_name = "URL")]
    runner_url: Option<String>,
    /// How many rollouts the algorithm enqueues.
    #[arg(long, value_name = "N", default_value_t = 1)]
    tasks: u32,
    /// How long the work on one rollout takes.
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = duration)]
    work: Duration,
    /// The time between two heartbeats of a runner.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    heartbeat: Duration,
    /// The pause of a runner after an empty queue.
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = duration)]
    poll: Duration,
    /// Finish when all rollouts are finished, instead of when standard input ends.
    #[arg(long)]
    finish_when_done: bool,
    /// How long requests in flight may take when the server stops.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    drain: Duration,
    /// How long a runner may take to stop before the next means is tried.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration)]
    patience: Duration,
    /// Say on standard output when the algorithm has finished, and stop the server only when standard input ends.
    #[arg(long, hide = true)]
    wait_for_release: bool,
    /// The level of all their logs.
    #[arg(long, default_value = "debug")]
    log: LevelFilter,
}

/// Options that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum OptionsError {
    #[error("--main-process runner is for one runner, with --role both and a server of its own")]
    MainProcess,
    #[error("where is the server? Say --port, or set QUIETDOWN_STORE_SERVER_PORT")]
    NoServer,
}

impl RunCommand {
    /// Runs until the algorithm has finished, or as the runners until they are told to stop. Fails when a part ended by
    /// itself or the algorithm failed, and with 2 when its options contradict each other.
    pub fn execute(self) -> ExitCode {
        if let Err(wrong) = self.check() {
            eprintln!("{wrong}");
            return ExitCode::from(2);
        }
        let inverted = self.main_process == Side::Runner;
        let thread = match self.role {
            Role::Runner => "runners",
            Role::Both if inverted => runners::FIRST,
            Role::Both | Role::Algorithm => "algorithm",
        };
        process::run(thread, self.log, move || async move {
            let outcome = match self.role {
                Role::Runner => self.runners_alone().await,
                Role::Both if inverted => self.inverted().await,
                Role::Both | Role::Algorithm => self.lead().await,
            };
            outcome.unwrap_or_else(|error: io::Error| {
                error!(target: STRATEGY, %error, "cannot run");
                ExitCode::FAILURE
            })
        })
    }

    fn check(&self) -> Result<(), OptionsError> {
        let elsewhere = self.role == Role::Runner || !self.managed_store;
        if self.main_process == Side::Runner && (self.role != Role::Both || self.runners != 1 || !self.managed_store) {
            Err(OptionsError::MainProcess)
        } else if elsewhere && self.port == 0 && (self.role != Role::Runner || self.runner_url.is_none()) {
            Err(OptionsError::NoServer)
        } else {
            Ok(())
        }
    }
}
