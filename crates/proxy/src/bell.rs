//! Wakes a task that may be doing something else: a ring is kept until it is heard.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// Heard by one task. Cheaper to look at than [`tokio::sync::Notify`], which is made for many: a connection looks at it for
/// every message.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: AtomicBool,
    listener: Mutex<Option<Waker>>,
}

impl Bell {
    pub fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        if let Some(waker) = self.listener().take() {
            waker.wake();
        }
    }

    /// Ready when it was rung since it was last heard.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.rung.swap(false, Ordering::AcqRel) {
            return Poll::Ready(());
        }
        let mut listener = self.listener();
        match &mut *listener {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *listener = Some(cx.waker().clone()),
        }
        drop(listener);
        // Rung before there was anybody to wake.
        if self.rung.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    }

    pub async fn rung(&self) {
        std::future::poll_fn(|cx| self.poll(cx)).await;
    }

    fn listener(&self) -> MutexGuard<'_, Option<Waker>> {
        self.listener.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn no_ring_is_lost() {
        let bell = Arc::new(Bell::default());
        bell.ring();
        bell.rung().await;
        for _ in 0..1000 {
            let ringer = Arc::clone(&bell);
            let ringing = tokio::task::spawn_blocking(move || ringer.ring());
            bell.rung().await;
            ringing.await.expect("rings");
        }
    }
}
