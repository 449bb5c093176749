//! On which ports processes listen.

use std::collections::BTreeSet;
use std::{fs, io};

use super::descendants::all;
use super::sock_diag::listening;
use super::stat::stat;

/// Whether anybody listens on a TCP port, on whatever address. No connection is made, of which a server would have to say something.
///
/// # Errors
/// When the kernel does not say.
pub fn is_listened_on(port: u16) -> io::Result<bool> {
    Ok(listening()?.iter().any(|socket| socket.port == port))
}

/// The TCP ports on which the processes of a group listen, in order; none if the kernel does not say.
pub fn listening_ports(group: i32) -> BTreeSet<u16> {
    let members = all().filter(|pid| stat(*pid).is_some_and(|stat| stat.group == group));
    let sockets: BTreeSet<u64> = members.flat_map(sockets_of).collect();
    let found = listening().unwrap_or_default();
    found.iter().filter(|socket| sockets.contains(&socket.inode)).map(|socket| socket.port).collect()
}

fn sockets_of(pid: i32) -> Vec<u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok()?.to_str().map(str::to_owned));
    links.filter_map(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_is_known_while_it_is_listened_on() {
        let own = stat(std::process::id() as i32).expect("it is there").group;
        let four = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = four.local_addr().expect("an address").port();
        assert!(listening_ports(own).contains(&port));
        assert!(is_listened_on(port).expect("told"));
        assert!(listening_ports(i32::MAX).is_empty());
        drop(four);
        assert!(!listening_ports(own).contains(&port));
        assert!(!is_listened_on(port).expect("told"));
    }
}
