//! Ending a process group with growing insistence.

use std::future::Future;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// One step of an escalation: a signal, and how long to wait for the end after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// The signal to the process group.
    pub signal: Signal,
    /// How long to wait for the end before the next rung.
    pub patience: Duration,
}

impl Rung {
    /// Signals, then waits.
    pub const fn signal(signal: Signal, patience: Duration) -> Self {
        Self { signal, patience }
    }
}

/// Climbs `rungs` until `ended` resolves, and at last sends SIGKILL and waits for as long as it takes.
///
/// Returns what `ended` gave and the index of the rung during which it did; `rungs.len()` stands for SIGKILL.
/// `ended` resolves when the leader of the group was reaped; nothing is sent from then on.
pub async fn escalate<E: Future>(group: Pid, rungs: &[Rung], ended: E) -> (E::Output, usize) {
    let mut ended = std::pin::pin!(ended);
    for (index, rung) in rungs.iter().enumerate() {
        tokio::select! {
            biased;
            // It was reaped: the group's id may be another's now.
            outcome = ended.as_mut() => return (outcome, index),
            () = std::future::ready(()) => {
                let _ = kill_process_group(group, rung.signal);
            }
        }
        if let Ok(outcome) = tokio::time::timeout(rung.patience, ended.as_mut()).await {
            return (outcome, index);
        }
    }
    let _ = kill_process_group(group, Signal::KILL);
    (ended.await, rungs.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    /// A shell that ignores `ignored` and says when its traps are set.
    async fn stubborn(ignored: &str) -> (tokio::process::Child, Pid) {
        let script = format!("trap '' {ignored}; echo ready; while :; do sleep 1 & wait; done");
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", &script])
            .process_group(0)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("sh runs");
        let mut ready = [0; 5];
        child.stdout.as_mut().expect("piped").read_exact(&mut ready).await.expect("the shell says ready");
        let group = Pid::from_raw(child.id().expect("alive") as i32).expect("a pid is not zero");
        (child, group)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn climbs_only_as_far_as_needed() {
        let (mut child, group) = stubborn("INT").await;
        let rungs =
            [Rung::signal(Signal::INT, Duration::from_millis(50)), Rung::signal(Signal::TERM, Duration::from_secs(60))];
        let (status, rung) = escalate(group, &rungs, child.wait()).await;
        assert_eq!(rung, 1, "SIGINT is ignored, SIGTERM ends it: {status:?}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn nothing_survives_the_last_rung() {
        let (mut child, group) = stubborn("INT TERM").await;
        let rungs = [
            Rung::signal(Signal::INT, Duration::from_millis(10)),
            Rung::signal(Signal::TERM, Duration::from_millis(10)),
        ];
        let (status, rung) = escalate(group, &rungs, child.wait()).await;
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(rung, rungs.len());
        assert_eq!(status.expect("reaped").signal(), Some(9));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn who_has_ended_already_is_sent_nothing() {
        let (mut child, group) = stubborn("HUP").await;
        let rungs = [Rung::signal(Signal::TERM, Duration::from_secs(60))];
        let (outcome, rung) = escalate(group, &rungs, std::future::ready("reaped")).await;
        assert_eq!((outcome, rung), ("reaped", 0));
        // Only what is sent now ends it.
        kill_process_group(group, Signal::INT).expect("it lives");
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(child.wait().await.expect("reaped").signal(), Some(2));
    }
}
