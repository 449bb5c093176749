/// How a call failed, for its caller. What happened in detail was logged already, once, by the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller cancelled it. Dropping a call's future cancels it, so this is for callers that keep account.
    #[error("cancelled")]
    Cancelled,
    /// The server ends as planned: there is nothing to report, and nothing to wait for.
    #[error("the server is shutting down")]
    Shutdown,
    /// The server has answered that it will not do it.
    #[error("rejected with status {status}: {message}")]
    Rejected {
        /// The HTTP status, 400 or above.
        status: u16,
        /// What the server says about it.
        message: String,
    },
    /// The server is gone, unplanned.
    #[error("the server is unreachable: {cause}")]
    Unreachable {
        /// What was seen last.
        cause: String,
    },
    /// The server is there, and the exchange with it fails.
    #[error("transport failed: {cause}")]
    Transport {
        /// What was seen last.
        cause: String,
    },
}

impl Error {
    /// The name of this result, as the driver gives it.
    pub fn result(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Shutdown => "shutdown",
            Self::Rejected { .. } => "rejected",
            Self::Unreachable { .. } => "unreachable",
            Self::Transport { .. } => "transport",
        }
    }
}
