//! Fault-injection test harness: boots a server and its clients as real processes, breaks what is between them on
//! cue, and judges what they logged.

pub mod escalation;
pub mod log;
pub mod proxy;
pub mod store;
