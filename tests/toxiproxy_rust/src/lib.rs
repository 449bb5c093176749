//! Nothing but its tests: an independent client of Toxiproxy's API (the crate `toxiproxy_rust`) against `quietdown proxy`.
//!
//! ```text
//! cargo build && cargo test -p quietdown-toxiproxy-rust
//! ```
