//! Where a link leads to.

use std::fmt;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt};
use tokio::net::{TcpStream, lookup_host};

/// The address of a server. A name is looked up at every connect: it may move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// An address.
    Addr(SocketAddr),
    /// `HOST:PORT`.
    Named(String),
}

impl Upstream {
    /// Reads `HOST:PORT`.
    ///
    /// # Errors
    /// What is wrong, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(addr) = text.parse() {
            return Ok(Self::Addr(addr));
        }
        let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
        match port {
            Some(Ok(_)) => Ok(Self::Named(text.to_owned())),
            _ => Err(format!("`{text}` is no address; write HOST:PORT, such as 127.0.0.1:8000")),
        }
    }

    /// Its address now, if that is one of 127.0.0.0/8: the kernel [knows](super::is_listened_at) whether anybody listens
    /// there.
    pub async fn local(&self) -> Option<SocketAddrV4> {
        let addr = match self {
            Self::Addr(addr) => *addr,
            Self::Named(name) => lookup_host(name).await.ok()?.find(SocketAddr::is_ipv4)?,
        };
        match addr {
            SocketAddr::V4(addr) if addr.ip().is_loopback() => Some(addr),
            _ => None,
        }
    }

    /// Whether it takes a connection, which is ended at once.
    pub async fn is_reached(&self) -> bool {
        self.connect(None).await.is_ok()
    }

    /// Connects to it, with a receive buffer of so many bytes, or as large as the kernel finds right.
    pub(super) async fn connect(&self, receive_buffer: Option<u32>) -> io::Result<TcpStream> {
        match self {
            Self::Addr(addr) => connect(*addr, receive_buffer).await,
            Self::Named(name) => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                for addr in lookup_host(name).await? {
                    match connect(addr, receive_buffer).await {
                        Ok(stream) => return Ok(stream),
                        Err(why) => last = why,
                    }
                }
                Err(last)
            }
        }
    }
}

/// A TCP socket for the runtime, which sends small messages at once.
pub(super) fn stream_socket(addr: SocketAddr) -> io::Result<OwnedFd> {
    let family = if addr.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    // Without this, they wait for acknowledgements that nobody needs on a link that only forwards.
    sockopt::set_tcp_nodelay(&socket, true)?;
    Ok(socket)
}

async fn connect(addr: SocketAddr, receive_buffer: Option<u32>) -> io::Result<TcpStream> {
    let socket = stream_socket(addr)?;
    if let Some(size) = receive_buffer {
        sockopt::set_socket_recv_buffer_size(&socket, size as usize)?;
    }
    match rustix::net::connect(&socket, &addr) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(why) => return Err(why.into()),
    }
    let stream = TcpStream::from_std(socket.into())?;
    // On loopback it is connected by now, and the event that says so would come a turn later.
    if stream.peer_addr().is_err() {
        stream.writable().await?;
        if let Some(why) = stream.take_error()? {
            return Err(why);
        }
    }
    Ok(stream)
}

impl From<SocketAddr> for Upstream {
    fn from(addr: SocketAddr) -> Self {
        Self::Addr(addr)
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addr(addr) => addr.fmt(f),
            Self::Named(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_host_and_a_port() {
        assert_eq!(Upstream::parse("127.0.0.1:80"), Ok(Upstream::Addr(([127, 0, 0, 1], 80).into())));
        assert_eq!(Upstream::parse("localhost:80"), Ok(Upstream::Named("localhost:80".to_owned())));
        for wrong in ["", "localhost", ":80", "localhost:", "localhost:http", "localhost:65536"] {
            assert!(Upstream::parse(wrong).expect_err(wrong).contains("HOST:PORT"));
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_connection_has_the_receive_buffer_that_was_asked_for() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let upstream = Upstream::Addr(server.local_addr().expect("bound"));
        let stream = upstream.connect(Some(50_000)).await.expect("connects");
        let size = rustix::net::sockopt::socket_recv_buffer_size(&stream).expect("a size");
        assert_eq!(size, 2 * 50_000);
    }
}
