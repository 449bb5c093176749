//! The subcommands of `quietdown store`.

use std::process::ExitCode;

use clap::Subcommand;

/// The processes of the embedded store.
#[derive(Debug, Subcommand)]
pub enum Command {}

impl Command {
    /// Runs it to its end.
    pub fn execute(self) -> ExitCode {
        match self {}
    }
}
