//! What the processes say: records, formats, tracebacks, redaction.

mod book;
pub mod bounds;
mod escapes;
mod fields;
mod format;
mod head;
mod level;
mod lines;
mod pattern;
mod python;
mod reader;
mod record;
mod redact;
mod search;
mod text;
mod traceback;
mod tracing;

pub use format::Format;
pub use level::Level;
pub use reader::Reader;
pub use record::{Language, Record, Stream, Traceback};
pub use redact::{Redactor, canonical_cause};
