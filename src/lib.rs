//! Fault-injection test harness: boots a server and its clients as real processes, breaks what is between them on
//! cue, and judges what they logged.

pub mod escalation;
pub mod evidence;
pub mod file;
pub mod finding;
pub mod log;
pub mod proxy;
pub mod scenario;
pub mod store;
pub mod system;
