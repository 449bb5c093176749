//! What the processes say: records, formats, tracebacks, redaction.

mod format;
mod level;
mod record;

pub use format::Format;
pub use level::Level;
pub use record::{Language, Record, Stream, Traceback};
