//! Whether a file is the quietdown program.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to say its version.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// A program that is not quietdown, or does not say so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no such file.
    #[error("is no file")]
    NoFile,
    /// It cannot be executed.
    #[error("cannot be executed: {0}")]
    NotExecuted(io::Error),
    /// Its end cannot be waited for.
    #[error("{0}")]
    Lost(io::Error),
    /// It runs for too long.
    #[error("does not say its version within {ANSWERS_WITHIN:?}: it is not quietdown")]
    TooLate,
    /// It says something else.
    #[error("does not say its version: it is not quietdown")]
    Other,
}

/// Asks a program for its version.
///
/// # Errors
/// Why it is not quietdown.
pub(super) fn is_quietdown(program: &Path) -> Result<(), ProgramError> {
    if !program.is_file() {
        return Err(ProgramError::NoFile);
    }
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(ProgramError::NotExecuted)?;
    let deadline = Instant::now() + ANSWERS_WITHIN;
    // A version fits into a pipe: it need not be read while it is written.
    while child.try_wait().map_err(ProgramError::Lost)?.is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(ProgramError::TooLate);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().map_err(ProgramError::Lost)?;
    match output.stdout.starts_with(b"quietdown ") {
        true => Ok(()),
        false => Err(ProgramError::Other),
    }
}
