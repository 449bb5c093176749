//! The same few records in the format that the word on the command line names.

use tracing::{debug, error, info, info_span, warn};
use tracing_subscriber::fmt::fmt;

fn main() {
    let way = std::env::args().nth(1).unwrap_or_default();
    let builder = fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::stderr);
    match way.as_str() {
        "full" => builder.with_ansi(true).with_thread_names(true).init(),
        "compact" => builder.compact().with_ansi(false).init(),
        "pretty" => builder.pretty().with_ansi(false).init(),
        "json" => builder.json().init(),
        _ => {
            env_logger::Builder::new().filter_level(log::LevelFilter::Debug).init();
            log::debug!("request begun");
            log::info!("listening");
            log::warn!("the queue is full");
            log::error!("request failed");
            return;
        }
    }
    debug!("request begun");
    info!(port = 4444, "listening");
    let _span = info_span!("work", call = "poll 1").entered();
    warn!("the queue is full");
    error!(cause = %"no such rollout", attempts = 3, "request failed");
}
