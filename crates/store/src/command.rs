//! The subcommands of `quietdown store`.

use std::process::ExitCode;

use clap::Subcommand;

use super::driver::ClientCommand;
use super::runner::RunnerCommand;
use super::strategy::RunCommand;

/// The processes of the embedded store.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// The driven client: does what its standard input says, and answers on its standard output.
    Client(ClientCommand),
    /// A runner: takes rollouts from the queue until it is told to stop.
    Runner(RunnerCommand),
    /// The execution strategy: a server, its runners and the algorithm, from one command.
    Run(RunCommand),
    /// The server.
    Serve(super::serve::Args),
}

impl StoreCommand {
    /// Runs it to its end.
    pub fn execute(self) -> ExitCode {
        match self {
            Self::Client(command) => command.execute(),
            Self::Runner(command) => command.execute(),
            Self::Run(command) => command.execute(),
            Self::Serve(args) => args.execute(),
        }
    }
}
