//! What a subreaper does. It has one thread, and only its own children are ever signalled here: nobody else can reap them, so their
//! ids are theirs.

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::request::{self, Belonging, OrphanProcess, Program};
use crate::process::descendants::{command_of, mark_of};
use crate::process::wire::{self, Children, Request};
use crate::process::{stat, vfork};

/// How long the ends of orphans are waited for.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// After so many looks in which something had just ended, what has ended is told instead.
const LOOKS: usize = 1000;

/// Beyond any that is given to a child.
const ABOVE: i32 = 16;

/// Forks this process.
///
/// # Safety
/// It must have one thread.
pub(in crate::process) unsafe fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: as the caller promises.
    match unsafe { libc::fork() } {
        ..0 => Err(io::Error::last_os_error()),
        child => Ok(Pid::from_raw(child)),
    }
}

/// Serves until the other side is gone, then ends everything.
pub(in crate::process) fn serve(channel: UnixStream) {
    let children = match Children::watch() {
        Ok(children) => children,
        Err(why) => return drop(wire::answer_error(&channel, &why)),
    };
    let mut server = Server { children, started: HashSet::new() };
    if wire::answer(&channel, Ok(Vec::new())).is_ok() {
        server.answer_all(&channel);
    }
    drop(channel);
    server.end_everything();
}

struct Server {
    children: Children,
    /// What was started and is not reaped.
    started: HashSet<Pid>,
}

impl Server {
    fn answer_all(&mut self, channel: &UnixStream) {
        loop {
            let mut ready = [PollFd::new(channel, PollFlags::IN), PollFd::new(&self.children, PollFlags::IN)];
            match poll(&mut ready, None) {
                Err(Errno::INTR) => continue,
                Err(_) => return,
                Ok(_) => {}
            }
            let (asked, ended) = (!ready[0].revents().is_empty(), !ready[1].revents().is_empty());
            if ended {
                // Thousands of zombies would use the process ids up.
                self.children.clear();
                self.reap_orphans();
            }
            if asked {
                let Ok(Some(request)) = wire::receive(channel) else { return };
                if wire::answer(channel, self.obey(request)).is_err() {
                    return;
                }
            }
        }
    }

    fn obey(&mut self, request: Request) -> io::Result<Vec<u8>> {
        match request.kind {
            request::START => self.start(&request.body, request.descriptors),
            request::REAP => self.reap(request::number(&request.body, 0)),
            request::ORPHANS => Ok(serde_json::to_vec(&self.orphans())?),
            request::END_ORPHANS => {
                let left = self.end_orphans(&serde_json::from_slice(&request.body)?);
                Ok(i32::try_from(left).unwrap_or(i32::MAX).to_le_bytes().to_vec())
            }
            _ => Err(io::Error::from_raw_os_error(libc::EINVAL)),
        }
    }

    fn start(&mut self, body: &[u8], descriptors: Vec<OwnedFd>) -> io::Result<Vec<u8>> {
        let wrong = || io::Error::from_raw_os_error(libc::EINVAL);
        let (sent, program) = Program::decode(body).ok_or_else(wrong)?;
        if descriptors.len() < sent {
            // The kernel drops what has no room.
            return Err(io::Error::from_raw_os_error(libc::EMFILE));
        }
        let moved: Result<Vec<OwnedFd>, Errno> = match descriptors.len() {
            // What is given as 0, 1 and 2 overwrites none of the others.
            ..=3 => Ok(descriptors),
            _ => descriptors.iter().map(|descriptor| rustix::io::fcntl_dupfd_cloexec(descriptor, ABOVE)).collect(),
        };
        let pid = vfork::start(&program, &moved?)?;
        self.started.insert(pid);
        Ok(pid.as_raw_nonzero().get().to_le_bytes().to_vec())
    }

