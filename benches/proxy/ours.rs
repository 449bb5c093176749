//! Our proxy, as a part of the bench.

use std::io;

use quietdown::proxy::{Gate, Link, Phase, Point, Settings, Side, Toxic, ToxicKind, Upstream};

use super::role;

/// What a proxy is told at its start.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Requests must be recognised, because something asks for them.
    pub recognise: bool,
    /// Toxics towards the client, each as a table of its kind's name with its attributes.
    pub toxics: Vec<String>,
}

impl Faults {
    pub fn arguments(&self) -> Vec<&str> {
        let recognise = self.recognise.then_some(RECOGNISE);
        recognise.into_iter().chain(self.toxics.iter().map(String::as_str)).collect()
    }
}

const RECOGNISE: &str = "--recognise";

/// Forwards to the address that is given, with the faults that are given, until it is killed.
pub fn run(arguments: &[String]) -> io::Result<()> {
    let (upstream, faults) = arguments.split_first().ok_or_else(|| io::Error::other("the proxy needs an address"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let upstream = Upstream::parse(upstream).map_err(io::Error::other)?;
        let link = Link::with("bench", Settings { upstream: Some(upstream), ..Settings::default() }, None)?;
        for fault in faults {
            if fault == RECOGNISE {
                // It never matches, and must therefore look at every request.
                let point =
                    Point::Request { method: None, path: Some("/never".to_owned()), phase: Phase::ResponseSent, at: 0 };
                link.arm(Gate { id: 0, point, nth: 1, repeat: None });
            } else {
                let kind: ToxicKind = serde_json::from_str(fault)?;
                link.add_toxic(Toxic::new(kind, Side::Client)).map_err(io::Error::other)?;
            }
        }
        role::listens(link.addr())?;
        std::future::pending().await
    })
}
