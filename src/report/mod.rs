//! How results are told.

#[cfg(feature = "cli")]
mod console;
mod context;
mod expected;
#[cfg(feature = "cli")]
pub mod html;
#[cfg(feature = "cli")]
mod live;
mod log_results;
#[cfg(feature = "reports")]
pub mod machine;
#[cfg(feature = "cli")]
mod progress;
mod results;
mod survey;
mod sweep;
mod sweep_results;
mod terminal;
mod tracebacks;

pub use crate::log::inert;
#[cfg(feature = "cli")]
pub use console::{Console, ProgressStream, Verbosity};
pub use log_results::{
    KindInLog, LOG_RESULTS_VERSION, LogCounts, LogExample, LogKind, LogResult, LogResults, LogVerdict, MergedKind,
};
#[cfg(feature = "cli")]
pub(crate) use log_results::{merge, results_of_logs};
#[cfg(feature = "cli")]
pub use progress::Progress;
pub use results::{RESULTS_VERSION, Recorder, Results, ResultsSummary, TestResult, TestStatus};
pub use survey::{above, merged, survey, understood};
pub use sweep::Tally;
pub use sweep_results::{SweptPoints, failed_point};
pub use terminal::Terminal;
pub use tracebacks::described;

/// Whether something could not be written to standard output, such as a full disk.
static LOST: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Notes what came of a line for standard output. Whoever has closed the pipe does not want to read more: that is no loss.
pub fn note_loss(written: std::io::Result<()>) {
    if written.is_err_and(|why| why.kind() != std::io::ErrorKind::BrokenPipe) {
        LOST.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

/// Whether something that was to be told could not be written to standard output.
pub fn output_is_lost() -> bool {
    LOST.load(std::sync::atomic::Ordering::Relaxed)
}
