//! Fault-injection test harness: boots a server and its clients as real processes, breaks what is between them on
//! cue, and judges what they logged.
//!
//! Data flows one way: [`scenario`] → [`timeline`] (drives [`process`] and [`proxy`]) → [`evidence`] → [`verdict`] and
//! [`transcript`] → [`report`]. Everything after the run is a pure function of the evidence. [`run`] is the door.
//! Beside that, [`toxiproxy`] offers the proxy alone to tests in any language.

pub mod escalation;
pub mod evidence;
pub mod file;
pub mod finding;
#[cfg(test)]
mod generated;
mod http;
pub mod log;
pub mod mutation;
pub mod process;
pub mod proxy;
pub mod report;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod store;
pub mod sweep;
pub mod system;
pub mod timeline;
pub mod toxiproxy;
pub mod transcript;
pub mod verdict;
