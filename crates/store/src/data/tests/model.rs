//! The state machine of rollouts, attempts and workers, as simple as it can be said. It shares no code with the store.

use std::collections::{BTreeMap, VecDeque};

/// How a rollout is watched and retried.
#[derive(Debug, Clone, Default)]
pub struct Config {
    pub timeout: Option<f64>,
    pub unresponsive: Option<f64>,
    pub max_attempts: usize,
    pub retry: Vec<&'static str>,
}

#[derive(Debug, Clone)]
pub struct Rollout {
    pub id: String,
    pub status: &'static str,
    pub end: Option<f64>,
    pub config: Config,
    pub attempts: Vec<Attempt>,
}

#[derive(Debug, Clone)]
pub struct Attempt {
    pub id: String,
    pub status: &'static str,
    pub worker: Option<String>,
    pub start: f64,
    pub end: Option<f64>,
    pub heartbeat: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Worker {
    pub status: &'static str,
    /// The rollout and the attempt that it is at.
    pub at: Option<(String, String)>,
    pub heartbeat: Option<f64>,
    pub dequeued: Option<f64>,
    pub busy: Option<f64>,
    pub idle: Option<f64>,
}

#[derive(Debug, Default)]
pub struct Model {
    pub now: f64,
    pub rollouts: Vec<Rollout>,
    /// The rollouts that wait, by their index.
    pub queue: VecDeque<usize>,
    pub workers: BTreeMap<String, Worker>,
}

impl Model {
    pub fn enqueue(&mut self, id: String, config: Config) {
        self.rollouts.push(Rollout { id, status: "new", end: None, config, attempts: Vec::new() });
        self.set_rollout(self.rollouts.len() - 1, "queuing");
    }

    pub fn start(&mut self, id: String, attempt: String, worker: Option<String>, config: Config) {
        self.rollouts.push(Rollout { id, status: "preparing", end: None, config, attempts: Vec::new() });
        self.attempt(self.rollouts.len() - 1, attempt, worker);
    }

    /// What the next dequeue of so many gives.
    pub fn next(&self, limit: usize) -> Vec<usize> {
        self.queue.iter().take(limit).copied().collect()
    }

    /// A dequeue that gave these, with these attempts.
    pub fn dequeue(&mut self, given: Vec<(usize, String)>, worker: Option<&str>) {
        if let Some(worker) = worker {
            let now = self.now;
            let worker = self.meet(worker);
            worker.dequeued = Some(now);
            if given.is_empty() && worker.status != "idle" {
                worker.status = "idle";
                worker.idle = Some(now);
            }
        }
        for (rollout, attempt) in given {
            self.attempt(rollout, attempt, worker.map(str::to_owned));
        }
    }

    /// One more attempt.
    pub fn attempt(&mut self, rollout: usize, id: String, worker: Option<String>) {
        let attempt = Attempt { id, status: "preparing", worker, start: self.now, end: None, heartbeat: None };
        self.rollouts[rollout].attempts.push(attempt);
        self.set_rollout(rollout, "preparing");
        self.follow(rollout, self.rollouts[rollout].attempts.len() - 1);
    }

    pub fn span(&mut self, rollout: usize, attempt: usize) {
        let latest = attempt + 1 == self.rollouts[rollout].attempts.len();
        let (now, status) = (self.now, self.rollouts[rollout].status);
        let told = &mut self.rollouts[rollout].attempts[attempt];
        told.heartbeat = Some(now);
        let wakes = matches!(told.status, "preparing" | "unresponsive");
        if wakes {
            told.status = "running";
            told.end = None;
        }
        let runs = told.status == "running";
        if latest && (status == "preparing" && runs || status == "requeuing" && wakes) {
            self.set_rollout(rollout, "running");
        }
    }

    pub fn update_attempt(
        &mut self,
        rollout: usize,
        attempt: usize,
        status: Option<&'static str>,
        worker: Option<String>,
        heartbeat: Option<f64>,
    ) {
        let (now, handed_over) = (self.now, worker.is_some());
        let changed = &mut self.rollouts[rollout].attempts[attempt];
        changed.worker = worker.or(changed.worker.take());
        changed.heartbeat = heartbeat.or(changed.heartbeat);
        if let Some(status) = status {
            changed.status = status;
            match status {
                "succeeded" | "failed" => changed.end = Some(now),
                "preparing" | "running" => changed.end = None,
                _ => {}
            }
            if attempt + 1 == self.rollouts[rollout].attempts.len() {
                let next = self.rollout_status(rollout, status);
                if next != self.rollouts[rollout].status {
                    self.set_rollout(rollout, next);
                }
            }
        }
        if handed_over || status.is_some() {
            self.follow(rollout, attempt);
        }
    }

    pub fn update_worker(&mut self, worker: &str) {
        let now = self.now;
        self.meet(worker).heartbeat = Some(now);
    }

    pub fn set_rollout(&mut self, rollout: usize, status: &'static str) {
        let now = self.now;
        let changed = &mut self.rollouts[rollout];
        changed.status = status;
        changed.end = matches!(status, "succeeded" | "failed" | "cancelled").then_some(now);
        let waits = matches!(status, "queuing" | "requeuing");
        if !waits {
            self.queue.retain(|queued| *queued != rollout);
        } else if !self.queue.contains(&rollout) {
            self.queue.push_back(rollout);
        }
    }

    /// The watchdog looks.
    pub fn look(&mut self) {
        for rollout in 0..self.rollouts.len() {
            let watched = &self.rollouts[rollout];
            let Some(attempt) = watched.attempts.last() else { continue };
            if !matches!(watched.status, "preparing" | "running") || !matches!(attempt.status, "preparing" | "running")
            {
                continue;
            }
            let over = |since: f64, limit: Option<f64>| limit.is_some_and(|limit| self.now - since > limit);
            let status = if over(attempt.start, watched.config.timeout) {
                "timeout"
            } else if over(attempt.heartbeat.unwrap_or(attempt.start), watched.config.unresponsive) {
                "unresponsive"
            } else {
                continue;
            };
            self.update_attempt(rollout, watched.attempts.len() - 1, Some(status), None, None);
        }
    }

    fn rollout_status(&self, rollout: usize, status: &'static str) -> &'static str {
        let rollout = &self.rollouts[rollout];
        match status {
            "preparing" | "running" | "succeeded" => status,
            _ if rollout.config.retry.contains(&status) && rollout.attempts.len() < rollout.config.max_attempts => {
                "requeuing"
            }
            _ => "failed",
        }
    }

    fn follow(&mut self, rollout: usize, attempt: usize) {
        let (now, id) = (self.now, self.rollouts[rollout].id.clone());
        let attempt = self.rollouts[rollout].attempts[attempt].clone();
        let Some(worker) = &attempt.worker else { return };
        let worker = self.meet(worker);
        if matches!(attempt.status, "preparing" | "running") {
            (worker.status, worker.at, worker.busy) = ("busy", Some((id, attempt.id)), Some(now));
        } else {
            let known = matches!(attempt.status, "succeeded" | "failed");
            (worker.status, worker.at, worker.idle) = (if known { "idle" } else { "unknown" }, None, Some(now));
        }
    }

    fn meet(&mut self, worker: &str) -> &mut Worker {
        let new = || Worker { status: "unknown", ..Worker::default() };
        self.workers.entry(worker.to_owned()).or_insert_with(new)
    }
}
