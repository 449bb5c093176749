//! Who waits for which rollout to finish.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The waiting, by rollout. The database's thread tells it; the requests wait on a [`Watch`].
#[derive(Debug, Default)]
pub struct Finished {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    rollouts: HashMap<String, Vec<(u64, UnboundedSender<String>)>>,
}

/// Notice of rollouts that finish. It must be taken *before* asking which have finished already; dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    number: u64,
    rollouts: Vec<String>,
    finished: Arc<Finished>,
    notices: UnboundedReceiver<String>,
}

impl Finished {
    /// Watches these rollouts.
    pub fn watch(self: &Arc<Self>, rollouts: &[String]) -> Watch {
        let (sender, notices) = unbounded_channel();
        let mut waiting = self.lock();
        waiting.last += 1;
        let number = waiting.last;
        for rollout in rollouts {
            waiting.rollouts.entry(rollout.clone()).or_default().push((number, sender.clone()));
        }
        Watch { number, rollouts: rollouts.to_vec(), finished: Arc::clone(self), notices }
    }

    /// Tells everyone who watches this rollout.
    pub fn tell(&self, rollout: &str) {
        for (_, watcher) in self.lock().rollouts.get(rollout).into_iter().flatten() {
            // A watcher that has just gone away needs no notice.
            let _ = watcher.send(rollout.to_owned());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// The next rollout that finishes.
    pub async fn next(&mut self) -> String {
        match self.notices.recv().await {
            Some(rollout) => rollout,
            // Only when nothing is watched; then nothing ever finishes.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waiting = self.finished.lock();
        for rollout in &self.rollouts {
            if let Some(watchers) = waiting.rollouts.get_mut(rollout) {
                watchers.retain(|(number, _)| *number != self.number);
                if watchers.is_empty() {
                    waiting.rollouts.remove(rollout);
                }
            }
        }
    }
}
