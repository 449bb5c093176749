//! The control API: `quietdown proxy`, a drop-in for toxiproxy-server.
//!
//! It speaks the HTTP API of Toxiproxy 2.12, so that its clients in any language work unchanged, and drives a
//! [`EventLink`](crate::EventLink) for each proxy. Beyond it, as documented extensions: a proxy that is created together with
//! its toxics, toxics that choose requests, gates, and the record of what was hit.

mod address;
mod answer;
mod circle;
mod error;
mod fields;
mod gate;
mod gates;
mod handle;
mod metrics;
mod presence;
mod proxies;
mod proxy;
mod routes;
mod server;
mod toxic;

pub use error::ApiError;
pub use server::{Options, ServeError, serve};

/// The version of Toxiproxy whose API it is.
pub const API_VERSION: &str = "2.12.0";
