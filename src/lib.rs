//! Fault-injection test harness: boots a server and its clients as real processes, breaks what is between them on
//! cue, and judges what they logged.
//!
//! Data flows one way: [`scenario`] → [`timeline`] (drives [`process`] and [`proxy`]) → [`evidence`] → [`verdict`] and
//! [`transcript`] → [`report`]. Everything after the run is a pure function of the evidence. [`run`] is the door.
//! The logs are read by `quietdown-log`, the links are those of `quietdown-proxy`.

use quietdown_log as log;
use quietdown_proxy::engine as proxy;

pub mod escalation;
pub mod evidence;
pub mod file;
pub mod finding;
#[doc(hidden)]
pub mod harness;
mod http;
pub mod mutation;
pub mod process;
pub mod remote;
pub mod report;
pub mod run;
pub mod scenario;
#[cfg(feature = "schema")]
pub mod schema;
pub mod sweep;
pub mod system;
pub mod timeline;
pub mod transcript;
pub mod verdict;
