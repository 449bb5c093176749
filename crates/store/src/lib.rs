#![doc = include_str!("../README.md")]

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

pub use command::StoreCommand;
