//! Toxics in a line of Rust.

use std::time::Duration;

use super::*;
use crate::Side;

impl Toxic {
    /// Delays every byte.
    pub fn latency(latency: Duration) -> Self {
        Self::new(ToxicKind::Latency(Latency { latency, jitter: Duration::ZERO }), Side::Client)
    }

    /// Limits the rate, to so many kilobytes (1000 bytes) a second; 0 lets nothing pass.
    pub fn bandwidth(kilobytes_per_second: u64) -> Self {
        Self::new(ToxicKind::Bandwidth(Bandwidth { rate: kilobytes_per_second }), Side::Client)
    }

    /// Delays the end of the stream.
    pub fn slow_close(delay: Duration) -> Self {
        Self::new(ToxicKind::SlowClose(SlowClose { delay }), Side::Client)
    }

    /// Drops everything, and closes the connection after a time; zero never closes it.
    pub fn timeout(timeout: Duration) -> Self {
        Self::new(ToxicKind::Timeout(Timeout { timeout }), Side::Client)
    }

    /// Resets the connection after a time.
    pub fn reset_peer(timeout: Duration) -> Self {
        Self::new(ToxicKind::ResetPeer(ResetPeer { timeout }), Side::Client)
    }

    /// Cuts the stream into pieces of so many bytes, with a pause after each.
    pub fn slicer(average_size: u64, delay: Duration) -> Self {
        Self::new(ToxicKind::Slicer(Slicer { average_size, size_variation: 0, delay }), Side::Client)
    }

    /// Closes the connection after so many bytes.
    pub fn limit_data(bytes: u64) -> Self {
        Self::new(ToxicKind::LimitData(LimitData { bytes }), Side::Client)
    }

    /// Flips all bits of `length` bytes from the byte `from` on; 0 for all that follow.
    pub fn corrupt(from: u64, length: u64) -> Self {
        Self::new(ToxicKind::Corrupt(Corrupt { from, length, ..Corrupt::default() }), Side::Client)
    }

    /// The direction: the end that the bytes go to. The client, by default.
    pub fn toward(self, side: Side) -> Self {
        let plain = Self::new(self.kind.clone(), self.toward);
        let name = if self.name == plain.name { Self::new(self.kind.clone(), side).name } else { self.name };
        Self { name, toward: side, ..self }
    }

    /// The share of the connections that it applies to, 0 to 1; all of them, by default.
    pub fn toxicity(self, toxicity: f64) -> Self {
        Self { toxicity, ..self }
    }

    /// Only these requests, or their responses.
    pub fn only(self, only: Only) -> Self {
        Self { only: Some(only), ..self }
    }
}

impl Only {
    /// Requests with a method, in upper case, for a path, with `*` for any run of characters.
    pub fn requests(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self { method: Some(method.into()), path: Some(path.into()), ..Self::default() }
    }

    /// Only the first of them: then everything has recovered.
    pub fn first(self, first: u64) -> Self {
        Self { first: Some(first), ..self }
    }
}
