//! What a request is refused with, in Toxiproxy's words where it has any.

use crate::{ToxicError, WrongToxic};

/// Why a request was not carried out. Its text is the field `error` of the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The body is no JSON, or a value in it makes no sense.
    #[error("bad request body: {0}")]
    BadBody(String),
    /// The query makes no sense (an extension).
    #[error("bad query: {0}")]
    BadQuery(String),
    /// A field that has no default is not there.
    #[error("missing required field: {0}")]
    MissingField(String),
    /// A toxic's `stream` is none.
    #[error("stream was invalid, can be either upstream or downstream")]
    InvalidStream,
    /// There is no such kind of toxic.
    #[error("invalid toxic type")]
    InvalidToxicType,
    /// There is no proxy of this name.
    #[error("proxy not found")]
    ProxyNotFound,
    /// There is a proxy of this name already.
    #[error("proxy already exists")]
    ProxyExists,
    /// The proxy has no toxic of this name.
    #[error("toxic not found")]
    ToxicNotFound,
    /// The proxy has a toxic of this name already.
    #[error("toxic already exists")]
    ToxicExists,
    /// The proxy has no gate of this name (an extension).
    #[error("gate not found")]
    GateNotFound,
    /// The proxy has a gate of this name already (an extension).
    #[error("gate already exists")]
    GateExists,
    /// Nothing is parked at the gate (an extension).
    #[error("gate is not parked")]
    GateNotParked,
    /// The body is larger than what is read of one.
    #[error("request body is larger than {0} bytes")]
    BodyTooLarge(usize),
    /// A proxy cannot listen where it is told to.
    #[error("{0}")]
    Listen(String),
}

impl ApiError {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadBody(_)
            | Self::BadQuery(_)
            | Self::MissingField(_)
            | Self::InvalidStream
            | Self::InvalidToxicType => 400,
            Self::ProxyNotFound | Self::ToxicNotFound | Self::GateNotFound => 404,
            Self::ProxyExists | Self::ToxicExists | Self::GateExists | Self::GateNotParked => 409,
            Self::BodyTooLarge(_) => 413,
            Self::Listen(_) => 500,
        }
    }

    /// A body with a value that makes no sense.
    pub(super) fn bad(problem: impl Into<String>) -> Self {
        Self::BadBody(problem.into())
    }
}

impl From<WrongToxic> for ApiError {
    fn from(wrong: WrongToxic) -> Self {
        Self::BadBody(wrong.to_string())
    }
}

impl From<ToxicError> for ApiError {
    fn from(error: ToxicError) -> Self {
        match error {
            ToxicError::Wrong(wrong) => wrong.into(),
            ToxicError::Exists(_) => Self::ToxicExists,
            ToxicError::Missing(_) => Self::ToxicNotFound,
        }
    }
}
