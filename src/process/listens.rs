//! On which ports processes listen, as `/proc` has it.

use std::collections::BTreeSet;
use std::fs;

use super::descendants::all;
use super::stat::stat;

/// The state of a listening socket in `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// The TCP ports on which the processes of a group listen, in order.
pub fn listening_ports(group: i32) -> BTreeSet<u16> {
    let members: Vec<i32> = all().filter(|pid| stat(*pid).is_some_and(|stat| stat.group == group)).collect();
    let sockets: BTreeSet<u64> = members.iter().flat_map(|pid| sockets_of(*pid)).collect();
    let Some(first) = members.first() else { return BTreeSet::new() };
    let tables =
        ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/{first}/net/{table}")).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    lines.filter_map(listener).filter(|(_, inode)| sockets.contains(inode)).map(|(port, _)| port).collect()
}

fn sockets_of(pid: i32) -> Vec<u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok()?.to_str().map(str::to_owned));
    links.filter_map(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()).collect()
}

/// The port and the inode of a line, if it is one of a listening socket.
fn listener(line: &str) -> Option<(u16, u64)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    if *fields.get(3)? != LISTENS {
        return None;
    }
    let port = u16::from_str_radix(fields[1].rsplit_once(':')?.1, 16).ok()?;
    Some((port, fields.get(9)?.parse().ok()?))
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
        assert!(listening_ports(i32::MAX).is_empty());
        drop(four);
        assert!(!listening_ports(own).contains(&port));
    }
}
