//! How results are told.

mod terminal;

pub use terminal::Terminal;
