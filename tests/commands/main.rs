//! The command line as a program: what it says, how it ends, and what it leaves.

#[path = "../needs/python.rs"]
#[macro_use]
mod needs;
#[path = "../place/mod.rs"]
mod place;

mod command_line;
mod documented_scenarios;
mod documented_systems;
mod html;
mod log;
mod reports;
mod secrets;
mod snapshots;
mod system;
mod tryout;
mod variants;
