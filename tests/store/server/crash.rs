//! A server that is killed again and again under load: what it acknowledged is there, and nothing twice.
//!
//! Every worker repeats, after the restart, the request whose answer it did not get, with the same key. So at the end nothing
//! is uncertain, and what is there must be exactly what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::booted::Booted;

const WORKERS: usize = 4;
const KILLS: usize = 4;

/// A write that may have to be repeated.
#[derive(Debug, Clone)]
struct Request {
    key: String,
    path: String,
    body: Value,
}

/// One worker: what it is about, and what was acknowledged to it.
#[derive(Debug, Default)]
struct Worker {
    name: String,
    number: usize,
    pending: Option<Request>,
    inputs: BTreeSet<String>,
    attempts: BTreeMap<String, (String, &'static str)>,
    spans: BTreeSet<String>,
    /// The rollout and attempt that it works on, and how many spans it has told.
    at: Option<(String, String, usize)>,
}

impl Worker {
    /// The next write: enqueue, dequeue, two spans, the end; and again.
    fn next(&mut self) -> Request {
        self.number += 1;
        let number = self.number;
        let (path, body) = match &self.at {
            None if self.inputs.len() <= self.attempts.len() => {
                let input = format!("{}/{number}", self.name);
                ("/queues/rollouts/enqueue".to_owned(), json!({ "rollouts": [{ "input": input }] }))
            }
            None => ("/queues/rollouts/dequeue".to_owned(), json!({ "worker_id": self.name })),
            Some((rollout, attempt, told)) if *told < 2 => {
                let span = format!("{}-{number}", self.name);
                let body = json!({ "rollout_id": rollout, "attempt_id": attempt, "span_id": span, "name": "work" });
                ("/spans".to_owned(), body)
            }
            Some((rollout, attempt, _)) => {
                (format!("/rollouts/{rollout}/attempts/{attempt}"), json!({ "status": "succeeded" }))
            }
        };
        Request { key: format!("{}-{number}", self.name), path, body }
    }

    /// Takes note of what was acknowledged.
    fn acknowledged(&mut self, write: &Request, status: u16, answer: &Value) {
        assert!(status < 300, "{write:?}: {status} {answer}");
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{write:?}: {answer}")).to_owned();
        match write.path.as_str() {
            "/queues/rollouts/enqueue" => assert!(self.inputs.insert(text(&answer[0]["input"]))),
            // Another worker was faster.
            "/queues/rollouts/dequeue" if answer == &json!([]) => {}
            "/queues/rollouts/dequeue" => {
                let (rollout, attempt) = (text(&answer[0]["rollout_id"]), text(&answer[0]["attempt"]["attempt_id"]));
                assert!(
                    self.attempts.insert(attempt.clone(), (rollout.clone(), "preparing")).is_none(),
                    "{attempt} twice"
                );
                self.at = Some((rollout, attempt, 0));
            }
            "/spans" => {
                assert!(self.spans.insert(text(&answer["span_id"])));
                let (_, attempt, told) = self.at.as_mut().expect("it is at a rollout");
                *told += 1;
                self.attempts.get_mut(attempt).expect("it was given").1 = "running";
            }
            _ => {
                let (_, attempt, _) = self.at.take().expect("it is at a rollout");
                self.attempts.get_mut(&attempt).expect("it was given").1 = "succeeded";
            }
        }
    }

