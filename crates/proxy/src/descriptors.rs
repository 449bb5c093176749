//! File descriptors are what a proxy runs out of first. A server keeps some for its control API, and says when there is a shortage.

use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// The traffic must not use a descriptor of this number or above. The kernel hands out the lowest one that is free.
static CEILING: AtomicI32 = AtomicI32::new(i32::MAX);
static SAYS_SO: AtomicBool = AtomicBool::new(false);
static SHORTAGE: Mutex<Shortage> = Mutex::new(Shortage { said: None, since: 0 });

/// How often a shortage that goes on is said.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Shortage {
    said: Option<Instant>,
    /// How many were refused since.
    since: u64,
}

/// Raises the limit of this process as far as it may, and keeps `count` descriptors from the traffic. From now on a shortage is said
/// on standard error.
#[cfg(feature = "toxiproxy")]
pub(super) fn reserve(count: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current };
    if let Some(limit) = limit {
        CEILING.store(ceiling(limit, count), Ordering::Relaxed);
    }
    SAYS_SO.store(true, Ordering::Relaxed);
}

/// Of a very small limit, the traffic has at least half.
#[cfg(any(test, feature = "toxiproxy"))]
fn ceiling(limit: u64, count: u64) -> i32 {
    i32::try_from(limit - count.min(limit / 2)).unwrap_or(i32::MAX)
}

/// Gives a descriptor of the traffic back, or closes it, where none is left for the traffic.
///
/// # Errors
/// `EMFILE`.
pub(super) fn for_traffic<T: AsRawFd>(descriptor: T) -> io::Result<T> {
    if descriptor.as_raw_fd() < CEILING.load(Ordering::Relaxed) {
        return Ok(descriptor);
    }
    Err(rustix::io::Errno::MFILE.into())
}

/// Says that a connection or listener could not be had, if it is for want of descriptors.
pub(super) fn note(why: &io::Error) {
    let is_shortage = matches!(
        why.raw_os_error().map(rustix::io::Errno::from_raw_os_error),
        Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE)
    );
    if !is_shortage || !SAYS_SO.load(Ordering::Relaxed) {
        return;
    }
    let mut shortage = SHORTAGE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    shortage.since += 1;
    if shortage.said.is_some_and(|at| at.elapsed() < AGAIN) {
        return;
    }
    let refused = std::mem::take(&mut shortage.since);
    shortage.said = Some(Instant::now());
    drop(shortage);
    // Nobody may read it any more.
    let _ = writeln!(
        io::stderr(),
        "quietdown: no file descriptors are left for connections; {refused} could not be served since this was said last. \
         Raise the hard limit (ulimit -Hn), or open fewer connections"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_kept_and_the_traffic_has_at_least_half() {
        assert_eq!((ceiling(1024, 32), ceiling(40, 32), ceiling(u64::MAX, 32)), (992, 20, i32::MAX));
    }
}
