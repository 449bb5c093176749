//! What the client logs: for every call that failed one record, at the level that its outcome deserves.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing::{Level, debug, error, warn};

use super::classify::{Decision, Failure};
use super::error::Error;
use crate::defects::{Defect, planted};
use crate::logging::CLIENT;

/// Which call a record is about.
#[derive(Debug, Clone, Copy)]
pub struct ReportSubject {
    /// The operation.
    pub op: &'static str,
    /// The number that the caller gave it.
    pub call: Option<u64>,
}

/// How often an unplanned failure is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reporting {
    /// For every call that fails.
    #[default]
    EveryCall,
    /// For the first one; those after it are logged at DEBUG until a call gets an answer again. For a process that goes
    /// on by itself, whose operator needs to be told once.
    OncePerOutage,
}

/// Reports, and remembers whether there is an outage.
#[derive(Debug, Default)]
pub struct CallReport {
    reporting: Reporting,
    outage: AtomicBool,
}

/// Logs at a level that is known only now. The message is always a constant.
macro_rules! record {
    ($level:expr, $($record:tt)+) => {
        match $level {
            Level::ERROR => error!(target: CLIENT, $($record)+),
            Level::WARN => warn!(target: CLIENT, $($record)+),
            _ => debug!(target: CLIENT, $($record)+),
        }
    };
}

impl CallReport {
    /// Reports so.
    pub fn new(reporting: Reporting) -> Self {
        Self { reporting, ..Self::default() }
    }

    /// The server has answered a call: an outage is over.
    pub fn answered(&self) {
        if self.outage.swap(false, Relaxed) {
            debug!(target: CLIENT, "server is back");
        }
    }

    /// Logs the end of a call that failed, and gives its error.
    pub fn failed(&self, subject: ReportSubject, decision: Decision, failure: &Failure, attempts: u32) -> Error {
        let level = self.level(decision, failure);
        let times = match level {
            Level::ERROR | Level::WARN if planted(Defect::ReportNever) => 0,
            Level::ERROR | Level::WARN if planted(Defect::ReportTwice) => 2,
            _ => 1,
        };
        for _ in 0..times {
            record(subject, level, decision, failure, attempts);
        }
        act_up(decision);
        error(decision, failure)
    }

    fn level(&self, decision: Decision, failure: &Failure) -> Level {
        let level = match decision {
            Decision::Cancelled if planted(Defect::CancelLoggedAsError) => Level::ERROR,
            Decision::Shutdown if planted(Defect::ShutdownLoggedAsError) => Level::ERROR,
            Decision::Cancelled | Decision::Shutdown => Level::DEBUG,
            Decision::Rejected => match failure {
                Failure::Answer { status, .. } if *status < 500 => Level::WARN,
                _ => Level::ERROR,
            },
            Decision::Unreachable(level) => level,
            Decision::Transport => Level::ERROR,
            Decision::Retry { .. } | Decision::Probe => unreachable!("the call goes on"),
        };
        let outage = matches!(decision, Decision::Unreachable(_) | Decision::Transport);
        let known = outage && self.reporting == Reporting::OncePerOutage && self.outage.swap(true, Relaxed);
        if known { Level::DEBUG } else { level }
    }
}

fn record(subject: ReportSubject, level: Level, decision: Decision, failure: &Failure, attempts: u32) {
    let ReportSubject { op, call } = subject;
    match (decision, failure) {
        (Decision::Cancelled, _) => record!(level, %op, call, "cancelled"),
        (Decision::Shutdown, cause) => record!(level, %op, call, %cause, "server is shutting down"),
        (Decision::Rejected, Failure::Answer { status, message }) => {
            record!(level, %op, call, status, detail = message.as_str(), "rejected");
        }
        (Decision::Unreachable(_), cause) => record!(level, %op, call, %cause, attempts, "server is unreachable"),
        (_, cause @ Failure::Malformed(_, detail)) => {
            record!(level, %op, call, %cause, detail = detail.as_str(), attempts, "transport failed");
        }
        (_, cause) => record!(level, %op, call, %cause, attempts, "transport failed"),
    }
}

fn error(decision: Decision, failure: &Failure) -> Error {
    let cause = match failure {
        Failure::Malformed(_, detail) => format!("{failure}: {detail}"),
        failure => failure.to_string(),
    };
    match (decision, failure) {
        (Decision::Cancelled, _) => Error::Cancelled,
        (Decision::Shutdown, _) => Error::Shutdown,
        (Decision::Rejected, Failure::Answer { status, message }) => {
            Error::Rejected { status: *status, message: message.clone() }
        }
        (Decision::Unreachable(_), _) => Error::Unreachable { cause },
        _ => Error::Transport { cause },
    }
}

/// The tracebacks of the planted defects.
fn act_up(decision: Decision) {
    if decision == Decision::Shutdown && planted(Defect::TracebackOnShutdown) {
        panic!("the server went away");
    }
    if matches!(decision, Decision::Unreachable(_)) && planted(Defect::ServerStoppedFirst) {
        // The panic's text on standard error is the point; the call goes on to fail as it would.
        let _ = std::panic::catch_unwind(|| panic!("the server went away"));
    }
}
