//! What the supervisor, its subreapers and the harness share: messages on a socket, with descriptors, and children as the kernel knows
//! them.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use rustix::process::{Pid, WaitIdOptions, waitid};

/// As many descriptors come with one message.
const DESCRIPTORS: usize = 8;

/// No message is longer: a program's arguments and its environment are at most 2 MiB (execve(2)).
const BOUND: usize = 8 << 20;

/// Sends `first`, with descriptors.
pub(super) fn send_descriptors(channel: &UnixStream, first: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors"));
    }
    let sent = sendmsg(channel, &[IoSlice::new(first)], &mut control, SendFlags::NOSIGNAL)?;
    (&*channel).write_all(&first[sent..])
}

/// Receives the beginning of a message, with its descriptors; no byte is the end.
pub(super) fn receive_descriptors(channel: &UnixStream, into: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let count = loop {
        match recvmsg(channel, &mut [IoSliceMut::new(into)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other?.bytes,
        }
    };
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    Ok((count, descriptors))
}

/// A request: what it is, what it says, and its descriptors.
#[derive(Debug)]
pub(super) struct Request {
    pub kind: u8,
    pub body: Vec<u8>,
    pub descriptors: Vec<OwnedFd>,
}

const HEAD: usize = 5;

pub(super) fn send(channel: &UnixStream, kind: u8, body: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= BOUND);
    let length = length.ok_or_else(|| io::Error::from_raw_os_error(libc::E2BIG))?;
    let mut head = [kind; HEAD];
    head[1..].copy_from_slice(&length.to_le_bytes());
    send_descriptors(channel, &head, descriptors)?;
    (&*channel).write_all(body)
}

/// The next request; nothing when the other side is gone.
pub(super) fn receive(mut channel: &UnixStream) -> io::Result<Option<Request>> {
    let mut head = [0; HEAD];
    let (count, descriptors) = receive_descriptors(channel, &mut head)?;
    if count == 0 {
        return Ok(None);
    }
    channel.read_exact(&mut head[count..])?;
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let mut body = vec![0; length.min(BOUND)];
    channel.read_exact(&mut body)?;
    Ok(Some(Request { kind: head[0], body, descriptors }))
}

/// Answers a request: how it went, and what there is to say.
pub(super) fn answer(mut channel: &UnixStream, outcome: io::Result<Vec<u8>>) -> io::Result<()> {
    let (errno, body) = match outcome {
        Ok(body) => (0, body),
        Err(why) => (why.raw_os_error().unwrap_or(libc::EIO), Vec::new()),
    };
    let mut message = errno.to_le_bytes().to_vec();
    message.extend((body.len() as u32).to_le_bytes());
    message.extend(body);
    channel.write_all(&message)
}

pub(super) fn answer_error(channel: &UnixStream, why: &io::Error) -> io::Result<()> {
    answer(channel, Err(io::Error::from_raw_os_error(why.raw_os_error().unwrap_or(libc::EIO))))
}

/// Waits for an answer.
pub(super) fn answered(mut channel: &UnixStream) -> io::Result<Vec<u8>> {
    let broken = |why: io::Error| {
        let late = matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        // As EAGAIN it would pass for a shortage of processes.
        io::Error::other(if late {
            "the subreaper does not answer".to_owned()
        } else {
            format!("the subreaper is gone: {why}")
        })
    };
    let mut head = [0; 8];
    channel.read_exact(&mut head).map_err(broken)?;
    let errno = i32::from_le_bytes([head[0], head[1], head[2], head[3]]);
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let mut body = vec![0; length.min(BOUND)];
    channel.read_exact(&mut body).map_err(broken)?;
    if errno == 0 { Ok(body) } else { Err(io::Error::from_raw_os_error(errno)) }
}

/// Tells when a child of this process has ended.
#[derive(Debug)]
pub(super) struct Children(OwnedFd);

impl Children {
    /// Makes this process the one that orphaned descendants fall to, and begins to watch for ends. It must have one thread.
    pub fn watch() -> io::Result<Self> {
        // SAFETY: bare system calls; the set of signals is plain data of this function.
        unsafe {
            if libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 {
                return Err(io::Error::last_os_error());
            }
            // Whoever has started the harness may have ignored it, and then no child could be waited for.
            libc::signal(libc::SIGCHLD, libc::SIG_DFL);
            let mut signals: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut signals);
            libc::sigaddset(&raw mut signals, libc::SIGCHLD);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const signals, std::ptr::null_mut());
            let descriptor = libc::signalfd(-1, &raw const signals, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(OwnedFd::from_raw_fd(descriptor)))
        }
    }

    /// Takes what was told.
    pub fn clear(&self) {
        let mut buffer = [0; 1024];
        while rustix::io::read(&self.0, &mut buffer).is_ok_and(|count| count > 0) {}
    }

    /// Waits for an end, but not longer than this.
    pub fn wait(&self, time: Duration) {
        let _ = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Timespec::try_from(time).ok().as_ref());
        self.clear();
    }
}

impl AsFd for Children {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The children of this process, which has one thread; zombies too.
pub(super) fn children() -> Vec<Pid> {
    let own = rustix::process::getpid().as_raw_nonzero();
    if let Ok(text) = std::fs::read_to_string(format!("/proc/self/task/{own}/children")) {
        return text.split_ascii_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect();
    }
    // A kernel without CONFIG_PROC_CHILDREN.
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let own = own.get();
    pids.filter(|pid| super::stat::stat(*pid).is_some_and(|stat| stat.parent == own))
        .filter_map(Pid::from_raw)
        .collect()
}

/// Whether it has any: the kernel's own word.
pub(super) fn has_children() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(rustix::process::WaitId::All, options), Err(rustix::io::Errno::CHILD))
}
