//! The three ways from the client to a server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::backend::Mode;
use super::ours::Faults;
use super::role::Role;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Direct,
    Control,
    Ours,
}

/// A server and what is before it. Each has its own server, so that none uses up the ports of another one.
pub struct Path {
    pub way: Way,
    server: Role,
    between: Option<Role>,
}

impl Path {
    /// Starts a server and what is before it.
    pub fn open(way: Way, mode: Mode, faults: &Faults) -> io::Result<Self> {
        let server = Role::start("backend", &[mode.name()])?;
        let upstream = server.addr.to_string();
        let between = match way {
            Way::Direct => None,
            Way::Control => Some(Role::start("forwarder", &[&upstream])?),
            Way::Ours => {
                let mut arguments = vec![upstream.as_str()];
                arguments.extend(faults.arguments());
                Some(Role::start("proxy", &arguments)?)
            }
        };
        Ok(Self { way, server, between })
    }

    /// A control that needs nobody between: a server that does by itself what a toxic shall do, as exactly as this
    /// machine can.
    pub fn timed(mode: Mode, time: Duration) -> io::Result<Self> {
        let server = Role::start("backend", &[mode.name(), &time.as_micros().to_string()])?;
        Ok(Self { way: Way::Control, server, between: None })
    }

    /// All three ways to servers of the same kind.
    pub fn all(mode: Mode, faults: &Faults) -> io::Result<Vec<Self>> {
        [Way::Direct, Way::Control, Way::Ours].into_iter().map(|way| Self::open(way, mode, faults)).collect()
    }

    /// Where the client connects to.
    pub fn addr(&self) -> SocketAddr {
        self.between.as_ref().unwrap_or(&self.server).addr
    }

    /// The process between client and server; the server itself where there is none.
    pub fn pid(&self) -> u32 {
        self.between.as_ref().unwrap_or(&self.server).pid()
    }
}
