//! Scenario files: what to boot, what to break and when, what must be seen.

mod model;

pub use model::*;
