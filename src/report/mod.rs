//! How results are told.

mod grouped;
mod survey;
mod terminal;

pub use survey::{above, survey};
pub use terminal::{Counts, Terminal};
