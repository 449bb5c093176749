//! Whether a file is the quietdown program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to say its version.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Asks a program for its version.
///
/// # Errors
/// Why it is not quietdown.
pub(super) fn is_quietdown(program: &Path) -> Result<(), String> {
    if !program.is_file() {
        return Err("is no file".to_owned());
    }
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|why| format!("cannot be executed: {why}"))?;
    let deadline = Instant::now() + ANSWERS_WITHIN;
    // A version fits into a pipe: it need not be read while it is written.
    while child.try_wait().map_err(|why| why.to_string())?.is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("does not say its version within {ANSWERS_WITHIN:?}: it is not quietdown"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().map_err(|why| why.to_string())?;
    match output.stdout.starts_with(b"quietdown ") {
        true => Ok(()),
        false => Err("does not say its version: it is not quietdown".to_owned()),
    }
}
