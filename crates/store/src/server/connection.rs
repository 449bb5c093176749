//! One connection: hyper speaks HTTP on it, and what hyper writes is watched, to know when an answer is out.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing::debug;

use super::exchange::Slot;
use super::handle::handle;
use super::shared::{LARGEST, Server};
use super::stop::{ServerPhase, StopCounts, Ticket};
use crate::defects::{Defect, planted};
use crate::logging::SERVER;

/// How long the rest of an unwanted request is waited for after its answer, each time.
const LINGER: Duration = Duration::from_secs(1);

/// Serves a connection to its end, or until the stop is over. It holds `unaware` for as long as it lives and does not know
/// that the stop is over, so that the end of the process does not overtake that news.
pub async fn serve(stream: TcpStream, server: Rc<Server>, unaware: Ticket) {
    // Without it an answer is late by a delayed acknowledgement at worst; nothing depends on it.
    let _ = stream.set_nodelay(true);
    let slot = Slot::default();
    let io = Watched { io: TokioIo::new(stream), slot: slot.clone() };
    let service = service_fn(|request| handle(Rc::clone(&server), slot.clone(), request));
    let mut connection = http1::Builder::new().half_close(planted(Defect::CancelIgnored)).serve_connection(io, service);
    let mut over = pin!(server.stop.reached(ServerPhase::Over));
    let mut unaware = Some(unaware);
    let outcome = std::future::poll_fn(|cx| {
        if unaware.is_some() && over.as_mut().poll(cx).is_ready() {
            let _now_aware = unaware.take();
            if slot.is_cut_by_the_end() {
                return Poll::Ready(None);
            }
            // A request that has arrived is still answered; hyper would close an idle connection without looking.
            if let Poll::Ready(outcome) = Pin::new(&mut connection).poll(cx) {
                return Poll::Ready(Some(outcome));
            }
            let outlasts_the_stop = match slot.has_begun() {
                true => planted(Defect::WaitsForIdleConnections),
                false => planted(Defect::WaitsForSilentConnections),
            };
            if !outlasts_the_stop {
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
        Pin::new(&mut connection).poll(cx).map(Some)
    })
    .await;
    slot.end();
    match outcome {
        None => return,
        Some(Err(error)) if error.is_parse() => debug!(target: SERVER, %error, "malformed request"),
        Some(_) if !slot.is_unread() => return,
        Some(_) => {}
    }
    let _farewell = server.stop.ticket(StopCounts::Farewell);
    linger(connection.into_parts().io.io.into_inner()).await;
}

/// Closes a connection on which unread bytes may still arrive, after reading and discarding them. Closed at once, it would
/// be reset, and the reset would overtake the answer.
async fn linger(mut stream: TcpStream) {
    let mut discarded = vec![0; 64 << 10];
    // Whether the client closes, fails, goes on for too long or falls silent: the connection has served its purpose.
    let mut left = LARGEST;
    if stream.shutdown().await.is_ok() {
        while left > 0
            && let Ok(Ok(read @ 1..)) = tokio::time::timeout(LINGER, stream.read(&mut discarded)).await
        {
            left = left.saturating_sub(read);
        }
    }
}

/// A stream that tells its exchange when hyper has nothing left to write: it flushes only then.
struct Watched {
    io: TokioIo<TcpStream>,
    slot: Slot,
}

impl Read for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            self.slot.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
