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
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some(Marked { pid, mark: mark_of(pid, prefix)?, command: command_of(pid) })).collect()
}

/// A moment, as the kernel notes when processes start: in clock ticks since the machine was booted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(u64);

impl Tick {
    /// Now; a process that starts from here on has no lower one.
    pub fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let per_second = rustix::param::clock_ticks_per_second();
        let parts = u64::try_from(now.tv_nsec).unwrap_or(0).saturating_mul(per_second) / 1_000_000_000;
        // The kernel's clock may be read a little before this one.
        Self((u64::try_from(now.tv_sec).unwrap_or(0).saturating_mul(per_second) + parts).saturating_sub(1))
    }
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
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // From its state on: proc_pid_stat(5) counts from 3 here.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let group = fields.get(2)?.parse().ok()?;
    let started = Tick(fields.get(19)?.parse().ok()?);
    (fields[0] != "Z").then_some((group, started))
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
