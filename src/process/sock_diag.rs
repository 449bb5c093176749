//! The listening TCP sockets, as the kernel tells them over netlink (`sock_diag(7)`). `/proc/net/tcp` says the same, but for each look the
//! kernel goes through the table of all connections.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListeningSocket {
    /// The port, on whatever address.
    pub port: u16,
    /// The inode by which descriptors name it.
    pub inode: u64,
}

/// `SOCK_DIAG_BY_FAMILY` of `linux/sock_diag.h`.
const BY_FAMILY: u16 = 20;
/// `TCP_LISTEN` of `tcp_states.h`, as the bit of a set.
const LISTENING: u32 = 1 << 10;
/// The largest answer that is taken at once; the kernel splits what is longer.
const ROOM: usize = 32 * 1024;

/// `struct nlmsghdr` and `struct inet_diag_req_v2`.
#[repr(C)]
struct Query {
    length: u32,
    kind: u16,
    flags: u16,
    sequence: u32,
    port: u32,
    family: u8,
    protocol: u8,
    extensions: u8,
    padding: u8,
    states: u32,
    socket: [u8; 48],
}

/// Those of both families.
pub(super) fn listening() -> io::Result<Vec<ListeningSocket>> {
    let mut found = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        ask(family as u8, &mut found)?;
    }
    Ok(found)
}

fn ask(family: u8, found: &mut Vec<ListeningSocket>) -> io::Result<()> {
    let query = Query {
        length: size_of::<Query>() as u32,
        kind: BY_FAMILY,
        flags: (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16,
        sequence: 1,
        port: 0,
        family,
        protocol: libc::IPPROTO_TCP as u8,
        extensions: 0,
        padding: 0,
        states: LISTENING,
        socket: [0; 48],
    };
    // SAFETY: a new descriptor, which nobody else owns.
    let socket = unsafe {
        let fd = libc::socket(libc::AF_NETLINK, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, libc::NETLINK_SOCK_DIAG);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(fd)
    };
    // SAFETY: the query lives as long as the call, and has no padding that is not initialised.
    let sent = unsafe { libc::send(socket.as_raw_fd(), (&raw const query).cast(), size_of::<Query>(), 0) };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    let mut room = vec![0_u8; ROOM];
    loop {
        // SAFETY: the room lives as long as the call, and is as long as said.
        let length = unsafe { libc::recv(socket.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), 0) };
        let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
        if is_last(&room[..length], found)? || length == 0 {
            return Ok(());
        }
    }
}

/// Takes the sockets of one datagram; whether it was the last one.
fn is_last(mut rest: &[u8], found: &mut Vec<ListeningSocket>) -> io::Result<bool> {
    const HEAD: usize = 16;
    while rest.len() >= HEAD {
        let length = u32_at(rest, 0) as usize;
        let kind = i32::from(u16::from_ne_bytes([rest[4], rest[5]]));
        if length < HEAD || length > rest.len() {
            break;
        }
        let body = &rest[HEAD..length];
        match kind {
            libc::NLMSG_DONE => return Ok(true),
            libc::NLMSG_ERROR => {
                let number = if body.len() >= 4 { u32_at(body, 0) as i32 } else { 0 };
                return Err(io::Error::from_raw_os_error(-number));
            }
            // `struct inet_diag_msg`: the source port stands at 4, the inode at 68.
            _ if body.len() >= 72 => found.push(ListeningSocket {
                port: u16::from_be_bytes([body[4], body[5]]),
                inode: u64::from(u32_at(body, 68)),
            }),
            _ => {}
        }
        rest = &rest[length.next_multiple_of(4).min(rest.len())..];
    }
    Ok(false)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
