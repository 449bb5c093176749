//! The fault proxy: links between clients and the server that can be stopped at any byte and broken in any way.

mod event;
mod vocabulary;

pub use event::*;
pub use vocabulary::{CutMode, Phase, Side, Toward};
