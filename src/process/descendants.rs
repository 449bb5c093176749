//! Which processes belong to a run: all that carry its mark in their environment, however they were started.

use std::fs;

use rustix::process::{Pid, Signal};

use super::handle::ProcessHandle;

/// The environment variable that marks every process of a run. A child inherits it, also when it leaves its process group or session.
pub const MARKER: &str = "QUIETDOWN_RUN";

/// A living process that carries a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Its process id.
    pub pid: i32,
    /// The mark's value.
    pub mark: String,
    /// Its command line.
    pub command: String,
}

impl Marked {
    /// SIGKILL. A process that is gone already, or another one by now, is left alone.
    pub fn kill(&self) {
        let held = Pid::from_raw(self.pid).and_then(|pid| ProcessHandle::open(pid).ok());
        if let Some(held) = held.filter(|_| mark_of(self.pid, &self.mark).is_some()) {
            held.signal(Signal::KILL);
        }
    }
}

/// Every living process whose mark begins with `prefix`.
pub fn marked(prefix: &str) -> Vec<Marked> {
    let found = all().filter_map(|pid| Some(Marked { pid, mark: mark_of(pid, prefix)?, command: command_of(pid) }));
    found.collect()
}

/// The ids of all processes.
pub(super) fn all() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
}

/// The mark of a process, if it begins with `prefix`. A zombie's environment is empty, another user's unreadable: neither is ours
/// to end.
pub(super) fn mark_of(pid: i32, prefix: &str) -> Option<String> {
    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let needle = format!("{MARKER}={prefix}");
    let found = environ.split(|byte| *byte == 0).find(|variable| variable.starts_with(needle.as_bytes()))?;
    Some(String::from_utf8_lossy(&found[MARKER.len() + 1..]).into_owned())
}

pub(super) fn command_of(pid: i32) -> String {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned()
}

/// Every process that has this argument.
#[cfg(test)]
pub(super) fn with_argument(argument: &str) -> Vec<i32> {
    let has = |pid: &i32| command_of(*pid).split(' ').any(|word| word == argument);
    all().filter(has).collect()
}
