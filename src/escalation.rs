//! Ending a process group with growing insistence. Shared by the harness and by the embedded store's execution strategy.

use std::future::Future;
use std::time::Duration;

use rustix::process::Signal;

/// One step of an escalation: a signal, and how long to wait for the end after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// The signal to the process group; `None` only waits (the group was already asked to end in another way).
    pub signal: Option<Signal>,
    /// How long to wait for the end before the next rung.
    pub patience: Duration,
}

impl Rung {
    /// Waits, for a group that was asked to end by other means.
    pub const fn wait(patience: Duration) -> Self {
        Self { signal: None, patience }
    }

    /// Signals, then waits.
    pub const fn signal(signal: Signal, patience: Duration) -> Self {
        Self { signal: Some(signal), patience }
    }
}

/// Climbs `rungs` until `ended` resolves, and at last sends SIGKILL and waits for as long as it takes.
///
/// Returns what `ended` gave and the index of the rung during which it did; `rungs.len()` stands for SIGKILL.
/// `send` signals the group; nothing is sent once `ended` has resolved, because the group's id may be another's then.
pub async fn escalate<E: Future>(send: impl Fn(Signal), rungs: &[Rung], ended: E) -> (E::Output, usize) {
    let mut ended = std::pin::pin!(ended);
    for (index, rung) in rungs.iter().enumerate() {
        tokio::select! {
            biased;
            // Nobody is left to be signalled.
            outcome = ended.as_mut() => return (outcome, index),
            () = std::future::ready(()) => rung.signal.map_or((), &send),
        }
        if let Ok(outcome) = tokio::time::timeout(rung.patience, ended.as_mut()).await {
            return (outcome, index);
        }
    }
    send(Signal::KILL);
    (ended.await, rungs.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Pid, kill_process_group};
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

    fn sends(group: Pid) -> impl Fn(Signal) {
        move |signal| {
            let _ = kill_process_group(group, signal);
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn climbs_only_as_far_as_needed() {
        let (mut child, group) = stubborn("INT").await;
        let rungs =
            [Rung::signal(Signal::INT, Duration::from_millis(50)), Rung::signal(Signal::TERM, Duration::from_secs(60))];
        let (status, rung) = escalate(sends(group), &rungs, child.wait()).await;
        assert_eq!(rung, 1, "SIGINT is ignored, SIGTERM ends it: {status:?}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn nothing_survives_the_last_rung() {
        let (mut child, group) = stubborn("INT TERM").await;
        let rungs = [
            Rung::wait(Duration::from_millis(10)),
            Rung::signal(Signal::INT, Duration::from_millis(10)),
            Rung::signal(Signal::TERM, Duration::from_millis(10)),
        ];
        let (status, rung) = escalate(sends(group), &rungs, child.wait()).await;
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(rung, rungs.len());
        assert_eq!(status.expect("reaped").signal(), Some(9));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn who_has_ended_already_is_sent_nothing() {
        let sent = std::cell::RefCell::new(Vec::new());
        let rungs = [Rung::signal(Signal::INT, Duration::from_secs(60))];
        let over = escalate(|signal| sent.borrow_mut().push(signal), &rungs, std::future::ready("gone")).await;
        assert_eq!((over, sent.into_inner()), (("gone", 0), Vec::new()));
    }
}
