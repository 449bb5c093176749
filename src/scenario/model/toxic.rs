use crate::file::Spanned;
use serde::Deserialize;

use crate::proxy::{
    Bandwidth, Corrupt, Latency, LimitData, Noop, Only, ResetPeer, Side, Slicer, SlowClose, Timeout, Toxic, ToxicKind,
};

/// Adds a toxic to a link: exactly one of the kinds, with Toxiproxy's names and units.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ToxicAction {
    /// The link of this process.
    pub link: Spanned<String>,
    /// Its name, for `untoxic`; default: its kind and its stream, such as `latency_downstream`.
    pub name: Option<Spanned<String>>,
    /// The direction; default `downstream`.
    #[serde(default)]
    pub stream: ToxicStream,
    /// The share of the connections that it applies to, 0 to 1; default 1. Each connection draws once, by the scenario's seed.
    pub toxicity: Option<f64>,
    /// The requests that it applies to; all traffic when absent.
    pub only: Option<ToxicOnly>,
    /// Delays every byte.
    pub latency: Option<Latency>,
    /// Limits the rate.
    pub bandwidth: Option<Bandwidth>,
    /// Delays the end of the stream.
    pub slow_close: Option<SlowClose>,
    /// Drops everything, and closes the connection after a time.
    pub timeout: Option<Timeout>,
    /// Resets the connection after a time.
    pub reset_peer: Option<ResetPeer>,
    /// Cuts the stream into small pieces.
    pub slicer: Option<Slicer>,
    /// Closes the connection after so many bytes.
    pub limit_data: Option<LimitData>,
    /// Does nothing.
    pub noop: Option<Noop>,
    /// Changes bytes.
    pub corrupt: Option<Corrupt>,
}

/// Which requests a toxic applies to. Upstream it meets their bytes, downstream those of their answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ToxicOnly {
    /// The system's operation instead of `method` and `path`.
    pub op: Option<Spanned<String>>,
    /// The request method, upper case; any when absent.
    pub method: Option<Spanned<String>>,
    /// The request path without its query, with `*` for any run of characters; any when absent.
    pub path: Option<Spanned<String>>,
    /// Only the one with this number, counted from 1 since the toxic was added.
    pub nth: Option<u64>,
    /// Only so many of them, counted from when the toxic came: then everything has recovered.
    pub first: Option<u64>,
}

/// A direction, as Toxiproxy calls it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ToxicStream {
    /// Towards the server.
    Upstream,
    /// Towards the client.
    #[default]
    Downstream,
}

/// Takes toxics away from a link.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UntoxicAction {
    /// The link of this process.
    pub link: Spanned<String>,
    /// The toxic; all of the link's when absent.
    pub name: Option<Spanned<String>>,
}

impl ToxicAction {
    /// The kinds that it names. One is right.
    pub fn kinds(&self) -> Vec<ToxicKind> {
        let kinds = [
            self.latency.clone().map(ToxicKind::Latency),
            self.bandwidth.clone().map(ToxicKind::Bandwidth),
            self.slow_close.clone().map(ToxicKind::SlowClose),
            self.timeout.clone().map(ToxicKind::Timeout),
            self.reset_peer.clone().map(ToxicKind::ResetPeer),
            self.slicer.clone().map(ToxicKind::Slicer),
            self.limit_data.clone().map(ToxicKind::LimitData),
            self.noop.clone().map(ToxicKind::Noop),
            self.corrupt.clone().map(ToxicKind::Corrupt),
        ];
        kinds.into_iter().flatten().collect()
    }

    /// The toxic; nothing where not exactly one kind is named. `operation` gives method and path of an operation.
    pub fn toxic(&self, operation: impl Fn(&str) -> (Option<String>, Option<String>)) -> Option<Toxic> {
        let [kind] = <[ToxicKind; 1]>::try_from(self.kinds()).ok()?;
        let toward = match self.stream {
            ToxicStream::Upstream => Side::Server,
            ToxicStream::Downstream => Side::Client,
        };
        let plain = Toxic::new(kind, toward);
        let only = self.only.as_ref().map(|only| {
            let (method, path) = match &only.op {
                Some(op) => operation(op.as_ref()),
                None => {
                    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.as_ref().clone());
                    (text(&only.method), text(&only.path))
                }
            };
            Only { method, path, client: None, nth: only.nth, first: only.first }
        });
        Some(Toxic {
            name: self.name.as_ref().map_or(plain.name, |name| name.as_ref().clone()),
            toxicity: self.toxicity.unwrap_or(plain.toxicity),
            only,
            ..plain
        })
    }
}
