/// A phase of an HTTP/1 request as the proxy sees it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Phase {
    /// The request head has arrived at the proxy; `at` bytes of it (default 0) were forwarded.
    RequestHead,
    /// The head was forwarded, and `at` bytes (default 0) of the body.
    RequestBody,
    /// Every byte of the request was forwarded; no byte of the response is let through.
    RequestSent,
    /// The response head has arrived at the proxy; `at` bytes of it (default 0) were forwarded.
    ResponseHead,
    /// The response head was forwarded, and `at` bytes (default 0) of the body.
    ResponseBody,
    /// Every byte of the response was forwarded to the client.
    ResponseSent,
}

/// How a connection is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum CutMode {
    /// Shut down writing and drain: the peer sees an orderly end of the stream (FIN).
    Fin,
    /// Close with zero linger: the peer sees a reset (RST).
    Rst,
}

/// Towards whom a connection is broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Toward {
    /// Only the client sees it.
    Client,
    /// Only the server sees it.
    Server,
    /// Both see it.
    #[default]
    Both,
}

/// One end of a link; as a direction, the end that the bytes go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Side {
    /// The client's end.
    Client,
    /// The server's end.
    Server,
}

impl Side {
    /// Both, in the order in which a connection serves them: what has gone to the server decides about what may go to the client.
    pub(crate) const BOTH: [Self; 2] = [Self::Server, Self::Client];

    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The end that the bytes of this direction come from.
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}
