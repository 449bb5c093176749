//! The two sockets of a connection, and how they are broken.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::Shutdown;
use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;

use crate::by_side::BySide;
use crate::mutation::{ProxyMutation, planted};
use crate::peer::Watch;
use crate::upstream::leads_to;
use crate::{CutMode, Side, Toward, Upstream, descriptors};

#[derive(Debug, Default)]
pub(super) struct Ends {
    pub sockets: BySide<Option<TcpStream>>,
    /// Sees the client go while its stream is not read. It holds the client's socket open, too.
    pub watch: Option<Watch>,
}

impl Ends {
    /// Whether anybody is left who would notice: not when each peer has ended its stream, or reset it, by itself.
    pub fn are_live(&self) -> bool {
        self.sockets.iter().flatten().any(|stream| !has_left(stream))
    }

    /// Whether a cut that way meets a peer that has not left.
    pub fn breaks(&self, toward: Toward) -> bool {
        sides(toward).iter().filter_map(|side| self.of(*side)).any(|stream| !has_left(stream))
    }

    pub fn of(&self, side: Side) -> Option<&TcpStream> {
        self.sockets[side].as_ref()
    }

    /// Breaks the connection for the sides that are named.
    pub fn cut(&mut self, mode: CutMode, toward: Toward) {
        if planted(ProxyMutation::CutBreaksNothing) {
            return;
        }
        self.watch = None;
        match mode {
            CutMode::Rst => self.reset(toward),
            CutMode::Fin => self.finish(toward),
        }
    }

    /// Closes so that the peer sees a reset.
    pub fn reset(&mut self, toward: Toward) {
        self.watch = None;
        for side in sides(toward) {
            if let Some(stream) = self.sockets[*side].take() {
                let _ = stream.set_zero_linger();
            }
        }
    }

    /// Ends the stream towards the peer in an orderly way; the socket stays, to be drained: closing it with unread data would reset it.
    fn finish(&self, toward: Toward) {
        for stream in sides(toward).iter().filter_map(|side| self.of(*side)) {
            let _ = rustix::net::shutdown(stream, Shutdown::Write);
        }
    }
}

/// The sides that see a cut.
pub(super) fn sides(toward: Toward) -> &'static [Side] {
    match toward {
        Toward::Client => &[Side::Client],
        Toward::Server => &[Side::Server],
        Toward::Both => &[Side::Client, Side::Server],
    }
}

/// Waits until a socket can be read or written, as wanted, or was reset. For a socket that is lost already: never.
pub(super) async fn ready(stream: Option<&TcpStream>, lost: bool, read: bool, write: bool) -> Ready {
    let Some(stream) = stream.filter(|_| !lost) else { return std::future::pending().await };
    // A reset must be noticed even where nothing is read or written.
    let mut interest = Interest::ERROR;
    if read {
        interest |= Interest::READABLE;
    }
    if write {
        interest |= Interest::WRITABLE;
    }
    // It fails only when the runtime goes away, and this task with it.
    stream.ready(interest).await.unwrap_or(Ready::ERROR)
}

/// Connects to the server; nothing when nobody is there, or it is the link itself, which listens at `own`.
pub(super) async fn connect(
    upstream: Option<Upstream>,
    receive_buffer: Option<u32>,
    own: SocketAddr,
) -> Option<TcpStream> {
    let connected = upstream?.connect(receive_buffer, |addr| !leads_to(addr, own)).await;
    connected.inspect_err(descriptors::note).ok()
}

/// Asks the kernel: what has come from the peer may not have been read yet.
fn has_left(stream: &TcpStream) -> bool {
    let mut asked = [PollFd::new(stream, PollFlags::RDHUP)];
    let now = Timespec::try_from(Duration::ZERO).ok();
    poll(&mut asked, now.as_ref()).is_ok_and(|ready| ready > 0)
}
