//! The three ways from the client to a server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::backend::Mode;
use super::ours::{Faults, Ours, Proxy};
use super::role::Role;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Direct,
    Control,
    Ours(Ours),
}

/// A server and what is before it. Each has its own server, so that none uses up the ports of another one.
pub struct Path {
    pub way: Way,
    /// Where the client connects to.
    pub addr: SocketAddr,
    server: Role,
    between: Option<Role>,
}

impl Path {
    /// Starts a server and what is before it.
    pub fn open(way: Way, mode: Mode, faults: Faults) -> io::Result<Self> {
        let server = Role::start("backend", &[mode.name()])?;
        let (addr, between) = match way {
            Way::Direct => (server.addr, None),
            Way::Control => {
                let forwarder = Role::start("forwarder", &[&server.addr.to_string()])?;
                (forwarder.addr, Some(forwarder))
            }
            Way::Ours(ours) => {
                let proxy = Proxy::start(ours, server.addr, faults)?;
                (proxy.addr, Some(proxy.role))
            }
        };
        Ok(Self { way, addr, server, between })
    }

    /// A control that needs nobody between: a server that does by itself what a toxic shall do, as exactly as this
    /// machine can.
    pub fn timed(mode: Mode, time: Duration) -> io::Result<Self> {
        let server = Role::start("backend", &[mode.name(), &time.as_micros().to_string()])?;
        Ok(Self { way: Way::Control, addr: server.addr, server, between: None })
    }

    /// All three ways to servers of the same kind.
    pub fn all(ours: Ours, mode: Mode, faults: Faults) -> io::Result<Vec<Self>> {
        [Way::Direct, Way::Control, Way::Ours(ours)].into_iter().map(|way| Self::open(way, mode, faults)).collect()
    }

    /// The process between client and server; the server itself where there is none.
    pub fn between(&self) -> &Role {
        self.between.as_ref().unwrap_or(&self.server)
    }
}
