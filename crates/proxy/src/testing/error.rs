use std::io;
use std::time::Duration;

use crate::WrongMatcher;

/// Why a link cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no thread, or no runtime, for it.
    #[error("a link cannot have a thread of its own: {0}")]
    Thread(io::Error),
    /// The address is taken, or none of this machine's.
    #[error("a link cannot listen: {0}")]
    Listen(io::Error),
}

/// Why a place can never be met as it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongPlace {
    /// No client sends such a request.
    #[error(transparent)]
    Matcher(#[from] WrongMatcher),
    /// `nth` is 0.
    #[error("nth: matches are counted from 1; write nth(1) for the first one")]
    NthZero,
    /// A number of bytes where there are none.
    #[error(
        "`{0}` has no bytes; leave byte() and middle() out, or choose the head or the body of the request or response"
    )]
    NoBytes(&'static str),
    /// A place counted from the end of a connection, whose length is not known in advance.
    #[error("bytes of a connection are counted from its beginning; write a number of 0 or more instead of {0}")]
    FromTheEnd(i64),
}

/// Why a gate could not be waited for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// Nothing came there in time.
    #[error("nothing came to {place} within {within:?}; {seen}")]
    NotReached {
        /// Where.
        place: String,
        /// How long it was waited for.
        within: Duration,
        /// What the link has seen instead.
        seen: String,
    },
    /// The link was dropped.
    #[error("the link was dropped before anything came to {place}")]
    LinkClosed {
        /// Where.
        place: String,
    },
}
