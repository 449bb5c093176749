//! A port that is the run's from its beginning to its end, whether its server is up or not.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt};

/// A loopback port that is bound, but not listened on: connecting to it is refused, nobody else is given it, and a server that binds it with
/// `SO_REUSEADDR` (the default of most runtimes) can listen on it, again and again.
#[derive(Debug)]
pub struct ReservedPort {
    addr: SocketAddr,
    // Holds the port; closed on drop.
    _socket: OwnedFd,
}

impl ReservedPort {
    /// Reserves an ephemeral port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is left.
    pub fn new() -> io::Result<Self> {
        // The kernel never hands out a port without SO_REUSEADDR conflicts by itself, but two sockets with the option may be given the same one by
        // an explicit bind only: the first socket picks it, the second takes it over with the option set.
        let first = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&first, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let addr: SocketAddr = getsockname(&first)?.try_into().map_err(io::Error::other)?;
        sockopt::set_socket_reuseaddr(&first, true)?;
        let held = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        rustix::io::fcntl_setfd(&held, rustix::io::FdFlags::CLOEXEC)?;
        sockopt::set_socket_reuseaddr(&held, true)?;
        bind(&held, &addr)?;
        drop(first);
        Ok(Self { addr, _socket: held })
    }

    /// Its address.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn is_refused_until_a_server_listens_and_again_after_it_has_ended() {
        let port = ReservedPort::new().expect("a port");
        let refused = || TcpStream::connect(port.addr()).expect_err("nobody listens").kind();
        assert_eq!(refused(), io::ErrorKind::ConnectionRefused);
        for _ in 0..2 {
            let server = TcpListener::bind(port.addr()).expect("std sets SO_REUSEADDR");
            TcpStream::connect(port.addr()).expect("it listens");
            drop(server);
            assert_eq!(refused(), io::ErrorKind::ConnectionRefused);
        }
    }
}
