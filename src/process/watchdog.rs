//! What ends a run's processes when the harness itself is killed.
//!
//! A direct child dies with the harness by `PR_SET_PDEATHSIG`. Its descendants do not; for them a small process of its own waits at
//! a pipe that the kernel closes when the harness is gone, and then ends every process that carries the harness's mark.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Mutex;

use super::descendants::marked;

static PIPE: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// Starts the watchdog of this harness, once: `program` is the quietdown program.
///
/// # Errors
/// When the program cannot be started.
pub fn guard(program: &Path) -> io::Result<()> {
    let mut pipe = PIPE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if pipe.is_some() {
        return Ok(());
    }
    let mut command = Command::new(program);
    command.args(["watchdog", &mark()]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: setsid is a bare system call, which is all that may happen between fork and exec.
    unsafe { command.pre_exec(|| rustix::process::setsid().map(|_| ()).map_err(Into::into)) };
    let mut child = command.spawn()?;
    *pipe = child.stdin.take();
    Ok(())
}

/// The beginning of the marks of all runs of this harness process.
pub fn mark() -> String {
    format!("{}-{}", std::process::id(), started())
}

/// A process id alone may be used again; together with the time of the start it is not.
fn started() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    after_name.split(' ').nth(19).and_then(|field| field.parse().ok()).unwrap_or_default()
}

/// What the watchdog does: waits for the end of `input`, then ends every process whose mark begins with `mark`.
pub fn watch(mark: &str, mut input: impl Read) {
    let mut byte = [0];
    while !matches!(input.read(&mut byte), Ok(0)) {}
    // A process may be forking while it is ended, and one that is replacing its program has no environment for a moment: until none is
    // found several times in a row.
    let mut none = 0;
    for _ in 0..200 {
        let left = marked(&format!("{mark}/"));
        none = if left.is_empty() { none + 1 } else { 0 };
        if none == 5 {
            return;
        }
        left.iter().for_each(super::descendants::Marked::kill);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
