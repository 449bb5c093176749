//! The embedded system under test: a rollout store, its client, its runner, its execution strategy.
//!
//! It knows nothing of the harness, and the harness knows it only as processes.

mod command;
pub mod defects;
pub mod flag;
mod logging;
pub mod wire;

pub use command::Command;