    /// Works until the server is gone, or has acknowledged what was pending if it is the `last` time.
    fn work(&mut self, server: SocketAddr, told: &Sender<()>, last: bool) {
        let Ok(stream) = TcpStream::connect(server) else { return };
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a watchdog");
        let mut stream = BufReader::new(stream);
        loop {
            let write = match self.pending.take() {
                Some(write) => write,
                None if last => return,
                None => self.next(),
            };
            let Some((status, answer)) = exchange(&mut stream, &write) else {
                self.pending = Some(write);
                return;
            };
            self.acknowledged(&write, status, &answer);
            // Nobody counts any more once the server was killed.
            let _ = told.send(());
        }
    }
}

/// Sends a write and reads its answer; nothing when the connection ends before the whole of it.
fn exchange(stream: &mut BufReader<TcpStream>, write: &Request) -> Option<(u16, Value)> {
    let body = write.body.to_string();
    let head = format!(
        "POST /v1/agl{} HTTP/1.1\r\nhost: store\r\nidempotency-key: {}\r\ncontent-length: {}\r\n\r\n",
        write.path,
        write.key,
        body.len()
    );
    stream.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|_| line.ends_with("\r\n"))?;
        match line.trim_end() {
            "" => break,
            line if status.is_none() => status = line.split(' ').nth(1)?.parse().ok(),
            line => {
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((status?, serde_json::from_slice(&body).expect("the answer is JSON")))
}

/// All items of a list.
fn all(server: &Booted, path: &str) -> Vec<Value> {
    server.ask("GET", path, None).json()["items"].as_array().expect("a list").clone()
}

fn killed_again_and_again(seed: u64, args: &[&str], defect: Option<&str>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut workers: Vec<Worker> =
        (0..WORKERS).map(|name| Worker { name: format!("w{name}"), ..Worker::default() }).collect();
    let mut server = match defect {
        Some(defect) => Booted::defective(defect, args),
        None => Booted::with(args),
    };
    for round in 0..=KILLS {
        let address = server.address();
        let (told, acknowledgements) = channel();
        let last = round == KILLS;
        let kill_after = random.usize(1..150);
        workers = std::thread::scope(|scope| {
            let running: Vec<_> = workers
                .drain(..)
                .map(|mut worker| {
                    let told = told.clone();
                    scope.spawn(move || {
                        worker.work(address, &told, last);
                        worker
                    })
                })
                .collect();
            drop(told);
            if !last {
                let counted = acknowledgements.iter().take(kill_after).count();
                assert_eq!(counted, kill_after, "the workers stopped by themselves: {}", server.log.join("\n"));
                server.signal(Signal::KILL);
            }
            running.into_iter().map(|worker| worker.join().expect("it did not panic")).collect()
        });
        if !last {
            server.exit();
            server = server.again(args);
        }
    }
    let inputs: Vec<Value> = all(&server, "/rollouts").iter().map(|rollout| rollout["input"].clone()).collect();
    let expected: BTreeSet<String> = workers.iter().flat_map(|worker| worker.inputs.clone()).collect();
    let found: BTreeSet<String> = inputs.iter().filter_map(|input| input.as_str().map(str::to_owned)).collect();
    assert_eq!((found, inputs.len()), (expected.clone(), expected.len()), "seed {seed}: rollouts");
    let mut attempts = BTreeMap::new();
    let mut spans = Vec::new();
    for rollout in all(&server, "/rollouts") {
        let id = rollout["rollout_id"].as_str().expect("an id").to_owned();
        for attempt in all(&server, &format!("/rollouts/{id}/attempts")) {
            let text = |field: &str| attempt[field].as_str().expect("a text").to_owned();
            attempts.insert(text("attempt_id"), (id.clone(), text("status")));
        }
        let told = all(&server, &format!("/spans?rollout_id={id}"));
        spans.extend(told.iter().map(|span| span["span_id"].as_str().expect("an id").to_owned()));
    }
    let expected: BTreeMap<String, (String, String)> = workers
        .iter()
        .flat_map(|worker| &worker.attempts)
        .map(|(attempt, (rollout, status))| (attempt.clone(), (rollout.clone(), (*status).to_owned())))
        .collect();
    assert_eq!(attempts, expected, "seed {seed}: attempts");
    let expected: BTreeSet<String> = workers.iter().flat_map(|worker| worker.spans.clone()).collect();
    assert_eq!(
        (spans.len(), spans.into_iter().collect::<BTreeSet<_>>()),
        (expected.len(), expected),
        "seed {seed}: spans"
    );
    server.stop();
}

/// How many seeds: `QUIETDOWN_SEEDS`, else few enough for every day.
fn seeds(every_day: u64) -> std::ops::Range<u64> {
    0..std::env::var("QUIETDOWN_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(every_day)
}

#[test]
fn whatever_was_acknowledged_before_a_kill_is_there_once() {
    for seed in seeds(3) {
        killed_again_and_again(seed, &[], None);
    }
}

#[test]
fn whatever_was_acknowledged_before_a_kill_is_there_once_when_a_power_loss_is_to_be_survived() {
    for seed in seeds(1) {
        killed_again_and_again(1000 + seed, &["--durability", "power"], None);
    }
}

#[test]
#[should_panic]
#[cfg(debug_assertions)]
fn a_server_that_acknowledges_what_it_does_not_keep_is_found() {
    killed_again_and_again(0, &[], Some("lost-write"));
}
