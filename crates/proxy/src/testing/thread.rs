use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc as events, oneshot};

use super::OpenError;
use super::record::Record;
use crate::{EventLink, Settings};

/// The thread of a link, with a runtime of its own: it outlives the runtimes of tests, and does not stop with their clocks.
#[derive(Debug)]
pub(super) struct LinkThread {
    runtime: Handle,
    running: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl LinkThread {
    /// Opens a link on a thread of its own.
    pub fn open(name: &str, settings: Settings) -> Result<(Self, EventLink, Arc<Record>), OpenError> {
        let (told, events) = events::unbounded_channel();
        let (opened, result) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let record = Arc::new(Record::new(events));
        let (follows, link_name) = (Arc::clone(&record), name.to_owned());
        let run = move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(opened.send(Err(OpenError::Thread(error)))),
            };
            let link = runtime.block_on(async { EventLink::with(&link_name, settings, Some(told)) });
            let is_open = link.is_ok();
            let answer = link.map(|link| (link, runtime.handle().clone())).map_err(OpenError::Listen);
            if opened.send(answer).is_err() || !is_open {
                return;
            }
            runtime.block_on(async {
                tokio::select! {
                    () = follows.follow() => {}
                    // Either way the link is gone.
                    _ = stopped => {}
                }
            });
            // With the runtime go the connections, and their sockets.
        };
        let thread = thread::Builder::new().name(format!("link {name}")).spawn(run).map_err(OpenError::Thread)?;
        let answer = result.recv().unwrap_or_else(|_| {
            Err(OpenError::Thread(std::io::Error::other("the thread ended before the link was open")))
        });
        let (link, runtime) = answer?;
        Ok((Self { runtime, running: Mutex::new(Some((stop, thread))) }, link, record))
    }

    /// Returns when whatever the link was doing at this moment is done, and told.
    pub fn settle(&self) {
        let (done, waits) = mpsc::channel();
        self.runtime.spawn(async move { done.send(()) });
        // Where the thread has ended, nothing is under way.
        let _ = waits.recv();
    }

    /// Waits for something no longer than a time of the link's own clock. Nothing when the time is over, or the thread has ended.
    pub async fn within<T: Send + 'static>(
        &self,
        time: Duration,
        happens: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.runtime.spawn(async move { tokio::time::timeout(time, happens).await.ok() }).await.ok().flatten()
    }

    pub fn is_running(&self) -> bool {
        self.running.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).is_some()
    }

    /// Ends the thread; when this returns, every connection is closed.
    pub fn end(&self) {
        let running = self.running.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        if let Some((stop, thread)) = running {
            let _ = stop.send(());
            // If it has panicked, that was printed.
            let _ = thread.join();
        }
    }
}

/// Drives a future on this thread, which sleeps meanwhile. Everything that is waited for here happens on the link's thread.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
