//! What a run has shown, by tables of what happened: no process, no socket.

use rstest::rstest;
use serde_json::json;

fn opened(connection: u64) -> LinkEventKind {
    LinkEventKind::Opened { connection, client: ([127, 0, 0, 1], 40_000 + connection as u16).into() }
}

use super::*;
use crate::system::System;

const A: usize = 0;
const B: usize = 1;
const NOWHERE: usize = 2;

fn observed(system: &System) -> Observed<'_> {
    let facts = |name: &str, linked| ActorFacts { name: name.into(), linked, driven: true };
    Observed::new(&system.file, vec![facts("a", true), facts("b", true), facts("nowhere", false)])
}

fn ask(observed: &mut Observed<'_>, at: u64, actor: usize, op: &str, sent: &[(ConnectionId, u64)]) {
    let number = observed.calls.len() as u64 + 1;
    let call = Call {
        name: format!("call-{number}"),
        process: observed.actors[actor].name.clone(),
        number,
        op: op.into(),
        args: Value::Null,
        begun: at,
        ended: None,
        result: None,
        effect: CallEffect::Unknown,
        value: None,
        error: None,
        expected: None,
        returns: None,
        further: Vec::new(),
    };
    observed.apply(at, Happening::Asked(Box::new(call), sent.to_vec()));
}

fn answer(observed: &mut Observed<'_>, at: u64, actor: usize, call: u64, result: &str) -> Taken {
    observed.apply(at, Happening::Answered(actor, json!({"call": call, "result": result})))
}

fn request(connection: ConnectionId, number: u64, path: &str, bytes: u64) -> RequestSeen {
    RequestSeen {
        connection,
        number,
        method: "POST".into(),
        path: path.into(),
        key: None,
        phase: None,
        request_bytes: bytes,
        response_bytes: 0,
        request_head: 50,
        response_head: 0,
        status: None,
        finished: false,
    }
}

fn standing(connection: ConnectionId, sent: u64, http1: bool, requests: Vec<RequestSeen>) -> ConnectionSeen {
    ConnectionSeen {
        connection,
        server_open: true,
        client_open: true,
        held: false,
        http1,
        sent,
        received: 0,
        answered: 0,
        requests,
    }
}

fn parked(gate: GateId, connection: ConnectionId) -> LinkEventKind {
    LinkEventKind::Parked { gate, connection, request: None }
}

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";

#[rstest]
// Bytes that were written before the call was asked for are none of it.
#[case::nothing_new(A, &[(1, 90)], standing(1, 90, false, vec![]), CallEffect::NotApplied)]
// A protocol that is not recognised: any byte may be one of the call.
#[case::a_byte_of_an_unknown_protocol(A, &[(1, 90)], standing(1, 91, false, vec![]), CallEffect::Unknown)]
#[case::a_connection_that_came_later(A, &[], standing(2, 1, false, vec![]), CallEffect::Unknown)]
// Half a head is no request yet.
#[case::half_a_head(A, &[], standing(1, 7, true, vec![]), CallEffect::Unknown)]
#[case::its_request(A, &[], standing(1, 9, true, vec![request(1, 1, ENQUEUE, 9)]), CallEffect::Unknown)]
#[case::its_request_of_which_nothing_passed(A, &[], standing(1, 0, true, vec![request(1, 1, ENQUEUE, 0)]), CallEffect::NotApplied)]
#[case::a_request_of_another_operation(A, &[], standing(1, 9, true, vec![request(1, 1, "/v1/agl/waits/rollouts", 9)]), CallEffect::NotApplied)]
#[case::no_link_that_counts(NOWHERE, &[], standing(1, 0, true, vec![]), CallEffect::Unknown)]
fn a_call_is_not_applied_only_where_no_byte_of_it_was_written(
    #[case] actor: usize,
    #[case] before: &[(ConnectionId, u64)],
    #[case] stands: ConnectionSeen,
    #[case] effect: CallEffect,
) {
    let system = System::store();
    let mut observed = observed(&system);
    before.iter().for_each(|(id, _)| {
        observed.apply(1, Happening::Link(A, opened(*id)));
    });
    ask(&mut observed, 10, actor, "enqueue_rollout", before);
    for seen in &stands.requests {
        observed
            .apply(20, Happening::Link(A, LinkEventKind::Request(RequestSeen { request_bytes: 0, ..seen.clone() })));
    }
    observed.apply(30, Happening::Ended(actor));
    observed.apply(40, Happening::Closed);
    observed.apply(50, Happening::Standing(A, vec![stands]));
    observed.settle_effects();
    assert_eq!(observed.calls[0].effect, effect);
}

#[test]
fn what_passed_on_the_link_of_another_client_is_none_of_a_call() {
    let system = System::store();
    let mut observed = observed(&system);
    ask(&mut observed, 10, A, "enqueue_rollout", &[]);
    observed.apply(20, Happening::Standing(B, vec![standing(1, 100, false, vec![])]));
    observed.settle_effects();
    assert_eq!(observed.calls[0].effect, CallEffect::NotApplied);
}

#[test]
fn of_several_instances_the_first_at_a_gate_is_the_one_and_no_other_stays_parked() {
    let system = System::store();
    let mut observed = observed(&system);
    for (actor, gate, connection) in [(B, 3, 7), (A, 3, 1), (A, 4, 2)] {
        observed.apply(1, Happening::Link(actor, parked(gate, connection)));
    }
    assert_eq!(observed.take_parked(3).map(|parked| (parked.actor, parked.connection)), Some((B, 7)));
    let left: Vec<_> = observed.parked.iter().map(|parked| (parked.gate, parked.actor)).collect();
    assert_eq!(left, [(3, B), (4, A)]);
    assert_eq!(observed.take_parked(5), None);
}

