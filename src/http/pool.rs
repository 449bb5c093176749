//! Connections that are kept between requests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;

use super::{Connection, NoAnswer, Unanswered};

/// How long a connection may take to be ready for the next request, once an answer is there; longer, and it is not kept.
const READY_WITHIN: Duration = Duration::from_secs(1);

/// The idle connections of one client; one request at a time on each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Connection>>>);

impl Pool {
    /// Sends a request on a connection that was kept, else on a new one, and keeps it for the next; gives the status and the whole
    /// body of the answer.
    ///
    /// A request of which no byte was written, because the server had closed the connection, is sent on another one. One of which
    /// any was is not: the server may have done what it asks for.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub async fn exchange(
        &self,
        addr: SocketAddr,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(u16, Bytes), NoAnswer> {
        while let Some(mut connection) = self.take() {
            match connection.ask(request).await {
                Err(Unanswered::Unsent(unsent, _)) => request = *unsent,
                Err(Unanswered::Sent(failure)) => return Err(failure),
                Ok(answer) => {
                    self.keep(connection).await;
                    return Ok(answer);
                }
            }
        }
        let mut connection = Connection::open(addr).await?;
        let answer = connection.ask(request).await?;
        self.keep(connection).await;
        Ok(answer)
    }

    /// The one that was used last, of those that the server has not closed.
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle();
        idle.retain(Connection::is_usable);
        idle.pop()
    }

    async fn keep(&self, mut connection: Connection) {
        if tokio::time::timeout(READY_WITHIN, connection.is_kept()).await == Ok(true) {
            self.idle().push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // A panic elsewhere leaves no half-done change.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
