//! How results are told.

mod progress;
mod survey;
mod sweep;
mod terminal;
mod tracebacks;

pub use progress::Progress;
pub use survey::{above, survey};
pub use sweep::Tally;
pub use terminal::Terminal;
