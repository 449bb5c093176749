//! What the processes say: records, formats, tracebacks, redaction, transcript.

mod level;

pub use level::Level;
