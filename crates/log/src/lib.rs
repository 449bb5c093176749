#![doc = include_str!("../README.md")]

mod assembler;
pub mod bounds;
#[cfg(feature = "tracing")]
mod capture;
mod escapes;
mod expression;
mod fields;
mod format;
mod guess;
mod heads;
mod inert;
mod intake;
mod judgement;
mod level;
mod lines;
mod moment;
mod objects;
mod prefix;
mod reader;
mod record;
mod redact;
mod search;
mod secrets;
mod survey;
mod tally;
mod text;
mod traceback;
mod words;

#[cfg(test)]
mod generated;

#[cfg(feature = "tracing")]
pub use capture::{Capture, CaptureLayer, CaptureWriter, PanicGuard};
pub use expression::{ExpressionError, FormatError, IdentifierError};
pub use format::Format;
#[cfg(test)]
use generated::seeds;
pub use guess::Guess;
pub use inert::inert;
pub use judgement::{LogFinding, LogFindingKind, LogFindings, LogPolicy, judge, read};
pub use level::Level;
pub use moment::{Period, from_rfc3339, rfc3339};
pub use reader::{Bookmark, Reader};
pub use record::{Language, Record, Stream, Traceback};
pub use redact::{Redactor, canonical_cause};
pub use secrets::Secrets;
pub use survey::Survey;
pub use tally::{Example, Kind, Summary};
pub use text::printable;
pub use words::unknown_level;
