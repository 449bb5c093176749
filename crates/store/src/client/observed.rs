//! A socket that remembers what was seen on it: hyper's errors say that a message is incomplete, not how it came to be.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::classify::Disconnect;

/// What was seen on a socket since [`begin`](Self::begin).
#[derive(Debug, Default)]
pub struct Seen {
    received: AtomicU64,
    ended: AtomicBool,
    failed: AtomicBool,
}

impl Seen {
    /// A request begins.
    pub fn begin(&self) {
        self.received.store(0, Relaxed);
    }

    /// Whether the peer has ended the stream, or the socket has failed.
    pub fn gone(&self) -> bool {
        self.ended.load(Relaxed) || self.failed.load(Relaxed)
    }

    /// How the connection went away before the response's head was complete.
    pub fn before_body(&self) -> Disconnect {
        if self.received.load(Relaxed) > 0 {
            Disconnect::CutInHead
        } else if self.failed.load(Relaxed) {
            Disconnect::Reset
        } else {
            Disconnect::Closed
        }
    }
}

/// A socket that tells what it sees.
#[derive(Debug)]
pub struct Observed {
    stream: TcpStream,
    seen: Arc<Seen>,
}

impl Observed {
    /// Observes `stream`.
    pub fn new(stream: TcpStream, seen: Arc<Seen>) -> Self {
        Self { stream, seen }
    }

    fn failed<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(outcome, Poll::Ready(Err(_))) {
            self.seen.failed.store(true, Relaxed);
        }
        outcome
    }
}

impl AsyncRead for Observed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (before, room) = (buf.filled().len(), buf.remaining());
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        if matches!(outcome, Poll::Ready(Ok(()))) {
            let read = buf.filled().len() - before;
            self.seen.received.fetch_add(read as u64, Relaxed);
            if read == 0 && room > 0 {
                self.seen.ended.store(true, Relaxed);
            }
        }
        self.failed(outcome)
    }
}

impl AsyncWrite for Observed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.failed(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.failed(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Its failure (a peer that is gone already) says nothing about a request.
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
