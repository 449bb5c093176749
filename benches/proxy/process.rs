//! What the kernel says of a process.

use std::fs;
use std::io;
use std::time::Duration;

/// The processor time of a process so far, in user and kernel mode, over all its threads.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // The nanoseconds behind utime and stime, which /proc/PID/stat rounds to 10 ms.
        let stat = fs::read_to_string(task?.path().join("schedstat"))?;
        let spent = stat.split_whitespace().next().and_then(|nanos| nanos.parse::<u64>().ok());
        nanos += spent.ok_or_else(|| io::Error::other("schedstat has no time"))?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// The memory that a process has filled itself (heap and stacks; no code), in bytes.
pub fn own_memory(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.split_whitespace().next()?.parse().ok());
    kib.map(|kib: u64| kib * 1024).ok_or_else(|| io::Error::other("the kernel does not say RssAnon"))
}
