//! How results are told.

mod survey;
mod sweep;
mod terminal;
mod tracebacks;

pub use survey::{above, survey};
pub use sweep::Tally;
pub use terminal::{Counts, Terminal};
