//! Whether the peer of a socket is still there, seen without reading what it sent.
//!
//! While a gate stops a stream, nothing reads it, so its end is not seen behind the bytes. And an end of the stream
//! alone does not say whether the peer still waits for an answer or has closed its socket and is gone.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::os::fd::AsFd;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Interval, MissedTickBehavior};

use super::descriptors::for_traffic;
use super::diag::is_closed;

/// How often to look whether a peer has closed its socket, and not only ended its stream: the kernel tells nobody.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Watches a peer while its stream is not read.
#[derive(Debug)]
pub(super) struct Watch {
    /// A second descriptor: a readiness that is used up here must not be missed where the stream is read.
    socket: TcpStream,
    ends: Option<(SocketAddrV4, SocketAddrV4)>,
    ended: bool,
    again: Interval,
}

impl Watch {
    /// Watches the peer of a stream. The socket stays open until the watch, too, is dropped.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub fn of(stream: &TcpStream) -> io::Result<Self> {
        let socket = TcpStream::from_std(for_traffic(stream.as_fd().try_clone_to_owned()?)?.into())?;
        // A socket that was reset has no peer any more; that is seen as an error of it.
        let ends = v4(stream.peer_addr()).zip(v4(stream.local_addr()));
        let mut again = tokio::time::interval(LOOK_AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { socket, ends, ended: false, again })
    }

    /// Returns when the peer has closed its socket or reset it; never while it has only ended its stream.
    ///
    /// `much` says that much is unread: the end of the stream may then still wait, on the peer's side, for room on this one.
    pub async fn gone(&mut self, much: bool) {
        loop {
            tokio::select! {
                end = end(&self.socket), if !self.ended => match end {
                    End::Reset => return,
                    End::Stream => self.ended = true,
                },
                _ = self.again.tick(), if self.ended || much => {
                    if self.ends.is_some_and(|(theirs, ours)| is_closed(theirs, ours)) {
                        return;
                    }
                }
            }
        }
    }
}

/// An address of IPv4, also as a socket of IPv6 has it.
fn v4(addr: io::Result<SocketAddr>) -> Option<SocketAddrV4> {
    let addr = addr.ok()?;
    match addr.ip().to_canonical() {
        IpAddr::V4(ip) => Some(SocketAddrV4::new(ip, addr.port())),
        IpAddr::V6(_) => None,
    }
}

/// How a peer ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// It sends no more.
    Stream,
    /// It is gone.
    Reset,
}

/// Waits until the peer ends its stream or resets it, however much is unread before that.
async fn end(socket: &TcpStream) -> End {
    loop {
        match socket.ready(Interest::READABLE | Interest::ERROR).await {
            Ok(ready) if ready.is_error() => return End::Reset,
            Ok(ready) if ready.is_read_closed() => return End::Stream,
            Ok(_) => {}
            Err(_) => return End::Reset,
        }
        // What can be read is not of interest: to be woken again, the readiness must seem used up.
        let _ = socket.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("bound");
        let (client, accepted) = tokio::join!(TcpStream::connect(addr), listener.accept());
        (client.expect("connects"), accepted.expect("accepts").0)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_peer_that_only_ended_its_stream_is_there_until_it_closes_behind_unread_bytes() {
        let (mut client, server) = pair().await;
        client.write_all(b"never read").await.expect("fits");
        client.shutdown().await.expect("ends its stream");
        let mut watch = Watch::of(&server).expect("watches");
        assert_eq!(end(&watch.socket).await, End::Stream);
        let (theirs, ours) = watch.ends.expect("both IPv4");
        assert!(!is_closed(theirs, ours));
        drop(client);
        watch.gone(false).await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_reset_is_seen_behind_unread_bytes() {
        let (mut client, server) = pair().await;
        client.write_all(b"never read").await.expect("fits");
        let mut watch = Watch::of(&server).expect("watches");
        client.set_zero_linger().expect("set");
        drop(client);
        watch.gone(false).await;
    }
}
