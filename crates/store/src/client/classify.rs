//! The one classification of failed requests: what is known about a failure decides what it means.

use std::fmt;

use tracing::Level;

use crate::flag::{Snapshot, State};

/// Decides what a failure means. The first row that matches wins.
///
/// | # | what is known | outcome |
/// | --- | --- | --- |
/// | 1 | the caller cancelled | cancelled |
/// | 2 | an answer with the draining marker | shutdown, whatever the flag says |
/// | 3 | any other 4xx or 5xx | rejected, also while stopping |
/// | 4 | malformed HTTP or JSON | transport failed, also while stopping |
/// | 5 | the flag's epoch changed since the request began, and it says starting or online | retried, with a new budget |
/// | 6 | disconnect or timeout, flag stopping or stopped | shutdown |
/// | 7 | flag starting | retried; spent: unreachable |
/// | 8 | flag online | retried; spent: unreachable |
/// | 9 | no flag; the server had announced its shutdown | shutdown |
/// | 10 | no flag, not announced, health gone for the whole probe schedule | unreachable, as a warning |
/// | 11 | no flag, health answers | retried; spent: transport failed |
///
/// Row 5 gives a new budget because the old one was spent on a server that is no more. A new server that is stopping
/// already falls through to row 6. Rows 10 and 11 need to know the server's health: until it was asked, the decision is
/// to [probe](Decision::Probe).
pub fn classify(failure: &Failure, known: &KnownState) -> Decision {
    match failure {
        Failure::Cancelled => Decision::Cancelled,
        Failure::Draining(_) => Decision::Shutdown,
        Failure::Answer { .. } => Decision::Rejected,
        Failure::Malformed(..) => Decision::Transport,
        Failure::Disconnected(_) | Failure::TimedOut => match known.flag {
            Some(flag) => by_flag(flag, known),
            None => by_health(known),
        },
    }
}

/// Rows 5 to 8.
fn by_flag(flag: Snapshot, known: &KnownState) -> Decision {
    let restarted = known.began.is_some_and(|began| began != flag.epoch);
    match flag.state {
        State::Starting | State::Online if restarted => Decision::Retry { renewed: true },
        State::Stopping | State::Stopped => Decision::Shutdown,
        State::Starting | State::Online if known.retries_left => Decision::Retry { renewed: false },
        State::Starting | State::Online => Decision::Unreachable(Level::ERROR),
    }
}

/// Rows 9 to 11.
fn by_health(known: &KnownState) -> Decision {
    match known.health {
        _ if known.announced => Decision::Shutdown,
        Health::Draining => Decision::Shutdown,
        Health::Unasked => Decision::Probe,
        Health::Gone => Decision::Unreachable(Level::WARN),
        Health::Answers if known.retries_left => Decision::Retry { renewed: false },
        Health::Answers => Decision::Transport,
    }
}

/// How one attempt at a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The caller cancelled it.
    Cancelled,
    /// An answer that says that the server did not do it, because it is stopping.
    Draining(Draining),
    /// Any other answer of 4xx or 5xx.
    Answer {
        /// The status.
        status: u16,
        /// What the server says about it, in one line.
        message: String,
    },
    /// What was answered is not what it should be; with what is wrong about it.
    Malformed(Malformed, String),
    /// The connection is gone.
    Disconnected(Disconnect),
    /// No answer, or not the whole of it, within the bound.
    TimedOut,
}

/// In what way the server has answered that it is stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draining {
    /// A 503 with the draining marker.
    Refused,
    /// A long poll's answer that came before what was waited for.
    AnsweredEarly,
}

/// What is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The response is no HTTP, or a status that no route gives.
    Http,
    /// Its body is no JSON, or not of the expected shape.
    Json,
}

/// How a connection went away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disconnect {
    /// There was none to be had.
    Refused,
    /// It was reset before any byte of the response.
    Reset,
    /// It ended before any byte of the response.
    Closed,
    /// It ended, in whatever way, in the response's head.
    CutInHead,
    /// It ended, in whatever way, in the response's body.
    CutInBody,
}

/// What is known when a failure is classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownState {
    /// The flag's epoch when the request began, if there was a flag.
    pub began: Option<u64>,
    /// The flag after the failure; nothing without a flag, or when it cannot be read.
    pub flag: Option<Snapshot>,
    /// Whether the server has announced its shutdown.
    pub announced: bool,
    /// What the health probes gave, if they were needed.
    pub health: Health,
    /// Whether the budget allows another attempt.
    pub retries_left: bool,
}

/// What health probes gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// It was not asked.
    #[default]
    Unasked,
    /// The server answers.
    Answers,
    /// The server answers that it is stopping.
    Draining,
    /// The server did not answer, for the whole probe schedule.
    Gone,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The call is over, because its caller wants it so.
    Cancelled,
    /// The call is over, because the server ends as planned.
    Shutdown,
    /// The call is over, because the server said no.
    Rejected,
    /// The call is over, because the server cannot be reached; reported at this level.
    Unreachable(Level),
    /// The call is over, because the exchange fails although the server is there.
    Transport,
    /// Try again after the next pause.
    Retry {
        /// Whether the budget begins anew, because this is another server than the one that failed.
        renewed: bool,
    },
    /// Ask for the server's health, and classify again.
    Probe,
}

impl fmt::Display for Failure {
    /// The class of the failure in one word: what logs show as its cause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "cancelled",
            Self::Draining(Draining::Refused) => "refused-while-draining",
            Self::Draining(Draining::AnsweredEarly) => "answered-early",
            Self::Answer { .. } => "rejected",
            Self::Malformed(Malformed::Http, _) => "malformed-http",
            Self::Malformed(Malformed::Json, _) => "malformed-json",
            Self::Disconnected(Disconnect::Refused) => "refused",
            Self::Disconnected(Disconnect::Reset) => "reset",
            Self::Disconnected(Disconnect::Closed) => "closed",
            Self::Disconnected(Disconnect::CutInHead) => "cut-in-head",
            Self::Disconnected(Disconnect::CutInBody) => "cut-in-body",
            Self::TimedOut => "timeout",
        })
    }
}

#[cfg(test)]
mod tests;
