//! Where the server is to listen.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use tokio::net::TcpSocket;

/// The server's address, and for a port of our choice the socket that keeps it ours until the server listens there.
///
/// # Errors
/// When the host is unknown, or the port not to be had.
pub fn hold(host: &str, port: u16) -> io::Result<(SocketAddr, Option<TcpSocket>)> {
    let unknown = || io::Error::new(io::ErrorKind::NotFound, format!("the host {host} has no address"));
    let address = (host, port).to_socket_addrs()?.next().ok_or_else(unknown)?;
    if port != 0 {
        return Ok((address, None));
    }
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok((socket.local_addr()?, Some(socket)))
}
