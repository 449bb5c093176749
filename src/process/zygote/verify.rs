//! A process id that a zygote names is a claim. Only what the kernel says is believed.

use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::process::handle::ProcessHandle;
use crate::process::stat::{Stat, Tick, stat};

/// More generations are between no zygote and its child.
const GENERATIONS: usize = 64;

/// How long a child may take to be in a group of its own: it may be the one who makes it.
const OWN_GROUP: Duration = Duration::from_secs(1);

/// Holds the child with this id, which a zygote says that it has forked since `since`.
///
/// # Errors
/// Why it is none that the harness may signal.
pub(super) fn child_of(zygote: Pid, named: i32, since: Tick) -> Result<ProcessHandle, String> {
    let claim = format!("it names process {named} as its child");
    if named <= 1 {
        return Err(format!("{claim}, which is no process id of a child: did its fork() fail?"));
    }
    let pid = Pid::from_raw(named).ok_or_else(|| claim.clone())?;
    let child = ProcessHandle::open(pid).map_err(|why| format!("{claim}, which is not there: {why}"))?;
    let seen = stat(named).ok_or_else(|| format!("{claim}, which is not there"))?;
    if !descends_from(seen, zygote) {
        return Err(format!("{claim}, which is none of its descendants"));
    }
    if seen.started < since {
        return Err(format!("{claim}, which was there before it was asked to fork"));
    }
    await_own_group(&child, named).map_err(|why| format!("{claim}, {why}"))?;
    // Held before it was looked at, and still there: what was looked at is what is held.
    if child.has_its_id() { Ok(child) } else { Err(format!("{claim}, which it has reaped without being asked to")) }
}

fn descends_from(process: Stat, ancestor: Pid) -> bool {
    let ancestor = ancestor.as_raw_nonzero().get();
    let mut parent = process.parent;
    for _ in 0..GENERATIONS {
        if parent == ancestor {
            return true;
        }
        match stat(parent).filter(|_| parent > 1) {
            Some(next) => parent = next.parent,
            None => return false,
        }
    }
    false
}

/// The kernel tells nobody when a group is made.
fn await_own_group(child: &ProcessHandle, pid: i32) -> Result<(), String> {
    let deadline = Instant::now() + OWN_GROUP;
    loop {
        match stat(pid) {
            Some(seen) if seen.group == pid => return Ok(()),
            // It had no time to do anything.
            _ if child.has_ended() => return Ok(()),
            _ if Instant::now() > deadline => {
                return Err("which is in no process group of its own: it must call setpgid(0, 0)".to_owned());
            }
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}
