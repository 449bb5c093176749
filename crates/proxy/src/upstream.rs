//! Where a link leads to.

use std::fmt;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt};
use tokio::net::TcpStream;

use super::descriptors::for_traffic;
use super::lookup::look_up;

/// The address of a server. A name is looked up at every connect: it may move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// An address.
    Addr(SocketAddr),
    /// `HOST:PORT`.
    Named(String),
}

/// Why a text is no address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongUpstream {
    /// It has no host, or no port.
    #[error("`{0}` is no address; write HOST:PORT, such as 127.0.0.1:8000")]
    Malformed(String),
    /// It is a URL.
    #[error("`{url}` is a URL, and TCP knows no `{scheme}`; write HOST:PORT alone: {host}")]
    Url {
        /// What was written.
        url: String,
        /// Its scheme.
        scheme: String,
        /// Its host and port.
        host: String,
    },
}

impl Upstream {
    /// Reads `HOST:PORT`.
    ///
    /// # Errors
    /// What is wrong, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, WrongUpstream> {
        if let Ok(addr) = text.parse() {
            return Ok(Self::Addr(addr));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let (scheme, host) = (scheme.to_owned(), rest.split('/').next().unwrap_or_default().to_owned());
            return Err(WrongUpstream::Url { url: text.to_owned(), scheme, host });
        }
        let (host, port) = text.rsplit_once(':').unwrap_or_default();
        let is_host = !host.is_empty() && !host.contains(|c: char| c == ':' || c == '/' || c.is_whitespace());
        if is_host && port.parse::<u16>().is_ok() {
            return Ok(Self::Named(text.to_owned()));
        }
        Err(WrongUpstream::Malformed(text.to_owned()))
    }

    /// Its address now, if that is one of 127.0.0.0/8: the kernel [knows](super::is_listened_at) whether anybody listens
    /// there.
    pub async fn local(&self) -> Option<SocketAddrV4> {
        let addr = match self {
            Self::Addr(addr) => *addr,
            Self::Named(name) => look_up(name).await.ok()?.into_iter().find(SocketAddr::is_ipv4)?,
        };
        match addr {
            SocketAddr::V4(addr) if addr.ip().is_loopback() => Some(addr),
            _ => None,
        }
    }

    /// Whether it takes a connection, which is ended at once.
    pub async fn is_reached(&self) -> bool {
        self.connect(None, |_| true).await.is_ok()
    }

    /// Connects to it, with a receive buffer of so many bytes, or as large as the kernel finds right.
    /// Addresses that `allowed` refuses are not connected to.
    pub(super) async fn connect(
        &self,
        receive_buffer: Option<u32>,
        allowed: impl Fn(SocketAddr) -> bool,
    ) -> io::Result<TcpStream> {
        let found = match self {
            Self::Addr(addr) => return connect_if(allowed(*addr), *addr, receive_buffer).await,
            Self::Named(name) => look_up(name).await?,
        };
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for addr in found {
            match connect_if(allowed(addr), addr, receive_buffer).await {
                Ok(stream) => return Ok(stream),
                Err(why) => last = why,
            }
        }
        Err(last)
    }
}

async fn connect_if(allowed: bool, addr: SocketAddr, receive_buffer: Option<u32>) -> io::Result<TcpStream> {
    match allowed {
        true => connect(addr, receive_buffer).await,
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "the address is that of the proxy itself")),
    }
}

/// Whether a connection to `addr` would come to whoever listens at `listener`, an address of this machine.
pub(super) fn leads_to(addr: SocketAddr, listener: SocketAddr) -> bool {
    let (ip, own) = (addr.ip().to_canonical(), listener.ip().to_canonical());
    if addr.port() != listener.port() {
        return false;
    }
    match (ip.is_unspecified(), own.is_unspecified()) {
        // Connecting to no address in particular is connecting to this machine.
        (true, _) => own.is_unspecified() || own.is_loopback(),
        // Only an address of this machine can be bound.
        (false, true) => (own.is_ipv6() || ip.is_ipv4()) && std::net::UdpSocket::bind((ip, 0)).is_ok(),
        (false, false) => ip == own,
    }
}

/// A TCP socket for the runtime, which sends small messages at once.
pub(super) fn stream_socket(addr: SocketAddr) -> io::Result<OwnedFd> {
    let family = if addr.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    // Without this, they wait for acknowledgements that nobody needs on a link that only forwards.
    sockopt::set_tcp_nodelay(&socket, true)?;
    for_traffic(socket)
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
        for wrong in
            ["", "localhost", ":80", "localhost:", "localhost:http", "localhost:65536", "a b:80", "::1:80", "a/b:80"]
        {
            assert_eq!(Upstream::parse(wrong), Err(WrongUpstream::Malformed(wrong.to_owned())));
        }
        let url = Upstream::parse("http://example.com:80/x").expect_err("a URL").to_string();
        assert!(url.ends_with("write HOST:PORT alone: example.com:80"), "{url}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_connection_has_the_receive_buffer_that_was_asked_for() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let upstream = Upstream::Addr(server.local_addr().expect("bound"));
        let stream = upstream.connect(Some(50_000), |_| true).await.expect("connects");
        let size = rustix::net::sockopt::socket_recv_buffer_size(&stream).expect("a size");
        assert_eq!(size, 2 * 50_000);
    }
}
