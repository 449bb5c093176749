//! A connection to a server, for one request after the other.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use rustix::io::Errno;
use rustix::net::RecvFlags;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::NoAnswer;

/// The most that is read of an answer.
const BODY_BOUND: usize = 256 * 1024 * 1024;

/// A connection. It is closed when it is dropped, or when the server has closed it.
#[derive(Debug)]
pub(crate) struct Connection {
    addr: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
    /// Nothing, as soon as it was closed.
    stream: Weak<TcpStream>,
    _task: AbortOnDrop<hyper::Result<()>>,
}

/// Why a request has no whole answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The connection had ended before a byte of it was written: it can be sent again, without being sent twice.
    Unsent(Box<Request<Full<Bytes>>>, hyper::Error),
    /// It was sent, in part or as a whole, and nobody knows what has come of it.
    Sent(NoAnswer),
}

impl From<Unanswered> for NoAnswer {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Unsent(_, why) => Self::Exchange(why.into()),
            Unanswered::Sent(failure) => failure,
        }
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody takes the connection.
    pub async fn open(addr: SocketAddr) -> Result<Self, NoAnswer> {
        let stream = Arc::new(TcpStream::connect(addr).await.map_err(NoAnswer::Connect)?);
        let weak = Arc::downgrade(&stream);
        let (sender, task) =
            handshake(TokioIo::new(Shared(stream))).await.map_err(|why| NoAnswer::Exchange(why.into()))?;
        Ok(Self { addr, sender, stream: weak, _task: AbortOnDrop(tokio::spawn(task)) })
    }

    /// Sends a request; gives the status and the whole body of the answer.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub async fn ask(&mut self, mut request: Request<Full<Bytes>>) -> Result<(u16, Bytes), Unanswered> {
        let sent = |why: Box<dyn std::error::Error + Send + Sync>| Unanswered::Sent(NoAnswer::Exchange(why));
        let host = HeaderValue::from_str(&self.addr.to_string()).map_err(|why| sent(why.into()))?;
        request.headers_mut().entry(HOST).or_insert(host);
        let answer = self.sender.try_send_request(request).await.map_err(|mut failed| match failed.take_message() {
            Some(request) => Unanswered::Unsent(Box::new(request), failed.into_error()),
            None => sent(failed.into_error().into()),
        })?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), BODY_BOUND).collect().await.map_err(sent)?.to_bytes();
        Ok((status, body))
    }

    /// Waits until the last exchange is over; whether there can be another one.
    pub async fn is_kept(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Whether the server has neither closed it, nor said anything that nobody had asked for, as far as has arrived here.
    pub fn is_usable(&self) -> bool {
        let Some(stream) = self.stream.upgrade() else { return false };
        let mut next = [0];
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        !self.sender.is_closed() && matches!(rustix::net::recv(&*stream, &mut next, flags), Err(Errno::AGAIN))
    }
}

#[derive(Debug)]
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A stream that can be looked at while hyper has it.
struct Shared(Arc<TcpStream>);

impl AsyncRead for Shared {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
                Err(why) => return Poll::Ready(Err(why)),
            }
        }
    }
}

impl AsyncWrite for Shared {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(bytes) {
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(rustix::net::shutdown(&*self.0, rustix::net::Shutdown::Write).map_err(io::Error::from))
    }
}
