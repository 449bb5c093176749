//! Links for tests: each has a thread of its own, needs no event loop of the test's, undoes what it did, and says what was never met.

mod error;
mod expectation;
mod gate;
mod guards;
mod link;
mod place;
mod record;
mod rule;
mod thread;

pub use error::{GateError, OpenError, WrongPlace};
pub use expectation::Expected;
pub use gate::{Gate, Reached};
pub use guards::{Held, Refused, ToxicGuard};
pub use link::{Link, LinkBuilder};
pub use place::{Place, Request};
pub use rule::{Rule, RuleBuilder};

use crate::CutMode;

/// How a connection is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// By a reset (RST): the peer's next read or write fails with "connection reset", and what it has not read yet is lost.
    Reset,
    /// By an orderly end of the stream (FIN): the peer reads what came before, and then the end.
    Fin,
}

impl From<Cut> for CutMode {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Reset => Self::Rst,
            Cut::Fin => Self::Fin,
        }
    }
}
