//! The two sockets of a connection, and how they are broken.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::Shutdown;
use tokio::net::TcpStream;

use crate::proxy::{CutMode, Toward};

#[derive(Debug)]
pub(super) struct Ends {
    pub client: Option<TcpStream>,
    pub server: Option<TcpStream>,
}

impl Ends {
    /// Whether anybody is left who would notice: not when each peer has ended its stream, or reset it, by itself.
    pub fn are_live(&self) -> bool {
        [&self.client, &self.server].into_iter().flatten().any(|stream| !has_left(stream))
    }

    /// Whether a cut that way meets a peer that has not left.
    pub fn breaks(&self, toward: Toward) -> bool {
        let client = (toward != Toward::Server).then_some(self.client.as_ref()).flatten();
        let server = (toward != Toward::Client).then_some(self.server.as_ref()).flatten();
        [client, server].into_iter().flatten().any(|stream| !has_left(stream))
    }

    /// Breaks the connection for the sides that are named.
    pub fn cut(&mut self, mode: CutMode, toward: Toward) {
        match mode {
            CutMode::Rst => self.reset(toward),
            CutMode::Fin => self.finish(toward),
        }
    }

    /// Closes so that the peer sees a reset.
    pub fn reset(&mut self, toward: Toward) {
        let client = (toward != Toward::Server).then(|| self.client.take()).flatten();
        let server = (toward != Toward::Client).then(|| self.server.take()).flatten();
        for stream in [client, server].into_iter().flatten() {
            let _ = stream.set_zero_linger();
        }
    }

    /// Ends the stream towards the peer in an orderly way; the socket stays, to be drained: closing it with unread data would reset it.
    fn finish(&mut self, toward: Toward) {
        let client = (toward != Toward::Server).then_some(self.client.as_ref()).flatten();
        let server = (toward != Toward::Client).then_some(self.server.as_ref()).flatten();
        for stream in [client, server].into_iter().flatten() {
            let _ = rustix::net::shutdown(stream, Shutdown::Write);
        }
    }
}

/// Asks the kernel: what has come from the peer may not have been read yet.
fn has_left(stream: &TcpStream) -> bool {
    let mut asked = [PollFd::new(stream, PollFlags::RDHUP)];
    let now = Timespec::try_from(Duration::ZERO).ok();
    poll(&mut asked, now.as_ref()).is_ok_and(|ready| ready > 0)
}
