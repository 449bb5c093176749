//! Asks the kernel whether a socket of this machine is still open, by its table of sockets (sock_diag(7)).
//!
//! `/proc/net/tcp` says the same, but only of all sockets at once: tens of milliseconds where many have been closed lately.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const NETLINK_HEADER: usize = 16;
const REQUEST: usize = NETLINK_HEADER + 56;
/// Where the answer has the state of the socket.
const ANSWER_STATE: usize = NETLINK_HEADER + 1;
/// A socket that listens, as the answer has it.
const LISTEN: u8 = 10;
/// Where the answer has the ports of the socket, and the inode, which is its last field but for attributes.
const ANSWER_PORTS: usize = NETLINK_HEADER + 4;
const ANSWER_INODE: usize = NETLINK_HEADER + 68;

/// Whether no process has the socket open any more that is bound to `local` and connected to `remote`. False also when
/// there is no such socket on this machine, or the kernel cannot say.
pub(super) fn is_closed(local: SocketAddrV4, remote: SocketAddrV4) -> bool {
    // A socket that no descriptor leads to has no inode.
    ask(local, remote).is_ok_and(|inode| inode == Some(0))
}

/// Whether anybody would take a connection to `addr`, an address of this machine. Whoever listens notices nothing of it.
///
/// # Errors
/// When the kernel cannot say.
pub fn is_listened_at(addr: SocketAddrV4) -> io::Result<bool> {
    let anybody = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
    // Where no connection has these addresses, the kernel answers with who listens, also at every address of the machine.
    let answer = exchange(addr, anybody)?;
    Ok(answer.get(4..6).is_some_and(|kind| kind == SOCK_DIAG_BY_FAMILY.to_ne_bytes())
        && answer.get(ANSWER_STATE).copied() == Some(LISTEN)
        && answer.get(ANSWER_PORTS..ANSWER_PORTS + 2) == Some(&addr.port().to_be_bytes()))
}

/// The inode of a socket; nothing when there is no such socket.
fn ask(local: SocketAddrV4, remote: SocketAddrV4) -> io::Result<Option<u32>> {
    Ok(inode(&exchange(local, remote)?, local, remote))
}

/// Asks the kernel for one socket; gives its answer.
fn exchange(local: SocketAddrV4, remote: SocketAddrV4) -> io::Result<Vec<u8>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let kernel = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::SOCK_DIAG))?;
    send(&kernel, &request(local, remote), SendFlags::empty())?;
    let mut answer = vec![0; 1024];
    // The kernel has answered when it has taken the question.
    let (count, _) = recv(&kernel, &mut answer, RecvFlags::empty())?;
    answer.truncate(count);
    Ok(answer)
}

/// A `nlmsghdr` and an `inet_diag_req_v2`: for one socket, by its addresses.
fn request(local: SocketAddrV4, remote: SocketAddrV4) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(REQUEST);
    bytes.extend((REQUEST as u32).to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend(NLM_F_REQUEST.to_ne_bytes());
    // Its number, and the port of the asker, which the kernel knows.
    bytes.extend([0; 8]);
    // TCP over IPv4, no attributes, in whatever state.
    bytes.extend([AddressFamily::INET.as_raw() as u8, 6, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    bytes.extend(ports(local, remote));
    for addr in [local, remote] {
        bytes.extend(addr.ip().octets());
        bytes.extend([0; 12]);
    }
    // On whatever interface, and whatever cookie it has.
    bytes.extend([0; 4]);
    bytes.extend([0xff; 8]);
    bytes
}

/// The ports of a socket, as both messages have them.
fn ports(local: SocketAddrV4, remote: SocketAddrV4) -> [u8; 4] {
    let ([a, b], [c, d]) = (local.port().to_be_bytes(), remote.port().to_be_bytes());
    [a, b, c, d]
}

fn inode(answer: &[u8], local: SocketAddrV4, remote: SocketAddrV4) -> Option<u32> {
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    // Where nothing is connected, the kernel may answer with who listens.
    let is_it = kind == SOCK_DIAG_BY_FAMILY && answer.get(ANSWER_PORTS..ANSWER_PORTS + 4)? == ports(local, remote);
    let inode = answer.get(ANSWER_INODE..ANSWER_INODE + 4).filter(|_| is_it)?;
    Some(u32::from_ne_bytes(inode.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, TcpListener, TcpStream};

    fn v4(addr: io::Result<SocketAddr>) -> SocketAddrV4 {
        match addr.expect("bound") {
            SocketAddr::V4(addr) => addr,
            SocketAddr::V6(addr) => panic!("not asked for: {addr}"),
        }
    }

    #[test]
    fn a_socket_is_closed_when_its_last_descriptor_is() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connects");
        let (theirs, ours) = (v4(client.local_addr()), v4(client.peer_addr()));
        let accepted = listener.accept().expect("accepts");
        let second = client.try_clone().expect("a descriptor");
        drop(client);
        assert!(ask(theirs, ours).expect("the kernel answers").is_some_and(|inode| inode > 0));
        assert!(!is_closed(theirs, ours));
        // Its connection is not ended by the other side: it is closed, and still there.
        drop(second);
        assert!(is_closed(theirs, ours));
        drop(accepted);
    }

    #[test]
    fn who_listens_is_known_without_a_connection() {
        let one = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = v4(one.local_addr());
        assert!(is_listened_at(addr).expect("the kernel answers"));
        // A connection that is there listens to nothing.
        let client = TcpStream::connect(addr).expect("connects");
        assert!(!is_listened_at(v4(client.local_addr())).expect("the kernel answers"));
        drop((one, client));
        assert!(!is_listened_at(addr).expect("the kernel answers"));
        let all = TcpListener::bind("0.0.0.0:0").expect("a port");
        let port = v4(all.local_addr()).port();
        assert!(is_listened_at(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).expect("the kernel answers"));
        // Bound, and not listened at.
        let held = crate::ReservedPort::new().expect("a port");
        assert!(!is_listened_at(v4(Ok(held.addr()))).expect("the kernel answers"));
    }

    #[test]
    fn nothing_is_known_of_a_socket_that_never_was() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let ours = v4(listener.local_addr());
        assert_eq!(ask(ours, SocketAddrV4::new(*ours.ip(), 9)).expect("the kernel answers"), None);
        assert!(!is_closed(ours, SocketAddrV4::new(*ours.ip(), 9)));
    }
}
