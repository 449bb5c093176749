//! The client of the store: sends requests, tries again where that is right, and classifies what fails in one place.
//!
//! Callers get a value or a typed [`Error`]; whatever there is to log about a failed call was logged already, once.
//! Dropping a call cancels it: its connection is closed before the drop returns, so that the server notices.

mod announcement;
mod attempt;
pub mod classify;
mod connection;
mod defective;
mod error;
mod idle;
mod observed;
mod operation;
mod options;
mod probe;
mod report;
mod request;
mod retry;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use serde_json::Value;
use tracing::debug;

use announcement::Announcement;
use classify::{Decision, Failure, Health, KnownState, classify};
pub use connection::{Address, AddressError};
pub use error::Error;
use idle::Idle;
pub use operation::{ArgumentError, StoreOperation};
pub use options::ClientOptions;
pub use report::Reporting;
use report::{CallReport, ReportSubject};
use request::StoreRequest;
use retry::Budget;

use super::defects::{Defect, planted};
use super::duration::Schedule;
use super::flag;
use super::logging::CLIENT;

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Where the server is.
    pub server: Address,
    /// The file of the shared online flag, if it is to be read.
    pub flag: Option<PathBuf>,
    /// The bound of one connection attempt.
    pub connect_timeout: Duration,
    /// The bound of one request, from its first byte to the last of its answer. A long poll may take that much longer than
    /// its own limit; one without a limit has no bound.
    pub request_timeout: Duration,
    /// The pauses before each retry: with three of them there are four attempts.
    pub retry: Schedule,
    /// The pauses before each health probe.
    pub probe: Schedule,
    /// The bound of one health probe, with its connection.
    pub probe_timeout: Duration,
    /// How often an unplanned failure is reported.
    pub reporting: Reporting,
}

impl ClientConfig {
    /// The defaults for a server.
    pub fn new(server: Address) -> Self {
        let schedule = |pauses: [u64; 3]| Schedule(pauses.map(Duration::from_millis).to_vec());
        Self {
            server,
            flag: None,
            connect_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(10),
            retry: schedule([100, 200, 500]),
            probe: schedule([50, 100, 200]),
            probe_timeout: Duration::from_secs(1),
            reporting: Reporting::default(),
        }
    }
}

/// A call that can be made as often as it takes: however often, it has its effect once.
#[derive(Debug, Clone)]
pub struct ClientCall {
    operation: StoreOperation,
    /// With the key by which the server knows it.
    request: StoreRequest,
}

impl ClientCall {
    /// A call for this operation, with a key of its own if it writes.
    pub fn new(operation: StoreOperation) -> Self {
        Self { request: operation.request(), operation }
    }
}

/// A client. Its clones share its connection and what it knows of the server.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

/// What the clones of a client share.
pub struct Shared {
    config: ClientConfig,
    idle: Idle,
    announcement: Announcement,
    report: CallReport,
    /// Only for a planted defect: that the server was down once.
    was_down: AtomicBool,
}

impl std::ops::Deref for Client {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Client {
    /// A client. It connects when it is asked for something.
    pub fn new(mut config: ClientConfig) -> Self {
        if planted(Defect::FlagIgnored) {
            config.flag = None;
        }
        Self(Arc::new(Shared {
            idle: Idle::default(),
            announcement: Announcement::default(),
            report: CallReport::new(config.reporting),
            was_down: AtomicBool::new(false),
            config,
        }))
    }

    /// Asks the server for `operation` and gives what it answers. `number` is the caller's own for this call, for the log.
    ///
    /// # Errors
    /// Each of [`Error`] but [`Error::Cancelled`]: a call is cancelled by dropping it.
    pub async fn call(&self, operation: StoreOperation, number: Option<u64>) -> Result<Value, Error> {
        self.make(&ClientCall::new(operation), number).await
    }

    /// As [`call`](Self::call), for a call that may be made again: when it is not known whether it had its effect, the server
    /// repeats its answer instead.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn make(&self, call: &ClientCall, number: Option<u64>) -> Result<Value, Error> {
        let operation = &call.operation;
        let subject = ReportSubject { op: operation.name(), call: number };
        let mut cancellation = Cancellation { client: self, subject, armed: true };
        let outcome = if planted(Defect::CancelIgnored) {
            let (client, call) = (self.clone(), call.clone());
            let call = tokio::spawn(async move { client.attempts(&call, subject).await });
            call.await.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))
        } else {
            self.attempts(call, subject).await
        };
        cancellation.armed = false;
        match outcome {
            Ok(value) => Ok(value),
            Err(over) => Err(self.report.failed(subject, over.decision, &over.failure, over.attempts)),
        }
    }

    /// Makes attempts until one succeeds or the call is over.
    async fn attempts(&self, call: &ClientCall, subject: ReportSubject) -> Result<Value, Over> {
        let mut budget = Budget::new(&self.config.retry);
        let mut began = None;
        loop {
            if planted(Defect::StickyDown) && self.was_down.load(Relaxed) {
                let failure = Failure::Disconnected(classify::Disconnect::Refused);
                return Err(Over { decision: Decision::Shutdown, failure, attempts: 0 });
            }
            let failure = match self.attempt(&call.operation, &call.request, &mut began).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let known = KnownState { began, retries_left: budget.left(), ..KnownState::default() };
            let (decision, known) = self.decide(&failure, known, subject).await;
            let Decision::Retry { renewed } = decision else {
                self.was_down.store(!matches!(decision, Decision::Rejected), Relaxed);
                return Err(Over { decision, failure, attempts: budget.attempts() });
            };
            let ReportSubject { op, call } = subject;
            debug!(target: CLIENT, %op, call, attempt = budget.attempts(), cause = %failure, "request failed, retrying");
            let pause = if renewed {
                began = known.flag.map(|flag| flag.epoch);
                budget.renew()
            } else {
                budget.next_pause()
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Finds out what is known about a failure and classifies it. The only place that does.
    async fn decide(&self, failure: &Failure, known: KnownState, subject: ReportSubject) -> (Decision, KnownState) {
        let flag = self.config.flag.as_deref().and_then(flag::read);
        let mut known = defective::known(KnownState { flag, announced: self.announcement.stands(), ..known });
        let decision = loop {
            match classify(failure, &known) {
                Decision::Probe => known.health = self.health(subject).await,
                decision => break decision,
            }
        };
        (defective::decision(decision, failure, &known), known)
    }
}

/// The end of a call that failed.
struct Over {
    decision: Decision,
    failure: Failure,
    attempts: u32,
}

/// Tells that a call was cancelled when it is dropped before its end.
struct Cancellation<'a> {
    client: &'a Client,
    subject: ReportSubject,
    armed: bool,
}

impl Drop for Cancellation<'_> {
    fn drop(&mut self) {
        if self.armed && !std::thread::panicking() {
            let failure = Failure::Cancelled;
            let decision = classify(&failure, &KnownState { health: Health::Unasked, ..KnownState::default() });
            self.client.report.failed(self.subject, decision, &failure, 1);
        }
    }
}
