//! What the machine allows this process, and what to say when that is not enough.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one: links, pipes and sockets of many runs are open at once.
pub(super) fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
}

/// What to do when this error shows that the machine is short of something; nothing when it is another error.
pub fn shortage(error: &io::Error) -> Option<String> {
    let open = || getrlimit(Resource::Nofile).current.map_or("no limit".to_owned(), |limit| limit.to_string());
    Some(match error.raw_os_error()? {
        libc::EMFILE => format!(
            "this process may have {} files open: raise it (`ulimit -n 4096`), or run fewer scenarios at once (`--jobs`)",
            open()
        ),
        libc::ENFILE => "the machine has no more open files: raise the limit (`sysctl fs.file-max`)".to_owned(),
        libc::ENOSPC => "no space is left: free some, or keep the runs elsewhere (`--runs FOLDER`)".to_owned(),
        libc::EDQUOT => "the quota is used up: free some space, or keep the runs elsewhere (`--runs FOLDER`)".to_owned(),
        libc::EAGAIN => {
            "no more processes may be started: raise the limit (`ulimit -u`, or the container's pids), or run fewer scenarios at once (`--jobs`)"
                .to_owned()
        }
        libc::ENOMEM => "no memory is left: run fewer scenarios at once (`--jobs`)".to_owned(),
        libc::EADDRINUSE | libc::EADDRNOTAVAIL => {
            "no port is free: widen the range (`sysctl net.ipv4.ip_local_port_range`), or run fewer scenarios at once (`--jobs`)".to_owned()
        }
        _ => return None,
    })
}

/// What a run has open of its own: its runtime, its port, its folder, its subreaper.
const OF_A_RUN: u64 = 24;

/// What each process of it adds: its streams, its pidfd, its link and some connections.
const OF_A_PROCESS: u64 = 20;

/// What a process of this kind has open anyway when runs begin, and what it needs to say what is wrong.
const KEPT: u64 = 24;

static RESERVED: Mutex<u64> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

/// The open files that a run may need. Runs for which there are not enough at once wait for each other.
#[derive(Debug)]
pub struct Descriptors(u64);

/// A run needs more open files than this process may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a run with {processes} processes needs up to {needed} open files, and this process may have {limit}: raise the limit (`ulimit -n 4096`)"
)]
pub struct OpenFilesError {
    processes: usize,
    needed: u64,
    limit: u64,
}

impl Descriptors {
    /// Reserves those of a run with so many processes, and waits until there are enough.
    ///
    /// # Errors
    /// When there would not be enough for it alone: what to do.
    pub fn reserve(processes: usize) -> Result<Self, OpenFilesError> {
        let wanted = OF_A_RUN + OF_A_PROCESS * processes as u64;
        let room = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX).saturating_sub(KEPT);
        if wanted > room {
            return Err(OpenFilesError { processes, needed: wanted + KEPT, limit: room + KEPT });
        }
        let mut reserved = reserved();
        while *reserved + wanted > room && *reserved > 0 {
            reserved = GIVEN_BACK.wait(reserved).unwrap_or_else(PoisonError::into_inner);
        }
        *reserved += wanted;
        Ok(Self(wanted))
    }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        *reserved() -= self.0;
        GIVEN_BACK.notify_all();
    }
}

fn reserved() -> MutexGuard<'static, u64> {
    RESERVED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_is_short_of_comes_with_advice() {
        for number in [libc::EMFILE, libc::ENFILE, libc::ENOSPC, libc::EAGAIN, libc::ENOMEM, libc::EADDRINUSE] {
            let error = io::Error::from_raw_os_error(number);
            assert!(shortage(&error).is_some_and(|advice| advice.contains(": ") || advice.contains(',')), "{error}");
        }
        assert_eq!(shortage(&io::Error::from_raw_os_error(libc::ENOENT)), None);
        assert_eq!(shortage(&io::Error::other("x")), None);
    }
}
