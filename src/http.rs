//! A single request over HTTP/1, straight to a server: for readiness, for the final read, for a proxy that somebody else runs.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;

/// The most that is read of an answer.
const BODY_BOUND: usize = 256 * 1024 * 1024;

/// Asks for a path; gives the status and the body.
///
/// # Errors
/// What went wrong, in one sentence.
pub(crate) async fn get(addr: SocketAddr, path: &str) -> Result<(u16, Bytes), String> {
    send(addr, Method::GET, path, Bytes::new()).await
}

/// Sends a request, with a body if it is not empty; gives the status and the body of the answer.
///
/// # Errors
/// What went wrong, in one sentence.
pub(crate) async fn send(addr: SocketAddr, method: Method, path: &str, body: Bytes) -> Result<(u16, Bytes), String> {
    let asked = format!("{method} http://{addr}{path}");
    let wrong = |what: &dyn std::fmt::Display| format!("{asked}: {what}");
    let stream = tokio::net::TcpStream::connect(addr).await.map_err(|why| wrong(&why))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|why| wrong(&why))?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method.clone())
        .uri(path)
        .header(hyper::header::HOST, addr.to_string())
        .header(hyper::header::CONNECTION, "close")
        .body(Full::new(body))
        .map_err(|why| wrong(&why))?;
    let answer = sender.send_request(request).await.map_err(|why| wrong(&why))?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), BODY_BOUND).collect().await.map_err(|why| wrong(&why))?.to_bytes();
    connection.abort();
    Ok((status, body))
}
