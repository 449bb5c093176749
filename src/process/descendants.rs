//! Which processes belong to a run: all that carry its mark in their environment, however they were started.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

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
    let needle = format!("{MARKER}={prefix}");
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            // A zombie's environment is empty, another user's unreadable: neither is ours to end.
            let environ = fs::read(entry.path().join("environ")).ok()?;
            let found = environ.split(|byte| *byte == 0).find(|variable| variable.starts_with(needle.as_bytes()))?;
            let mark = String::from_utf8_lossy(&found[MARKER.len() + 1..]).into_owned();
            Some(Marked { pid, mark, command: command_of(pid) })
        })
        .collect()
}

/// Every living process of a group whose leader has ended, without its mark.
///
/// As long as the group has members nobody else is given its id. A leader that is there is therefore another one, of another group with the
/// same id, which is left alone.
pub fn members(group: Pid) -> Vec<Marked> {
    let id = group.as_raw_nonzero().get();
    if Path::new(&format!("/proc/{id}")).exists() {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| group_of(*pid) == Some(id))
        .map(|pid| Marked { pid, mark: String::new(), command: command_of(pid) })
        .collect()
}

/// The group of a process, unless it has ended and is only not reaped yet: that is its parent's business.
fn group_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    (state != "Z").then_some(group)
}

fn command_of(pid: i32) -> String {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned()
}
