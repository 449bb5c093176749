//! How a runner is told to stop, and what then becomes of what it is doing.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use crate::process::{EndSignals, input_end};

/// How long what should not be given up may still take after the stop.
const GRACE: Duration = Duration::from_secs(1);

/// Why a runner stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A signal of this name.
    Signal(&'static str),
    /// Its standard input has ended.
    InputEnd,
    /// The server is shutting down.
    Shutdown,
    /// The strategy that it is part of is at its end.
    Strategy,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signal(name) => name,
            Self::InputEnd => "stdin-eof",
            Self::Shutdown => "server-shutdown",
            Self::Strategy => "strategy",
        })
    }
}

/// Whether a runner was told to stop. Its clones are one.
#[derive(Clone)]
pub struct RunnerStop(watch::Sender<Option<Reason>>);

impl RunnerStop {
    /// Listens to signals, and to the end of standard input if `input`.
    ///
    /// # Errors
    /// When signals cannot be caught.
    pub fn listen(input: bool) -> std::io::Result<Self> {
        let stop = Self::untold();
        let mut signals = EndSignals::catch()?;
        let told = stop.clone();
        tokio::spawn(async move {
            let input_ended = async {
                // Without standard input to end, or with its reader gone, only signals are left.
                match input {
                    true if input_end().await.is_ok() => {}
                    _ => std::future::pending().await,
                }
            };
            told.ask(tokio::select! {
                name = signals.next() => Reason::Signal(name),
                () = input_ended => Reason::InputEnd,
            });
        });
        Ok(stop)
    }

    /// By which only [`ask`](Self::ask) tells it to stop.
    pub fn untold() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Tells it to stop. The first reason stands.
    pub fn ask(&self, reason: Reason) {
        self.0.send_if_modified(|told| told.is_none() && told.replace(reason).is_none());
    }

    /// Why it is to stop, if it is.
    pub fn reason(&self) -> Option<Reason> {
        *self.0.borrow()
    }

    /// Awaits `future`, but gives it up at once when it is time to stop.
    pub async fn at_once<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            () = self.asked() => None,
            outcome = future => Some(outcome),
        }
    }

    /// Awaits `future`, but gives it up a little after it is time to stop.
    pub async fn soon<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            outcome = future => Some(outcome),
            () = async { self.asked().await; tokio::time::sleep(GRACE).await } => None,
        }
    }

    async fn asked(&self) {
        // It fails only when there is no sender, and this is one.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stands() {
        let stop = RunnerStop::untold();
        assert_eq!(stop.reason(), None);
        stop.ask(Reason::Shutdown);
        stop.ask(Reason::InputEnd);
        assert_eq!(stop.reason(), Some(Reason::Shutdown));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_interruptible_ends_at_once_and_what_is_not_may_end() {
        let stop = RunnerStop::untold();
        assert_eq!(stop.at_once(async { 1 }).await, Some(1));
        stop.ask(Reason::InputEnd);
        assert_eq!(stop.at_once(std::future::pending::<()>()).await, None);
        assert_eq!(stop.soon(tokio::task::yield_now()).await, Some(()));
    }
}
