//! Defects that can be planted, so that every scenario can show under which defect it fails.
//!
//! They exist in builds with debug assertions only. A release build that is asked for one refuses to run, because a
//! control that silently runs without its defect proves nothing.

/// The environment variable that plants a defect.
pub const VARIABLE: &str = "QUIETDOWN_STORE_DEFECT";

macro_rules! defects {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A planted defect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Defect {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Defect {
            /// Every defect.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name by which it is planted.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

defects! {
    /// The client logs a planned shutdown as ERROR.
    ShutdownLoggedAsError = "shutdown-logged-as-error",
    /// The client panics when it meets a planned shutdown, in the task of the call.
    TracebackOnShutdown = "traceback-on-shutdown",
    /// The client takes every disconnect for a planned shutdown.
    SwallowDisconnects = "swallow-disconnects",
    /// The client does not retry.
    NoRetry = "no-retry",
    /// The client sends no idempotency key.
    NoIdempotency = "no-idempotency",
    /// The client reports a failed call twice.
    ReportTwice = "report-twice",
    /// The client reports no failed call.
    ReportNever = "report-never",
    /// The client logs a cancellation as ERROR.
    CancelLoggedAsError = "cancel-logged-as-error",
    /// The client lets a cancelled request go on, and the server does not notice that its client went away.
    CancelIgnored = "cancel-ignored",
    /// The client does not read the flag.
    FlagIgnored = "flag-ignored",
    /// The server says `stopping` only after everything was torn down.
    FlagLate = "flag-late",
    /// The server does not end when it was told to stop.
    HangOnStop = "hang-on-stop",
    /// The runner reports an interrupted rollout as succeeded.
    InterruptedIsSucceeded = "interrupted-is-succeeded",
    /// The strategy stops the server before it tells the runners, and the runner does not tell a shutdown from a failure.
    ServerStoppedFirst = "server-stopped-first",
    /// The server refuses a request during its stop without the draining marker, and announces nothing.
    NoDrainMarker = "no-drain-marker",
    /// The server does not wait for what is in flight when it stops.
    NoDrain = "no-drain",
    /// The client takes every error answer during a stop for the stop.
    SuppressRejectionsWhileStopping = "suppress-rejections-while-stopping",
    /// The client takes a server that is starting for one that is stopping.
    StartingIsShutdown = "starting-is-shutdown",
    /// The server ends with status 1 after a graceful stop.
    ExitNonzeroOnStop = "exit-nonzero-on-stop",
    /// The client does not compare epochs.
    EpochIgnored = "epoch-ignored",
    /// The client waits for an answer for ever.
    NoRequestTimeout = "no-request-timeout",
    /// The server acknowledges every second write without keeping it.
    LostWrite = "lost-write",
    /// Without a flag, the client takes a server that is gone for a planned shutdown.
    CrashIsQuiet = "crash-is-quiet",
    /// The client remembers that the server was down, and never asks again.
    StickyDown = "sticky-down",
    /// The server does not end while an idle connection that has carried requests is open.
    WaitsForIdleConnections = "waits-for-idle-connections",
    /// The server does not end while a connection is open on which nothing was ever sent.
    WaitsForSilentConnections = "waits-for-silent-connections",
}

/// Whether this defect was planted into this process.
pub fn planted(defect: Defect) -> bool {
    #[cfg(debug_assertions)]
    {
        static PLANTED: std::sync::OnceLock<Option<Defect>> = std::sync::OnceLock::new();
        *PLANTED.get_or_init(|| {
            let name = std::env::var(VARIABLE).ok()?;
            Defect::ALL.iter().copied().find(|defect| defect.name() == name)
        }) == Some(defect)
    }
    #[cfg(not(debug_assertions))]
    {
        let _ = defect;
        false
    }
}

/// A defect that the environment asks for and that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefectError {
    /// The build leaves defects out.
    #[error("{VARIABLE}={0} is set, but this build has no defects: use one with debug assertions")]
    NotInThisBuild(String),
    /// There is none of this name.
    #[error("{VARIABLE}={0}: there is no such defect; known: {known}", known = names().join(", "))]
    Unknown(String),
}

fn names() -> Vec<&'static str> {
    Defect::ALL.iter().map(|defect| defect.name()).collect()
}

/// Checks what the environment asks for, before anything is started.
///
/// # Errors
/// When it asks for a defect that does not exist, or for any in a build without debug assertions.
pub fn check() -> Result<(), DefectError> {
    let Ok(name) = std::env::var(VARIABLE) else { return Ok(()) };
    if !cfg!(debug_assertions) {
        return Err(DefectError::NotInThisBuild(name));
    }
    if Defect::ALL.iter().any(|defect| defect.name() == name) {
        return Ok(());
    }
    Err(DefectError::Unknown(name))
}
