//! Results for programs: JUnit, CTRF, TAP, GitHub's annotations and summaries.

pub mod ctrf;
pub mod github;
pub mod junit;
pub mod tap;
