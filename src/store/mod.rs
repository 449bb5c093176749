//! The embedded system under test: a rollout store, its client, its runner, its execution strategy.
//!
//! It knows nothing of the harness, and the harness knows it only as processes.

mod command;
mod data;
pub mod defects;
pub mod duration;
pub mod flag;
mod logging;
mod serve;
mod server;
pub mod wire;

pub use command::Command;
