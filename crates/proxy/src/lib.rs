#![doc = include_str!("../README.md")]
//!
//! # Examples
//!
//! A blocking test: the first answer is lost, and then everything has recovered.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::{TcpListener, TcpStream};
//!
//! use quietdown_proxy::{Cut, Link, Phase, Request};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = TcpListener::bind("127.0.0.1:0")?;
//! # let server = listener.local_addr()?;
//! # std::thread::spawn(move || {
//! #     for mut stream in listener.incoming().map_while(Result::ok) {
//! #         let _ = stream.read(&mut [0; 100]);
//! #         let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
//! #     }
//! # });
//! let link = Link::to(server).open()?;
//! let lost = link.on(Request::get("/").at(Phase::RequestSent)).times(1).cut(Cut::Fin).expect(1);
//! let ask = || -> std::io::Result<String> {
//!     let mut stream = TcpStream::connect(link.addr())?;
//!     stream.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer)?;
//!     Ok(answer)
//! };
//! assert_eq!(ask()?, "");
//! assert!(ask()?.starts_with("HTTP/1.1 204"));
//! assert_eq!(lost.effect().broken, 1);
//! # Ok(())
//! # }
//! ```
//!
//! A toxic for as long as its guard lives:
//!
//! ```
//! use std::time::Duration;
//!
//! use quietdown_proxy::{Link, Side, Toxic};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
//! let link = Link::to(server).named("db").open()?;
//! let slow = link.toxic(Toxic::latency(Duration::from_millis(200)).toward(Side::Server))?;
//! assert_eq!(slow.name(), "latency_upstream");
//! drop(slow); // What it delays passes now.
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! A link listens for clients and leads to the server. Each connection is one task with two directions; a direction forwards
//! bytes unchanged, up to where a gate stops it. What passes is recognised as HTTP/1 on the way, by a scanner that never changes it.

mod buffer;
mod by_side;
mod chain;
mod chance;
mod connection;
mod control;
mod descriptors;
mod diag;
mod direction;
mod event;
mod gates;
mod hit;
mod http1;
mod link;
mod listener;
mod lookup;
mod matcher;
mod mutation;
mod pattern;
mod peer;
mod port;
mod requests;
mod testing;
mod timer;
mod toxic;
mod toxics;
#[cfg(feature = "toxiproxy")]
pub mod toxiproxy;
#[cfg(feature = "serde")]
mod units;
mod upstream;
mod values;
mod vocabulary;
mod wakeup;

#[cfg(test)]
mod generated;
#[cfg(test)]
mod tests;

pub use event::{ConnectionId, Effect, RequestSeen};
pub use hit::{Hit, HitEffect, RequestHit};
pub use link::{ToxicError, Unreachable};
pub use matcher::WrongMatcher;
pub use testing::*;
pub use toxic::*;
pub use upstream::{Upstream, WrongUpstream};
pub use vocabulary::{Phase, Side};

// What the modules of this crate call each other's items by.
#[allow(unused_imports)]
use engine::*;

/// The lower layer, for those who drive links by the events that they tell, on a runtime of their own.
pub mod engine {
    pub use crate::diag::is_listened_at;
    pub use crate::event::*;
    pub use crate::hit::{Hit, HitEffect, RequestHit};
    pub use crate::link::{Counters, EventLink, Settings, ToxicError, Unreachable};
    pub use crate::matcher::{WrongMatcher, check as check_matcher};
    pub use crate::pattern::fits;
    pub use crate::port::ReservedPort;
    pub use crate::toxic::*;
    pub use crate::upstream::{Upstream, WrongUpstream};
    pub use crate::values::{At, Span, Times, WrongSpan};
    pub use crate::vocabulary::{CutMode, Phase, Side, Toward};
}
