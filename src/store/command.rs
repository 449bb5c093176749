//! The subcommands of `quietdown store`.

use std::process::ExitCode;

use clap::Subcommand;

/// The processes of the embedded store.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The server.
    Serve(super::serve::Args),
}

impl Command {
    /// Runs it to its end.
    pub fn execute(self) -> ExitCode {
        match self {
            Self::Serve(args) => args.execute(),
        }
    }
}
