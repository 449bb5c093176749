//! How results are told.

mod survey;
mod terminal;

pub use survey::{above, survey};
pub use terminal::{Counts, Terminal};
