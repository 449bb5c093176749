//! A single request over HTTP/1: for readiness, for the final read, for a proxy that somebody else runs, for calls of the
//! harness's own client.

mod connection;
mod pool;

use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Method, Request};

pub(crate) use connection::{Connection, Unanswered};
pub(crate) use pool::Pool;

/// A request that has no whole answer.
#[derive(Debug, thiserror::Error)]
#[error("{asked}: {why}")]
pub(crate) struct RequestError {
    /// The method and the URL.
    asked: String,
    why: NoAnswer,
}

/// Asks for a path; gives the status and the body.
///
/// # Errors
/// What was asked for, and why there is no answer.
pub(crate) async fn get(addr: SocketAddr, path: &str) -> Result<(u16, Bytes), RequestError> {
    send(addr, Method::GET, path, Bytes::new()).await
}

/// Sends a request, with a body if it is not empty; gives the status and the body of the answer.
///
/// # Errors
/// What was asked for, and why there is no answer.
pub(crate) async fn send(
    addr: SocketAddr,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<(u16, Bytes), RequestError> {
    let asked = format!("{method} http://{addr}{path}");
    let request = Request::builder().method(method).uri(path).body(Full::new(body));
    let answer = match request {
        Ok(request) => exchange(addr, request).await,
        Err(why) => Err(NoAnswer::Request(why)),
    };
    answer.map_err(|why| RequestError { asked, why })
}

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// It cannot even be asked.
    #[error("{0}")]
    Request(hyper::http::Error),
    /// Nobody took the connection.
    #[error("{0}")]
    Connect(std::io::Error),
    /// It broke, or what came was no answer.
    #[error("{}", chain(&**.0))]
    Exchange(Box<dyn std::error::Error + Send + Sync>),
}

/// hyper says of most failures what was attempted, and only their source says why.
fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(why) = source {
        text = format!("{text}: {why}");
        source = why.source();
    }
    text
}

/// Sends a request on a connection of its own, which ends with this future; gives the status and the whole body of the answer.
///
/// # Errors
/// Why there is no whole answer.
pub(crate) async fn exchange(addr: SocketAddr, mut request: Request<Full<Bytes>>) -> Result<(u16, Bytes), NoAnswer> {
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    Connection::open(addr).await?.ask(request).await.map_err(Unanswered::into)
}
