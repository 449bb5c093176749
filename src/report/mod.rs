//! How results are told.

mod survey;
mod terminal;
mod tracebacks;

pub use survey::{above, survey};
pub use terminal::{Counts, Terminal};
