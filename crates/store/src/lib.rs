//! The embedded system under test: a rollout store, its client, its runner, its execution strategy.
//!
//! It knows nothing of the harness, and the harness knows it only as processes.

pub mod client;
mod command;
mod data;
pub mod defects;
mod driver;
pub mod duration;
mod escalation;
pub mod flag;
mod logging;
mod process;
mod runner;
mod serve;
mod server;
mod strategy;
pub mod wire;

pub use command::Command;
