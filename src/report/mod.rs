//! How results are told.

#[cfg(feature = "reports")]
pub mod machine;
mod progress;
mod results;
mod survey;
mod sweep;
mod terminal;
mod tracebacks;

pub use progress::{Progress, ProgressStream};
pub use results::{RESULTS_VERSION, Recorder, Results, ResultsSummary, TestResult, TestStatus};
pub use survey::{above, survey};
pub use sweep::Tally;
pub use terminal::Terminal;
