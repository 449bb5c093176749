//! The attributes of each kind of toxic. In files and in the API they have Toxiproxy's names and units.

use std::time::Duration;

/// Delays every byte by `latency`, give or take `jitter`. The order is kept, and so is the throughput.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Latency {
    /// How long; a number of milliseconds in files.
    #[cfg_attr(feature = "serde", serde(with = "crate::units::millis"))]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub latency: Duration,
    /// Each delay is drawn evenly from `latency - jitter` to `latency + jitter`, and is never below 0; a number of milliseconds in files.
    #[cfg_attr(feature = "serde", serde(with = "crate::units::millis"))]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub jitter: Duration,
}

/// Limits the rate of each connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Bandwidth {
    /// Kilobytes (1000 bytes) per second; 0 lets nothing pass.
    pub rate: u64,
}

/// Passes the data, and the end of the stream later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct SlowClose {
    /// How much later; a number of milliseconds in files.
    #[cfg_attr(feature = "serde", serde(with = "crate::units::millis"))]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub delay: Duration,
}

/// Drops everything, and closes the connection after a time, whether or not anything was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Timeout {
    /// Counted from when the toxic meets the connection, or was changed; zero never closes it. A number of milliseconds in files.
    #[cfg_attr(feature = "serde", serde(with = "crate::units::millis"))]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub timeout: Duration,
}

/// Resets the connection after a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct ResetPeer {
    /// For connections that are open when the toxic comes, counted from then; for later ones, from their first byte in this
    /// direction, because a reset at the accept would look like a failed connect. A number of milliseconds in files.
    #[cfg_attr(feature = "serde", serde(with = "crate::units::millis"))]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub timeout: Duration,
}

/// Cuts the stream into pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Slicer {
    /// Bytes of a piece, on average; at least 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub average_size: u64,
    /// Bytes more or less, drawn evenly; smaller than `average_size`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub size_variation: u64,
    /// The pause after each piece; a number of microseconds in files.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::units::micros"))]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub delay: Duration,
}

/// Passes exactly so many bytes, and then closes the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct LimitData {
    /// Bytes; 0 closes at the first one that comes. Of each request, or each answer, where requests are chosen; else of the connection.
    pub bytes: u64,
}

/// Does nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Noop {}

/// Flips bits of bytes; their number stays.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Corrupt {
    /// The first byte that is changed, from 0. Of each request, or each answer, where requests are chosen; else of the connection.
    pub from: u64,
    /// How many bytes; 0 for all that follow.
    pub length: u64,
    /// The bits that are flipped (exclusive or).
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub mask: u8,
}

impl Default for Corrupt {
    fn default() -> Self {
        Self { from: 0, length: 1, mask: 0xff }
    }
}