    /// The status as waitpid(2) gives it, and the processor time in microseconds.
    fn reap(&mut self, pid: i32) -> io::Result<Vec<u8>> {
        let known = Pid::from_raw(pid).filter(|pid| self.started.contains(pid));
        let known = known.ok_or_else(|| io::Error::from_raw_os_error(libc::ECHILD))?;
        // SAFETY: plain data, which the call fills.
        let (waited, status, usage) = unsafe {
            let (mut status, mut usage) = (0, std::mem::zeroed::<libc::rusage>());
            let waited = libc::wait4(pid, &raw mut status, libc::WNOHANG, &raw mut usage);
            (waited, status, usage)
        };
        match waited {
            // It lives: whoever asks is wrong.
            0 => Err(io::Error::from_raw_os_error(libc::EBUSY)),
            ..0 => Err(io::Error::last_os_error()),
            _ => {
                self.started.remove(&known);
                let micros = |time: libc::timeval| time.tv_sec * 1_000_000 + time.tv_usec;
                let took = i32::try_from(micros(usage.ru_utime) + micros(usage.ru_stime)).unwrap_or(i32::MAX);
                Ok([status.to_le_bytes(), took.to_le_bytes()].concat())
            }
        }
    }

    /// Reaps orphans that have ended; gives those that live, and whether any was reaped.
    fn reap_orphans(&self) -> (Vec<Pid>, Option<Pid>) {
        let (mut living, mut reaped) = (Vec::new(), None);
        for pid in wire::children().into_iter().filter(|pid| !self.started.contains(pid)) {
            match waitpid(Some(pid), WaitOptions::NOHANG) {
                Ok(None) => living.push(pid),
                _ => reaped = Some(pid),
            }
        }
        (living, reaped)
    }

    fn orphans(&self) -> Vec<OrphanProcess> {
        for _ in 0..LOOKS {
            // What has just ended may have left something behind while this looked.
            match self.reap_orphans() {
                (living, _) if !living.is_empty() => {
                    // One without a command line has ended since, and what it left behind is looked for.
                    let named: Vec<OrphanProcess> =
                        living.into_iter().map(orphan).filter(|orphan| !orphan.command.is_empty()).collect();
                    if !named.is_empty() {
                        return named;
                    }
                }
                (_, None) if !self.started.is_empty() || !wire::has_children() => return Vec::new(),
                _ => {}
            }
        }
        let pid = self.reap_orphans().1.map_or(0, |pid| pid.as_raw_nonzero().get());
        let command = "a process that ends faster than anybody can look, and leaves another one".to_owned();
        vec![OrphanProcess { pid, group: 0, mark: String::new(), command }]
    }

    fn end_orphans(&self, of: &Belonging) -> usize {
        let deadline = Instant::now() + ENDS_WITHIN;
        let mut none = 0;
        loop {
            let (living, reaped) = self.reap_orphans();
            let meant: Vec<Pid> =
                living.into_iter().filter(|pid| of.is_everything() || of.has(&orphan(*pid))).collect();
            meant.iter().for_each(|pid| drop_result(kill_process(*pid, Signal::KILL)));
            none = if meant.is_empty() && reaped.is_none() { none + 1 } else { 0 };
            // One that is replacing its program has no mark for a moment.
            let enough = if of.is_everything() { 1 } else { 3 };
            if none >= enough || Instant::now() > deadline {
                return meant.len();
            }
            if reaped.is_none() {
                self.children.wait(Duration::from_millis(1));
            }
        }
    }

    /// With what was started, until the kernel says that there is no child any more.
    fn end_everything(&mut self) {
        self.started.clear();
        loop {
            let (living, reaped) = self.reap_orphans();
            if living.is_empty() && reaped.is_none() && !wire::has_children() {
                return;
            }
            living.iter().for_each(|pid| drop_result(kill_process(*pid, Signal::KILL)));
            if reaped.is_none() {
                self.children.wait(Duration::from_millis(5));
            }
        }
    }
}

/// Who has ended meanwhile needs no signal.
fn drop_result(_: rustix::io::Result<()>) {}

/// How long a program may take to be replaced.
const EXECUTES_WITHIN: Duration = Duration::from_secs(1);

fn orphan(pid: Pid) -> OrphanProcess {
    let pid = pid.as_raw_nonzero().get();
    let deadline = Instant::now() + EXECUTES_WITHIN;
    // While its program is being replaced it has neither a mark nor a command line, and nobody is told the end of that.
    while stat::stat(pid).is_some_and(|stat| stat.is_executing && stat.state != 'Z') && Instant::now() < deadline {
        std::thread::sleep(Duration::from_micros(200));
    }
    OrphanProcess {
        pid,
        group: stat::stat(pid).map_or(0, |stat| stat.group),
        mark: mark_of(pid, "").unwrap_or_default(),
        command: command_of(pid),
    }
}
