//! What scenario files and system files have in common: TOML 1.0, errors at their places, the small values.

mod diagnostic;
mod parse;
mod place;
mod read;
mod requests;
mod rules;
mod spanned;
mod substitute;
mod toml10;
mod values;

pub(crate) use diagnostic::known_names;
pub use diagnostic::{Diagnostic, Diagnostics, Need, NeedKind};
pub(crate) use parse::parse;
pub(crate) use place::line_of;
pub use quietdown_proxy::engine::{At, Span, Times, fits};
pub(crate) use read::{SAVED_BOUND, read, read_bounded, read_text};
pub(crate) use requests::wrong_requests;
pub use rules::{LevelRule, TextRule};
pub use spanned::Spanned;
pub(crate) use substitute::substitute;
pub use values::Count;
