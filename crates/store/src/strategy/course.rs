//! How a run goes, and with which status it ends.

use std::io;
use std::process::{ExitCode, ExitStatus};

use tracing::error;

use crate::logging::STRATEGY;

/// How the run goes.
#[derive(Debug, Default)]
pub struct Course {
    /// Whether anything went otherwise than it should.
    pub failed: bool,
}

impl Course {
    /// The server has ended, and should not have.
    pub fn server_ended(&mut self, ended: io::Result<ExitStatus>) -> ExitCode {
        error!(target: STRATEGY, status = %status(ended), "server ended unexpectedly");
        self.failed = true;
        self.code()
    }

    /// The server has ended after it was told to stop.
    pub fn server_stopped(&mut self, ended: io::Result<ExitStatus>) {
        if !ended.as_ref().is_ok_and(ExitStatus::success) {
            error!(target: STRATEGY, status = %status(ended), "server did not stop in good order");
            self.failed = true;
        }
    }

    /// The status of the run.
    pub fn code(&self) -> ExitCode {
        if self.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

/// How a process ended, in words.
pub fn status(ended: io::Result<ExitStatus>) -> String {
    ended.map_or_else(|error| error.to_string(), |status| status.to_string())
}