#[test]
fn a_connection_that_has_closed_is_parked_nowhere_but_its_gate_was_met_and_others_stay() {
    let system = System::store();
    let mut observed = observed(&system);
    for (actor, connection) in [(A, 1), (A, 2), (B, 1)] {
        observed.apply(1, Happening::Link(actor, parked(3, connection)));
    }
    observed.apply(2, Happening::Link(A, LinkEventKind::Closed(1)));
    let left: Vec<_> = observed.parked.iter().map(|parked| (parked.actor, parked.connection)).collect();
    assert_eq!(left, [(A, 2), (B, 1)]);
    observed.apply(3, Happening::Link(A, LinkEventKind::Closed(2)));
    assert_eq!(observed.take_parked(3).map(|parked| parked.actor), Some(B), "who still stands there comes first");
    observed.parked.clear();
    let gone = observed.take_parked(3).map(|parked| (parked.actor, parked.connection));
    assert_eq!(gone, Some((A, 1)));
}

#[test]
fn the_first_answer_counts_a_second_is_kept_beside_it_and_one_to_nothing_is_said() {
    let system = System::store();
    let mut observed = observed(&system);
    ask(&mut observed, 1, A, "health", &[]);
    assert_eq!(answer(&mut observed, 2, A, 1, "ok"), Taken::Result(Some(0)));
    assert_eq!(answer(&mut observed, 3, A, 1, "transport"), Taken::Result(None));
    assert_eq!(answer(&mut observed, 4, A, 2, "ok"), Taken::Unasked);
    assert_eq!(answer(&mut observed, 4, B, 1, "ok"), Taken::Unasked);
    let call = &observed.calls[0];
    assert_eq!(
        (call.result, call.ended, call.further.as_slice()),
        (Some(CallResult::Ok), Some(2), &[CallResult::Transport][..])
    );
}

#[test]
fn what_comes_after_the_end_of_the_timeline_is_no_result() {
    let system = System::store();
    let mut observed = observed(&system);
    ask(&mut observed, 1, A, "health", &[]);
    ask(&mut observed, 1, B, "health", &[]);
    observed.apply(2, Happening::Closed);
    assert_eq!(answer(&mut observed, 3, A, 1, "ok"), Taken::Result(None));
    observed.apply(3, Happening::Ended(B));
    assert!(observed.calls.iter().all(|call| call.result.is_none() && call.ended.is_none()));
}

#[test]
fn a_client_that_ends_loses_what_it_was_asked_for_and_nothing_else() {
    let system = System::store();
    let mut observed = observed(&system);
    for actor in [A, A, B] {
        ask(&mut observed, 1, actor, "health", &[]);
    }
    answer(&mut observed, 2, A, 1, "ok");
    observed.apply(3, Happening::Ended(A));
    let results: Vec<_> = observed.calls.iter().map(|call| call.result).collect();
    assert_eq!(results, [Some(CallResult::Ok), Some(CallResult::Lost), None]);
}

#[test]
fn open_connections_say_what_they_do_and_since_when() {
    let system = System::store();
    let mut observed = observed(&system);
    (1..=4).for_each(|id| {
        observed.apply(id * 1_000_000, Happening::Link(A, opened(id)));
    });
    observed.apply(5_000_000, Happening::Link(A, LinkEventKind::Request(request(2, 1, ENQUEUE, 0))));
    observed.apply(6_000_000, Happening::Link(A, LinkEventKind::Closed(4)));
    let stand = [
        standing(1, 0, true, vec![]),
        standing(2, 60, true, vec![request(2, 1, ENQUEUE, 60)]),
        standing(3, 5, false, vec![]),
        standing(4, 9, true, vec![]),
        ConnectionSeen { server_open: false, ..standing(5, 9, true, vec![]) },
    ];
    observed.apply(7_000_000, Happening::Standing(A, stand.to_vec()));
    assert_eq!(
        observed.open_connections(),
        [
            "connection 1 of `a`: silent: nothing was sent since it was opened at 1.000 s",
            "connection 2 of `a`: POST /v1/agl/queues/rollouts/enqueue is in flight since 5.000 s: 60 bytes of it sent, the rest is to come",
            "connection 3 of `a`: no HTTP/1, open since 3.000 s: 5 bytes to the server, 0 to the client",
        ]
    );
}

#[test]
fn a_gate_for_requests_says_why_none_can_come() {
    let system = System::store();
    let mut observed = observed(&system);
    assert_eq!(observed.why_no_http(&[A]).as_deref(), Some("no connection was made through its link"));
    observed.apply(1, Happening::Link(A, opened(1)));
    assert_eq!(observed.why_no_http(&[A]), None);
    observed.apply(1, Happening::Link(A, LinkEventKind::NotHttp(1)));
    assert!(observed.why_no_http(&[A]).is_some_and(|why| why.contains("does not speak HTTP/1")));
}

#[test]
fn a_repeated_fault_has_met_something_only_when_its_action_has() {
    let system = System::store();
    let mut observed = observed(&system);
    observed.faults.push(Fault {
        at: 1,
        step: 2,
        action: "cut".into(),
        target: "a".into(),
        planned: false,
        fired: None,
        request: None,
        calls: Vec::new(),
    });
    let repeated = |effect| LinkEventKind::Repeated { gate: 2, connection: 1, request: None, effect };
    observed.apply(2, Happening::Link(A, repeated(crate::proxy::Effect::default())));
    assert_eq!(observed.faults[0].fired, None);
    observed.apply(3, Happening::Link(A, repeated(crate::proxy::Effect { broken: 1, ..Default::default() })));
    assert_eq!(observed.faults[0].fired.as_deref(), Some("1 connection broken"));
}
