//! Which processes belong to a run: all that carry its mark in their environment, however they were started.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

pub use super::stat::Tick;
use super::stat::stat;

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
    /// SIGKILL. A process that is gone already is no error.
    pub fn kill(&self) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Every living process whose mark begins with `prefix`.
pub fn marked(prefix: &str) -> Vec<Marked> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some(Marked { pid, mark: mark_of(pid, prefix)?, command: command_of(pid) })).collect()
}

/// Every living process that has started since `since`, and whose mark begins with `prefix`, or that is without it in one of
/// `groups`, whose leader has ended. One look at each process of the machine.
///
/// As long as a group has members nobody else is given its id. A leader that is there is therefore another one, of another group
/// with the same id, which is left alone.
pub fn left_of(prefix: &str, groups: &[Pid], since: Tick) -> Vec<(Marked, Option<Pid>)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let without_leader = |group: &&Pid| !Path::new(&format!("/proc/{}", group.as_raw_nonzero())).exists();
    let found = pids.filter_map(|pid| {
        let (group, started) = group_and_start(pid)?;
        if started < since {
            return None;
        }
        if let Some(mark) = mark_of(pid, prefix) {
            return Some((Marked { pid, mark, command: command_of(pid) }, None));
        }
        let group = groups.iter().filter(|known| known.as_raw_nonzero().get() == group).find(without_leader)?;
        Some((Marked { pid, mark: String::new(), command: command_of(pid) }, Some(*group)))
    });
    found.collect()
}

/// The group of a process and when it started, unless it has ended and is only not reaped yet: that is its parent's business.
fn group_and_start(pid: i32) -> Option<(i32, Tick)> {
    stat(pid).filter(|stat| stat.state != 'Z').map(|stat| (stat.group, stat.started))
}

/// The mark of a process, if it begins with `prefix`. A zombie's environment is empty, another user's unreadable: neither is ours
/// to end.
fn mark_of(pid: i32, prefix: &str) -> Option<String> {
    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let needle = format!("{MARKER}={prefix}");
    let found = environ.split(|byte| *byte == 0).find(|variable| variable.starts_with(needle.as_bytes()))?;
    Some(String::from_utf8_lossy(&found[MARKER.len() + 1..]).into_owned())
}

fn command_of(pid: i32) -> String {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned()
}
