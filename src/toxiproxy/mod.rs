//! The control API: `quietdown proxy`, a drop-in for toxiproxy-server.
//!
//! It speaks the HTTP API of Toxiproxy 2.12, so that its clients in any language work unchanged, and drives a
//! [`Link`](crate::proxy::Link) for each proxy. Beyond it, as documented extensions: a proxy that is created together with
//! its toxics, toxics that choose requests, gates, and the record of what was hit.
//!
//! [`Remote`] is the other end: a Toxiproxy server that somebody else runs, for whoever has one already.

mod address;
mod answer;
mod error;
mod fields;
mod gate;
mod gates;
mod handle;
mod metrics;
mod presence;
mod proxies;
mod proxy;
mod remote;
mod routes;
mod server;
mod toxic;

pub use error::ApiError;
pub use remote::{Remote, RemoteError, RemoteProxy};
pub use server::{Options, ServeError, serve};

/// The version of Toxiproxy whose API it is.
pub const API_VERSION: &str = "2.12.0";
