//! The fault proxy: links between clients and the server that can be stopped at any byte and broken in any way.
//!
//! A [`Link`] listens for one client process and leads to the server. Each connection is one task with two
//! directions; a direction forwards bytes unchanged, up to where a gate stops it. What passes is recognised as HTTP/1 on
//! the way, by a scanner that never changes it.

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
mod mutation;
mod pattern;
mod peer;
mod port;
mod requests;
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

pub use diag::is_listened_at;
pub use event::*;
pub use hit::{Hit, HitEffect, RequestHit};
pub use link::{Counters, Link, Settings, ToxicError, Unreachable};
pub use pattern::fits;
pub use port::ReservedPort;
pub use toxic::*;
pub use upstream::{Upstream, WrongUpstream};
pub use values::{At, Span, Times, WrongSpan};
pub use vocabulary::{CutMode, Phase, Side, Toward};
