//! Random histories, applied to the store and to the [model](super::model), which must agree after every step.

use std::time::Duration;

use fastrand::Rng;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::super::{schema, watchdog};
use super::model::{Attempt, Config, Model, Worker};
use super::*;

const STEPS: usize = 60;
const ATTEMPT: [&str; 6] = ["preparing", "running", "failed", "succeeded", "unresponsive", "timeout"];
const ROLLOUT: [&str; 7] = ["queuing", "preparing", "running", "failed", "succeeded", "cancelled", "requeuing"];

type Apply = fn(&mut Store<'_>, &DataCall) -> Result<Answer, Refusal>;

struct Machine {
    db: Connection,
    ids: Rng,
    random: Rng,
    model: Model,
    history: Vec<String>,
}

impl Machine {
    fn new(seed: u64) -> Self {
        let db = schema::open(None, Durability::default()).expect("open");
        let random = Rng::with_seed(seed);
        let model = Model { now: 1e9, ..Model::default() };
        Self { db, ids: Rng::with_seed(!seed), random, model, history: vec![format!("seed {seed}")] }
    }

    fn store(&mut self) -> Store<'_> {
        let mut store = Store::new(&self.db, &mut self.ids, Duration::ZERO);
        store.now = self.model.now;
        store
    }

    /// Applies an operation to the store; it must be accepted.
    fn apply(&mut self, apply: Apply, segments: &[&str], body: Value) -> Value {
        self.history.push(format!("{segments:?} {body}"));
        let segments = segments.iter().map(|segment| (*segment).to_owned()).collect();
        let call = DataCall { segments, body: body.to_string().into_bytes(), ..DataCall::default() };
        let answer = apply(&mut self.store(), &call).unwrap_or_else(|refusal| panic!("{refusal}: {:#?}", self.history));
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    fn worker(&mut self) -> Option<String> {
        self.random.bool().then(|| format!("w{}", self.random.usize(0..3)))
    }

    fn seconds(&mut self) -> Option<f64> {
        self.random.bool().then(|| self.random.i32(1..30).into())
    }

    fn config(&mut self) -> (Config, Value) {
        let retry: Vec<&str> = ATTEMPT.into_iter().filter(|_| self.random.bool()).collect();
        let config = Config {
            timeout: self.seconds(),
            unresponsive: self.seconds(),
            max_attempts: self.random.usize(1..4),
            retry,
        };
        let json = json!({ "timeout_seconds": config.timeout, "unresponsive_seconds": config.unresponsive,
            "max_attempts": config.max_attempts, "retry_condition": config.retry });
        (config, json)
    }

    /// A rollout, if there is any, and one of its attempts, if it has any.
    fn place(&mut self) -> Option<(usize, Option<usize>)> {
        let count = self.model.rollouts.len();
        let rollout = (count > 0).then(|| self.random.usize(0..count))?;
        let attempts = self.model.rollouts[rollout].attempts.len();
        // The last one is the one that matters most.
        let attempt = (attempts > 0).then(|| attempts - 1 - self.random.usize(0..attempts.min(2)));
        Some((rollout, attempt))
    }

    fn step(&mut self) {
        self.model.now += f64::from(self.random.u32(1..8));
        match (self.random.u32(0..10), self.place()) {
            (0, _) | (_, None) => self.enqueue(),
            (1, _) => self.start(),
            (2 | 3, _) => self.dequeue(),
            (4, Some((rollout, _))) => self.start_attempt(rollout),
            (5, Some((rollout, Some(attempt)))) => self.span(rollout, attempt),
            (6 | 7, Some((rollout, Some(attempt)))) => self.update_attempt(rollout, attempt),
            (8, Some((rollout, _))) => self.update_rollout(rollout),
            (9, Some(_)) if self.random.bool() => self.update_worker(),
            _ => {
                self.history.push("the watchdog looks".to_owned());
                watchdog::look(&mut self.store()).expect("it looks");
                self.model.look();
            }
        }
    }

    fn enqueue(&mut self) {
        let (config, json) = self.config();
        // The store gives each rollout of a call a time of its own, which is not what is tested here.
        let answer = self.apply(queue::enqueue, &[], json!({ "rollouts": [{ "input": null, "config": json }] }));
        self.model.enqueue(id(&answer[0]["rollout_id"]), config);
    }

    fn start(&mut self) {
        let ((config, json), worker) = (self.config(), self.worker());
        let answer = self.apply(new::start, &[], json!({ "input": 1, "config": json, "worker_id": worker }));
        self.model.start(id(&answer["rollout_id"]), id(&answer["attempt"]["attempt_id"]), worker, config);
    }

    fn dequeue(&mut self) {
        let (limit, worker) = (self.random.usize(1..4), self.worker());
        let answer = self.apply(queue::dequeue, &[], json!({ "limit": limit, "worker_id": worker }));
        let given = answer.as_array().expect("a list");
        let next = self.model.next(limit);
        let expected: Vec<_> = next.iter().map(|rollout| self.model.rollouts[*rollout].id.clone()).collect();
        let found: Vec<_> = given.iter().map(|rollout| id(&rollout["rollout_id"])).collect();
        assert_eq!(found, expected, "{:#?}", self.history);
        let attempts = given.iter().map(|rollout| id(&rollout["attempt"]["attempt_id"]));
        self.model.dequeue(next.into_iter().zip(attempts).collect(), worker.as_deref());
    }

    fn start_attempt(&mut self, rollout: usize) {
        let (rollout_id, worker) = (self.model.rollouts[rollout].id.clone(), self.worker());
        let answer = self.apply(attempts::add, &[&rollout_id], json!({ "worker_id": worker }));
        self.model.attempt(rollout, id(&answer["attempt"]["attempt_id"]), worker);
    }

    fn span(&mut self, rollout: usize, attempt: usize) {
        let (rollout_id, attempt_id) = self.ids(rollout, attempt);
        let span = format!("sp-{}", self.history.len());
        let span = json!({ "rollout_id": rollout_id, "attempt_id": attempt_id, "span_id": span, "name": "n" });
        self.apply(spans::add, &[], span.clone());
        self.model.span(rollout, attempt);
        // A span that is there already is no sign of life.
        self.model.now += 1.0;
        assert_eq!(self.apply(spans::add, &[], span), Value::Null);
    }

    fn update_attempt(&mut self, rollout: usize, attempt: usize) {
        let (rollout_id, attempt_id) = self.ids(rollout, attempt);
        let latest = attempt + 1 == self.model.rollouts[rollout].attempts.len() && self.random.bool();
        let status = self.random.bool().then(|| ATTEMPT[self.random.usize(0..ATTEMPT.len())]);
        let (worker, heartbeat) = (self.worker(), self.seconds().map(|ago| self.model.now - ago));
        let mut changes = json!({});
        for (field, value) in
            [("status", json!(status)), ("worker_id", json!(worker)), ("last_heartbeat_time", json!(heartbeat))]
        {
            if !value.is_null() {
                changes[field] = value;
            }
        }
        self.apply(attempts::update, &[&rollout_id, if latest { "latest" } else { &attempt_id }], changes);
        self.model.update_attempt(rollout, attempt, status, worker, heartbeat);
    }

    fn update_rollout(&mut self, rollout: usize) {
        let status = ROLLOUT[self.random.usize(0..ROLLOUT.len())];
        let rollout_id = self.model.rollouts[rollout].id.clone();
        self.apply(rollouts::update, &[&rollout_id], json!({ "status": status }));
        self.model.set_rollout(rollout, status);
    }

    fn update_worker(&mut self) {
        let worker = format!("w{}", self.random.usize(0..3));
        self.apply(workers::update, &[&worker], json!({}));
        self.model.update_worker(&worker);
    }

    fn ids(&self, rollout: usize, attempt: usize) -> (String, String) {
        let rollout = &self.model.rollouts[rollout];
        (rollout.id.clone(), rollout.attempts[attempt].id.clone())
    }

    /// Everything that can be asked for says what the model says.
    fn agree(&mut self) {
        let items = |answer: Value| answer["items"].as_array().expect("a list").clone();
        let rollouts = items(self.apply(rollouts::search, &[], json!({})));
        let mut found = Vec::new();
        for rollout in &rollouts {
            let attempts = items(self.apply(attempts::search, &[&id(&rollout["rollout_id"])], json!({})));
            assert_eq!(rollout.get("attempt"), attempts.last(), "the latest attempt: {:#?}", self.history);
            found.push(json!([rollout["rollout_id"], rollout["status"], rollout["end_time"], attempts]));
        }
        let attempt = |rollout: &str, number: usize, attempt: &Attempt| {
            json!({ "rollout_id": rollout, "attempt_id": attempt.id, "sequence_id": number + 1,
                "start_time": attempt.start, "end_time": attempt.end, "status": attempt.status,
                "worker_id": attempt.worker, "last_heartbeat_time": attempt.heartbeat, "metadata": null })
        };
        let expected: Vec<Value> = (self.model.rollouts.iter())
            .map(|rollout| {
                let attempts = rollout.attempts.iter().enumerate();
                let attempts: Vec<_> = attempts.map(|(number, of)| attempt(&rollout.id, number, of)).collect();
                json!([rollout.id, rollout.status, rollout.end, attempts])
            })
            .collect();
        assert_eq!(found, expected, "rollouts: {:#?}", self.history);

        let mut workers = items(self.apply(workers::search, &[], json!({ "sort_by": "worker_id" })));
        for worker in &mut workers {
            assert_eq!(worker["heartbeat_stats"].take(), Value::Null);
        }
        let expected: Vec<Value> = self.model.workers.iter().map(|(name, worker)| json_of(name, worker)).collect();
        assert_eq!(workers, expected, "workers: {:#?}", self.history);

        let queue = self
            .store()
            .all("SELECT id FROM rollout WHERE place IS NOT NULL ORDER BY place", [], |row| row.get::<_, String>(0));
        let expected: Vec<_> =
            self.model.queue.iter().map(|rollout| self.model.rollouts[*rollout].id.clone()).collect();
        assert_eq!(queue.expect("a list"), expected, "the queue: {:#?}", self.history);
        // What was only asked is no part of the history.
        self.history.retain(|step| !step.ends_with("] {}") && !step.contains("sort_by"));
    }
}

fn json_of(name: &str, worker: &Worker) -> Value {
    let (rollout, attempt) = worker.at.clone().unzip();
    json!({ "worker_id": name, "status": worker.status, "heartbeat_stats": null,
        "last_heartbeat_time": worker.heartbeat, "last_dequeue_time": worker.dequeued, "last_busy_time": worker.busy,
        "last_idle_time": worker.idle, "current_rollout_id": rollout, "current_attempt_id": attempt })
}

fn id(value: &Value) -> String {
    value.as_str().expect("an id").to_owned()
}

/// How many seeds: `QUIETDOWN_SEEDS`, for whoever changes the state machine; else few enough for every day.
fn seeds(every_day: u64) -> std::ops::Range<u64> {
    0..std::env::var("QUIETDOWN_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(every_day)
}

#[test]
fn the_store_and_the_model_agree_after_every_step_of_a_random_history() {
    for seed in seeds(20) {
        let mut machine = Machine::new(seed);
        for _ in 0..STEPS {
            machine.step();
            machine.agree();
        }
    }
}
