//! How the store's processes log: one line a record on standard error, with level, thread and target.

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The target of what the server logs.
pub const SERVER: &str = "quietdown_store::server";
/// The target of what the client logs, wherever it is used.
pub const CLIENT: &str = "quietdown_store::client";
/// The target of what a runner logs.
pub const RUNNER: &str = "quietdown_store::runner";
/// The target of what the execution strategy logs.
pub const STRATEGY: &str = "quietdown_store::strategy";
/// The target of what the driven client logs.
pub const DRIVER: &str = "quietdown_store::driver";

/// Starts logging at `level` for the store's own targets; libraries stay at INFO.
pub fn start(level: LevelFilter) {
    let filter = Targets::new().with_default(LevelFilter::INFO.min(level)).with_target("quietdown", level);
    let format = tracing_subscriber::fmt::layer().with_ansi(false).with_thread_names(true).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(format).init();
}
