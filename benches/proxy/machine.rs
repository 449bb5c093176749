//! The machine as the bench needs it: one core for everybody, many descriptors, exact timers.

use std::fs;
use std::io;
use std::num::NonZeroU64;
use std::time::Duration;

use rustix::process::{
    Resource, Signal, getppid, getrlimit, set_parent_process_death_signal, setpriority_process, setrlimit,
};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity, set_current_timer_slack};

/// Pins this process, and all that it starts, to one core; gives its number.
pub fn pin(core: Option<usize>) -> io::Result<usize> {
    let allowed = sched_getaffinity(None)?;
    let allowed: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
    let core = match core {
        Some(core) if allowed.contains(&core) => core,
        Some(core) => {
            return Err(io::Error::other(format!("core {core} may not be used; these may: {allowed:?}")));
        }
        None => idlest(&allowed)?,
    };
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only)?;
    Ok(core)
}

/// The core that has the most idle time while we look.
fn idlest(allowed: &[usize]) -> io::Result<usize> {
    let before = idle_ticks()?;
    std::thread::sleep(Duration::from_millis(300));
    let after = idle_ticks()?;
    let gained = |core: &usize| after.get(*core).zip(before.get(*core)).map_or(0, |(after, before)| after - before);
    allowed.iter().copied().max_by_key(gained).ok_or_else(|| io::Error::other("no core may be used"))
}

/// The idle ticks of each core since boot.
fn idle_ticks() -> io::Result<Vec<u64>> {
    let stat = fs::read_to_string("/proc/stat")?;
    let cores = stat.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
    Ok(cores.map(|line| line.split_whitespace().nth(4).and_then(|idle| idle.parse().ok()).unwrap_or(0)).collect())
}

/// Allows as many descriptors as the machine lets us have: thousands of connections are held open.
pub fn raise_descriptor_limit() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// Asks the kernel to prefer this process, and all that it starts, to everybody else; whether it does. That needs a
/// privilege. They are scheduled among themselves as before.
pub fn prefer() -> bool {
    setpriority_process(None, -20).is_ok()
}

/// Lets timers of this thread fire when they are due. Linux is 50 µs late by default, to save power.
pub fn exact_timers() -> io::Result<()> {
    Ok(set_current_timer_slack(NonZeroU64::new(1))?)
}

/// Ends this process when the one that started it ends, however that happens.
pub fn die_with_parent() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    match getppid() {
        Some(parent) if !parent.is_init() => Ok(()),
        _ => Err(io::Error::other("the bench has ended")),
    }
}
