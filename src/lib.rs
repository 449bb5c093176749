//! Fault-injection test harness: boots a server and its clients as real processes, breaks the connections between them on
//! cue, and judges what they logged: quiet about planned events, loud about failures, and no data lost.
//!
//! # Which tool is right for me?
//!
//! - You test a *client's code* against answers of your choice: a mock server (wiremock) is simpler.
//! - You test *your own async Rust code* under a simulated network and clock: turmoil.
//! - You want a proxy that cuts, holds and slows a connection from a test in Rust: [`quietdown_proxy`] alone, a crate of its own.
//! - You want to know whether a *log* has stack traces and which: `quietdown-log` alone, or `quietdown log FILE`.
//! - You have a server and clients, in any language, and want to know what they do and *log* when one of them stops, dies
//!   or loses its connection in the middle of a request: this crate.
//!
//! # In `cargo test`
//!
//! [`harness!`] makes a test program of a folder of scenario files:
//!
//! ```no_run
//! quietdown::harness!("scenarios", system = "shop");
//! ```
//!
//! Or one by one:
//!
//! ```no_run
//! use std::path::Path;
//!
//! use quietdown::{Runner, Scenario, System};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scenario = Scenario::load(Path::new("scenarios/stop-mid-request.toml"))?;
//! let system = System::load("shop")?; // systems/shop.toml
//! scenario.check(&system)?;
//! let report = Runner::from_env()?.run(&scenario, &system)?;
//! assert!(report.passed(), "{report}");
//! # Ok(())
//! # }
//! ```
//!
//! An `Err` of `run` means that the harness itself failed; it says nothing about the system. The formats of scenario and system
//! files, and all kinds of findings, are described in the project's `docs/`.
//!
//! Modules that are not shown here are internal: they may change with any version.

use quietdown_log as log;
use quietdown_proxy::engine as proxy;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod escalation;
#[doc(hidden)]
pub mod evidence;
#[doc(hidden)]
pub mod file;
#[doc(hidden)]
pub mod finding;
#[doc(hidden)]
pub mod harness;
mod http;
#[doc(hidden)]
pub mod mutation;
#[doc(hidden)]
pub mod process;
#[doc(hidden)]
pub mod remote;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod run;
#[doc(hidden)]
pub mod scenario;
#[cfg(feature = "schema")]
#[doc(hidden)]
pub mod schema;
#[doc(hidden)]
pub mod sweep;
#[doc(hidden)]
pub mod system;
#[doc(hidden)]
pub mod timeline;
#[doc(hidden)]
pub mod transcript;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod tryout;
#[doc(hidden)]
pub mod verdict;

pub use file::{Diagnostic, Diagnostics};
pub use finding::{Finding, FindingKind};
pub use run::{KnownFailure, Report, Runner};
pub use scenario::{NotApplicable, Scenario, ScenarioError};
pub use system::{System, SystemError};
pub use timeline::HarnessError;
