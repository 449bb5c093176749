//! Wakes a task that may be doing something else: a wake-up is kept until the task takes it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;

/// Taken by one task. Cheaper to look at than [`tokio::sync::Notify`], which is made for many: a connection looks at it for
/// every message.
#[derive(Debug, Default)]
pub(super) struct Wakeup {
    pending: AtomicBool,
    waker: AtomicWaker,
}

impl Wakeup {
    pub fn wake(&self) {
        self.pending.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Ready when there was a wake-up since the last one was taken.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.pending.swap(false, Ordering::AcqRel) {
            return Poll::Ready(());
        }
        self.waker.register(cx.waker());
        // It may have come before there was anybody to wake.
        if self.pending.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    }

    pub async fn woken(&self) {
        std::future::poll_fn(|cx| self.poll(cx)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn no_wakeup_is_lost() {
        let wakeup = Arc::new(Wakeup::default());
        wakeup.wake();
        wakeup.woken().await;
        for _ in 0..1000 {
            let waking = Arc::clone(&wakeup);
            let task = tokio::task::spawn_blocking(move || waking.wake());
            wakeup.woken().await;
            task.await.expect("wakes");
        }
    }
}
