//! The messages of a zygote: one JSON object each, in packets.

use std::collections::BTreeMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::net::{RecvAncillaryBuffer, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use serde::{Deserialize, Serialize};

use super::Fork;

/// The longest message that a zygote sends: an error with the names of its threads.
const BOUND: usize = 64 * 1024;

/// What a zygote tells: exactly one of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    /// It has imported everything.
    pub ready: bool,
    /// It cannot be a zygote.
    pub failed: Option<String>,
    /// The number of a request; with `pid` or `error`.
    pub fork: Option<u64>,
    /// The child.
    pub pid: Option<i32>,
    /// Why there is none.
    pub error: Option<String>,
    /// This child has ended, with `status`.
    pub ended: Option<i32>,
    /// As `waitpid` gives it.
    pub status: i32,
    /// This child was reaped.
    pub reaped: Option<i32>,
}

#[derive(Serialize)]
struct ForkMessage<'a> {
    fork: u64,
    argv: &'a [String],
    env: &'a BTreeMap<String, String>,
    cwd: &'a Path,
    mark: &'a str,
}

#[derive(Serialize)]
struct ReapMessage {
    reap: i32,
}

pub(super) fn ask_to_fork(
    channel: impl AsFd,
    number: u64,
    fork: &Fork<'_>,
    streams: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let Fork { argv, env, mark, folder } = *fork;
    let text = serde_json::to_vec(&ForkMessage { fork: number, argv, env, cwd: folder, mark })?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(streams)) {
        return Err(io::Error::other("three descriptors are what fits"));
    }
    rustix::net::sendmsg(channel, &[IoSlice::new(&text)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

pub(super) fn ask_to_reap(channel: impl AsFd, pid: i32) -> io::Result<()> {
    let text = serde_json::to_vec(&ReapMessage { reap: pid })?;
    rustix::net::send(channel, &text, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// The next message; nothing when the zygote is gone.
pub(super) fn next(channel: impl AsFd) -> io::Result<Option<Told>> {
    let mut buffer = vec![0; BOUND];
    let mut control = RecvAncillaryBuffer::default();
    let received = loop {
        match rustix::net::recvmsg(&channel, &mut [IoSliceMut::new(&mut buffer)], &mut control, RecvFlags::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            // It was killed with messages unread.
            Err(rustix::io::Errno::CONNRESET) => return Ok(None),
            other => break other?.bytes,
        }
    };
    match received {
        0 => Ok(None),
        count => Ok(Some(serde_json::from_slice(&buffer[..count])?)),
    }
}
