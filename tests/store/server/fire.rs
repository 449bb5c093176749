//! Many clients at once, while the server ends: what it said is what it did.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::booted::Booted;
use super::http::Connection;

const CLIENTS: u64 = 8;

/// What became of a client's enqueues.
#[derive(Default)]
struct Said {
    acknowledged: BTreeSet<u64>,
    refused: BTreeSet<u64>,
    /// Its connection ended before any byte of an answer.
    unknown: BTreeSet<u64>,
}

/// Enqueues numbers of its own, each on the connection of the last, until the server is no longer there.
fn enqueue_until_the_end(address: std::net::SocketAddr, client: u64, started: &std::sync::Barrier) -> Said {
    let mut said = Said::default();
    let mut kept: Option<Connection> = None;
    for number in (0..).map(|count| count * CLIENTS + client) {
        let Some(mut connection) = kept.take().or_else(|| Connection::try_to(address)) else { break };
        let body = json!({ "rollouts": [{ "input": number }] }).to_string();
        match connection.try_ask("POST", "/queues/rollouts/enqueue", body.as_bytes()) {
            Some(answer) if answer.status == 201 => {
                said.acknowledged.insert(number);
                kept = (answer.header("connection") != Some("close")).then_some(connection);
            }
            Some(answer) => {
                answer.is_refusal();
                said.refused.insert(number);
            }
            None => {
                said.unknown.insert(number);
            }
        }
        if number < CLIENTS {
            started.wait();
        }
    }
    said
}

fn end_under_fire(signal: Signal) {
    let mut server = Booted::with(&[]);
    let address = server.address();
    let started = std::sync::Barrier::new(CLIENTS as usize + 1);
    let said: Vec<Said> = std::thread::scope(|scope| {
        let started = &started;
        let clients: Vec<_> =
            (0..CLIENTS).map(|client| scope.spawn(move || enqueue_until_the_end(address, client, started))).collect();
        started.wait();
        server.signal(signal);
        clients.into_iter().map(|client| client.join().expect("the client's own end")).collect()
    });
    match signal {
        Signal::KILL => drop(server.exit()),
        _ => server.exit_gracefully(),
    }
    let server = server.again(&[]);
    let page = server.ask("GET", "/rollouts", None).json();
    let mut kept = BTreeSet::new();
    for rollout in page["items"].as_array().expect("a list") {
        let number = rollout["input"].as_u64().expect("a number");
        assert!(kept.insert(number), "{number} is there twice");
    }
    for said in said {
        assert!(!said.acknowledged.is_empty());
        assert!(said.acknowledged.is_subset(&kept), "acknowledged and lost");
        assert!(said.refused.is_disjoint(&kept), "refused with the marker, and yet it had an effect");
        if signal == Signal::TERM {
            assert!(said.unknown.is_disjoint(&kept), "a request that was read is answered");
        }
    }
    assert_eq!(page["total"], Value::from(kept.len()));
    server.stop();
}

#[test]
fn a_stop_loses_nothing_that_was_acknowledged_and_keeps_nothing_that_was_refused() {
    end_under_fire(Signal::TERM);
}

#[test]
fn a_kill_loses_nothing_that_was_acknowledged() {
    end_under_fire(Signal::KILL);
}
