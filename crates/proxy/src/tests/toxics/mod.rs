//! Toxics on real connections: what the peers see. When exactly is tested without sockets, by the tests of the chain.

mod choice;
mod down;
mod ends;
mod flow;
mod hits;

use crate::{Only, Side, Toxic, ToxicKind};

/// An hour, in milliseconds: what waits for so long never comes in a test.
const NEVER: u64 = 3_600_000;

fn toxic(kind: &str, toward: Side) -> Toxic {
    let kind: ToxicKind = serde_json::from_str(kind).expect("a kind");
    Toxic::new(kind, toward)
}

fn only(kind: &str, toward: Side, only: Only) -> Toxic {
    Toxic { only: Some(only), ..toxic(kind, toward) }
}
