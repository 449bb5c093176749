//! One connection to the server, driven by whoever uses it: dropping it closes it at once, and with it whatever request
//! is in flight on it.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::classify::{Disconnect, Failure, Malformed};
use super::observed::{Observed, Seen};
use crate::wire::{DRAINING, STATE_HEADER};

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Host and port, as in a URL.
    pub authority: String,
    /// The path below which its routes are, without a slash at its end.
    pub base: String,
    host: String,
    port: u16,
}

/// A text that is not the URL of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It is no URL at all.
    #[error("`{url}` is no URL: {reason}")]
    NotUrl {
        /// What was written.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is a URL of something else.
    #[error("`{0}` is no URL of a server: write http://HOST:PORT")]
    NotServer(String),
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    /// Reads the URL of a server.
    fn from_str(url: &str) -> Result<Self, AddressError> {
        let uri: hyper::Uri = url.parse().map_err(|error: hyper::http::uri::InvalidUri| AddressError::NotUrl {
            url: url.to_owned(),
            reason: error.to_string(),
        })?;
        let (Some("http"), Some(authority), None) = (uri.scheme_str(), uri.authority(), uri.query()) else {
            return Err(AddressError::NotServer(url.to_owned()));
        };
        Ok(Self {
            authority: authority.to_string(),
            base: uri.path().trim_end_matches('/').to_owned(),
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
        })
    }
}

/// A connection.
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
    seen: Arc<Seen>,
    /// The flag's epoch when it was opened: a connection belongs to one server process and dies with it.
    pub epoch: Option<u64>,
}

/// The head of a response.
#[derive(Debug)]
pub struct Head {
    /// Its status.
    pub status: u16,
    /// Whether it says that the server is stopping.
    pub draining: bool,
    body: Incoming,
}

impl Connection {
    /// Connects within `bound`.
    ///
    /// # Errors
    /// Refused, reset, or timed out.
    pub async fn open(to: &Address, bound: Option<Duration>, epoch: Option<u64>) -> Result<Self, Failure> {
        let connecting = TcpStream::connect((to.host.as_str(), to.port));
        let stream = within(bound, connecting).await?.map_err(|error| {
            let reset = error.kind() == io::ErrorKind::ConnectionReset;
            Failure::Disconnected(if reset { Disconnect::Reset } else { Disconnect::Refused })
        })?;
        // On loopback a connect to a port where nobody listens can meet itself.
        if stream.local_addr().ok() == stream.peer_addr().ok() {
            return Err(Failure::Disconnected(Disconnect::Refused));
        }
        let _ = stream.set_nodelay(true);
        let seen = Arc::new(Seen::default());
        let io = TokioIo::new(Observed::new(stream, seen.clone()));
        let (sender, driver) = http1::handshake(io).await.map_err(|_| Failure::Disconnected(Disconnect::Closed))?;
        Ok(Self { sender, driver: Driver(Some(Box::pin(driver))), seen, epoch })
    }

    /// Sends a request and reads the head of its response.
    ///
    /// # Errors
    /// When the connection goes away before the head is complete, or when it is no HTTP.
    pub async fn send(&mut self, request: hyper::Request<Full<Bytes>>) -> Result<Head, Failure> {
        self.seen.begin();
        let response = self.driver.until(self.sender.send_request(request)).await;
        let response = response.map_err(|error| match error.is_parse() {
            true => Failure::Malformed(Malformed::Http, reason(&error)),
            false => Failure::Disconnected(self.seen.before_body()),
        })?;
        let (head, body) = response.into_parts();
        let draining = head.headers.get(STATE_HEADER).is_some_and(|state| state.as_bytes() == DRAINING.as_bytes());
        Ok(Head { status: head.status.as_u16(), draining, body })
    }

    /// Reads the body of the response.
    ///
    /// # Errors
    /// When the connection goes away before the body is complete, or when it is no HTTP.
    pub async fn body(&mut self, head: Head) -> Result<Bytes, Failure> {
        match self.driver.until(head.body.collect()).await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if !self.seen.gone() => Err(Failure::Malformed(Malformed::Http, reason(&error))),
            Err(_) => Err(Failure::Disconnected(Disconnect::CutInBody)),
        }
    }

    /// Whether it can carry another request, as far as can be known.
    pub async fn usable(&mut self) -> bool {
        self.driver.until(self.sender.ready()).await.is_ok() && !self.seen.gone()
    }

    /// Keeps it going while nothing is asked of it; ready when it is of no use any more.
    pub fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.driver.poll(cx)
    }
}

/// What moves a connection's bytes; nothing once it has ended.
struct Driver(Option<Pin<Box<Http>>>);

type Http = http1::Connection<TokioIo<Observed>, Full<Bytes>>;

impl Driver {
    /// Drives the connection until `future` has its outcome, which depends on nothing but the connection.
    async fn until<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            // What the connection has brought wakes the future; only its end must be followed up here, because with it
            // the other ends of the future's channels are gone.
            Poll::Pending => match self.poll(cx) {
                Poll::Ready(()) => future.as_mut().poll(cx),
                Poll::Pending => Poll::Pending,
            },
        })
        .await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(connection) = &mut self.0 {
            // Its error is told to the request in flight; without one there is nobody to tell.
            if connection.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.0 = None;
        }
        Poll::Ready(())
    }
}

/// Awaits `future` for at most `bound`.
pub async fn within<F: Future>(bound: Option<Duration>, future: F) -> Result<F::Output, Failure> {
    match bound {
        Some(bound) => tokio::time::timeout(bound, future).await.map_err(|_| Failure::TimedOut),
        None => Ok(future.await),
    }
}

/// What hyper says is wrong, with its source, which holds the point.
fn reason(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_an_http_url() {
        let address: Address = "http://127.0.0.1:4747/".parse().expect("an address");
        assert_eq!((address.authority.as_str(), address.base.as_str()), ("127.0.0.1:4747", ""));
        let address: Address = "http://[::1]:1/below/".parse().expect("an address");
        assert_eq!((address.host.as_str(), address.base.as_str(), address.port), ("::1", "/below", 1));
        for wrong in ["", "127.0.0.1:1", "https://localhost", "http://x/?y", "/path"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
