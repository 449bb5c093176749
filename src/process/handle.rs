//! A process that is held by a descriptor (pidfd_open(2)): a signal never meets another process that was given its id later.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Sends a signal to the group whose id is that of the held process; since Linux 6.9.
const PIDFD_SIGNAL_PROCESS_GROUP: libc::c_uint = 1 << 2;

/// A process that the harness has started, or that was shown to be one of its own.
#[derive(Debug)]
pub(crate) struct ProcessHandle {
    pid: Pid,
    descriptor: OwnedFd,
}

impl ProcessHandle {
    /// Holds the process that has this id now. Whoever calls this knows whose it is.
    ///
    /// # Errors
    /// When there is none, or no descriptor is left.
    pub fn open(pid: Pid) -> io::Result<Self> {
        Ok(Self { pid, descriptor: pidfd_open(pid, PidfdFlags::empty())? })
    }

    /// Its process id, which can be another's once it was reaped.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Whether it has ended, reaped or not.
    pub fn has_ended(&self) -> bool {
        self.ends_within(Timespec { tv_sec: 0, tv_nsec: 0 })
    }

    /// Waits for its end; false when it has not come within this time.
    pub fn ends_within(&self, time: Timespec) -> bool {
        poll(&mut [PollFd::new(&self.descriptor, PollFlags::IN)], Some(&time)).is_ok_and(|ready| ready > 0)
    }

    /// Whether its id is still its own: it lives, or nobody has reaped it.
    pub fn has_its_id(&self) -> bool {
        // SAFETY: the descriptor is open. Signal 0 is none.
        let sent = unsafe { send(&self.descriptor, 0, 0) };
        sent.is_ok()
    }

    /// Signals the process alone; false when it had ended.
    pub fn signal(&self, signal: Signal) -> bool {
        !self.has_ended() && pidfd_send_signal(&self.descriptor, signal).is_ok()
    }

    /// Signals the group that it leads; false when it had ended.
    pub fn signal_group(&self, signal: Signal) -> bool {
        if self.has_ended() {
            return false;
        }
        // SAFETY: the descriptor is open.
        match unsafe { send(&self.descriptor, signal.as_raw(), PIDFD_SIGNAL_PROCESS_GROUP) } {
            Ok(()) => true,
            // An older kernel. It has not ended a moment ago, and is reaped only on the harness's word: the id is its own.
            Err(why) if why.raw_os_error() == Some(libc::EINVAL) => kill_process_group(self.pid, signal).is_ok(),
            Err(_) => false,
        }
    }
}

impl ProcessHandle {
    /// Its end as something to wait for: it is readable from then on.
    ///
    /// # Errors
    /// When no descriptor is left, or there is no runtime.
    pub fn readable_at_its_end(&self) -> io::Result<AsyncFd<OwnedFd>> {
        let own = self.descriptor.try_clone()?;
        // SAFETY: the descriptor is owned, and stays open as long as what owns it.
        unsafe { AsyncFd::register_with_interest(own, Interest::READABLE) }.map_err(io::Error::from)
    }
}

impl AsFd for ProcessHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// pidfd_send_signal(2), with its flags.
unsafe fn send(descriptor: &OwnedFd, signal: i32, flags: libc::c_uint) -> io::Result<()> {
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a bare system call on an open descriptor.
    let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, descriptor.as_raw_fd(), signal, none, flags) };
    if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn sleeper(leads: bool) -> (Child, ProcessHandle) {
        let mut command = Command::new("sleep");
        command.arg("3600").stdin(Stdio::null());
        if leads {
            command.process_group(0);
        }
        let child = command.spawn().expect("sleep");
        let handle = ProcessHandle::open(Pid::from_child(&child)).expect("it lives");
        (child, handle)
    }

    #[test]
    fn a_process_that_was_reaped_is_signalled_no_more() {
        let (mut child, handle) = sleeper(true);
        assert!(handle.has_its_id() && !handle.has_ended());
        assert!(handle.signal_group(Signal::TERM));
        assert!(handle.ends_within(Timespec { tv_sec: 60, tv_nsec: 0 }));
        assert!(handle.has_its_id(), "it is not reaped yet");
        assert!(!handle.signal(Signal::KILL) && !handle.signal_group(Signal::KILL));
        assert_eq!(child.wait().expect("reaped").signal(), Some(15));
        assert!(!handle.has_its_id() && handle.has_ended());
    }

    /// Its group is somebody else's, this test's own: nobody of that group is signalled in its stead.
    #[test]
    fn a_process_that_leads_no_group_gets_no_signal_for_its_group() {
        let (mut child, handle) = sleeper(false);
        handle.signal_group(Signal::TERM);
        assert!(!handle.has_ended());
        assert!(handle.signal(Signal::KILL));
        child.wait().expect("reaped");
    }
}
