//! The command line: one file per subcommand, no logic.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Breaks a server and its clients on cue, and judges what they log: quiet about what was planned, loud about what was not.
#[derive(Debug, Parser)]
#[command(name = "quietdown", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The embedded system under test: a rollout store, its client, its runner, its execution strategy.
    #[command(subcommand)]
    Store(quietdown::store::Command),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Store(command) => command.execute(),
    }
}
