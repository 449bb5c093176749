//! What the planted defects do to the classification, apart from it, so that it can be read without them.

use tracing::Level;

use super::classify::{Decision, Failure, KnownState};
use crate::defects::{Defect, planted};
use crate::flag::State;

/// What a client with a defect believes to know.
pub fn known(mut known: KnownState) -> KnownState {
    if planted(Defect::EpochIgnored) {
        known.began = None;
    }
    if planted(Defect::NoRetry) {
        known.retries_left = false;
        known.began = None;
    }
    known
}

/// What a client with a defect decides.
pub fn decision(decision: Decision, failure: &Failure, known: &KnownState) -> Decision {
    let state = known.flag.map(|flag| flag.state);
    let lost = matches!(failure, Failure::Disconnected(_) | Failure::TimedOut);
    let stopping = known.announced || matches!(state, Some(State::Stopping | State::Stopped));
    let quiet = planted(Defect::SwallowDisconnects) && matches!(failure, Failure::Disconnected(_))
        || planted(Defect::StartingIsShutdown) && lost && state == Some(State::Starting)
        || planted(Defect::SuppressRejectionsWhileStopping) && stopping && matches!(failure, Failure::Answer { .. })
        || planted(Defect::CrashIsQuiet) && decision == Decision::Unreachable(Level::WARN);
    match decision {
        _ if quiet => Decision::Shutdown,
        Decision::Shutdown if planted(Defect::ServerStoppedFirst) => Decision::Unreachable(Level::ERROR),
        decision => decision,
    }
}
