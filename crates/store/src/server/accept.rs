//! Accepting connections until the stop is over.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tracing::warn;

use super::connection;
use super::shared::Server;
use super::stop::{ServerPhase, StopCounts};
use crate::logging::SERVER;

/// The pause after a failed accept: the usual cause is a lack of file descriptors, which only time cures.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts and serves connections until the stop is over, closes the listener, and returns the connections that still
/// live. Dropping the future ends them all.
pub async fn accept(listener: TcpListener, server: Rc<Server>) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    let serve = |connections: &mut JoinSet<()>, stream| {
        let unaware = server.stop.ticket(StopCounts::Farewell);
        connections.spawn_local(connection::serve(stream, Rc::clone(&server), unaware));
    };
    loop {
        tokio::select! {
            biased;
            () = server.stop.reached(ServerPhase::Over) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => serve(&mut connections, stream),
                Err(error) if of_the_peer(&error) => {}
                Err(error) => {
                    warn!(target: SERVER, %error, "cannot accept");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    // Who has connected is answered; closing the listener would reset them.
    while let Some(stream) = waiting(&listener) {
        serve(&mut connections, stream);
    }
    connections
}

/// A connection that waits to be accepted.
fn waiting(listener: &TcpListener) -> Option<TcpStream> {
    match listener.poll_accept(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok((stream, _))) => Some(stream),
        _ => None,
    }
}

/// Whether only the connection that was to be accepted has failed.
fn of_the_peer(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
