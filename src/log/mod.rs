//! What the processes say: records, formats, tracebacks, redaction.

mod book;
pub mod bounds;
mod escapes;
mod fields;
mod format;
mod heads;
mod level;
mod lines;
mod reader;
mod record;
mod redact;
mod search;
mod survey;
mod text;
mod traceback;

pub use format::Format;
pub use level::Level;
pub use reader::Reader;
pub use record::{Language, Record, Stream, Traceback};
pub use redact::{Redactor, canonical_cause};
pub use survey::{Kind, Summary, Survey};
pub use text::printable;

/// How many seeds a generated test runs with: `QUIETDOWN_SEEDS`, for whoever changes what is read here; else few enough for every day.
#[cfg(test)]
fn seeds(every_day: u64) -> u64 {
    std::env::var("QUIETDOWN_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(every_day)
}
