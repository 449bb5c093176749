//! Where a gate stops a stream: after exactly so many bytes, in one direction of one connection.

use super::peer::{ANSWER, ANSWER_HEAD, Bench, End, HEAD, REQUEST, bare, bytes_gate, gate, gate_at};
use crate::At;
use crate::{CutMode, GateSpec, LinkEventKind, Phase, Point, Side, Toward};

/// Parks at a phase of the request, and breaks it there: what the server got is exactly what was let through.
async fn request_bytes_let_through(phase: Phase, at: i64) -> usize {
    let mut bench = Bench::new([gate(7, phase, at)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    let (id, connection, seen) = bench.parked().await;
    assert_eq!((id, bench.link.parked()), (7, vec![(7, connection)]));
    let effect = bench.link.cut(connection, CutMode::Fin, Toward::Both).await;
    let (got, end) = server.rest().await;
    assert_eq!((got.as_str(), end), (&REQUEST[..got.len()], End::Fin));
    assert_eq!(seen.expect("a request").request_bytes, got.len() as u64);
    assert_eq!((effect.withheld, effect.broken), ((REQUEST.len() - got.len()) as u64, 1));
    assert!(bench.link.parked().is_empty());
    got.len()
}

#[tokio::test(flavor = "current_thread")]
async fn a_request_stops_after_exactly_so_many_bytes_of_its_head_or_body() {
    for at in [0, 1, 17, HEAD.len() - 1, HEAD.len()] {
        assert_eq!(request_bytes_let_through(Phase::RequestHead, at as i64).await, at);
    }
    for at in 0..=5 {
        assert_eq!(request_bytes_let_through(Phase::RequestBody, at as i64).await, HEAD.len() + at as usize);
    }
    // Past the end of its part it stops at that end.
    assert_eq!(request_bytes_let_through(Phase::RequestHead, i64::MAX).await, HEAD.len());
    assert_eq!(request_bytes_let_through(Phase::RequestBody, 6).await, REQUEST.len());
}

async fn response_bytes_let_through(phase: Phase, at: i64) -> usize {
    let mut bench = Bench::new([gate(7, phase, at)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    server.hear(REQUEST.len()).await;
    server.say(ANSWER).await;
    let (_, connection, seen) = bench.parked().await;
    let effect = bench.link.cut(connection, CutMode::Fin, Toward::Both).await;
    let (got, end) = client.rest().await;
    assert_eq!((got.as_str(), end), (&ANSWER[..got.len()], End::Fin));
    assert_eq!(seen.expect("a request").response_bytes, got.len() as u64);
    assert_eq!((effect.withheld, effect.broken), ((ANSWER.len() - got.len()) as u64, 1));
    got.len()
}

#[tokio::test(flavor = "current_thread")]
async fn a_response_stops_after_exactly_so_many_bytes_of_its_head_or_body() {
    for at in [0, 1, 17, ANSWER_HEAD.len() - 1, ANSWER_HEAD.len()] {
        assert_eq!(response_bytes_let_through(Phase::ResponseHead, at as i64).await, at);
    }
    for at in 0..=4 {
        assert_eq!(response_bytes_let_through(Phase::ResponseBody, at as i64).await, ANSWER_HEAD.len() + at as usize);
    }
    assert_eq!(response_bytes_let_through(Phase::ResponseHead, 1000).await, ANSWER_HEAD.len());
    assert_eq!(response_bytes_let_through(Phase::ResponseBody, 1000).await, ANSWER.len());
    assert_eq!(response_bytes_let_through(Phase::ResponseSent, 0).await, ANSWER.len());
}

#[tokio::test(flavor = "current_thread")]
async fn request_sent_lets_the_whole_request_pass_and_nothing_of_the_response() {
    for request in [REQUEST, "GET /a HTTP/1.1\r\n\r\n"] {
        let mut bench = Bench::new([gate(1, Phase::RequestSent, 0)]).await;
        let (mut client, mut server) = bench.pair().await;
        client.say(request).await;
        let (_, connection, seen) = bench.parked().await;
        let seen = seen.expect("a request");
        assert_eq!((seen.phase, seen.response_bytes), (Some(Phase::RequestSent), 0));
        assert_eq!(server.hear(request.len()).await, request);
        server.say(ANSWER).await;
        // The request direction is not stopped: what follows the request arrives.
        client.say(request).await;
        assert_eq!(server.hear(request.len()).await, request);
        bench.link.cut(connection, CutMode::Fin, Toward::Both).await;
        assert_eq!(client.rest().await, (String::new(), End::Fin));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_resumed_stream_goes_on_where_it_stopped() {
    let phases = [Phase::RequestHead, Phase::RequestBody, Phase::RequestSent, Phase::ResponseHead, Phase::ResponseBody];
    let mut gates: Vec<_> = phases.iter().enumerate().map(|(id, phase)| gate(id, *phase, 2)).collect();
    gates.push(gate(5, Phase::ResponseSent, 0));
    let mut bench = Bench::new(gates).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(REQUEST).await;
    for id in 0..3 {
        assert_eq!(bench.parked().await.0, id);
        bench.link.resume(id);
    }
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
    server.say(ANSWER).await;
    for id in 3..6 {
        assert_eq!(bench.parked().await.0, id);
        bench.link.resume(id);
    }
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
    let done = bench.done().await;
    assert_eq!((done.status, done.finished, done.phase), (Some(200), true, Some(Phase::ResponseSent)));
    assert_eq!((done.request_bytes, done.response_bytes), (REQUEST.len() as u64, ANSWER.len() as u64));
}

#[tokio::test(flavor = "current_thread")]
async fn an_incomplete_head_is_withheld_until_it_is_complete() {
    let mut bench = Bench::new([gate(1, Phase::RequestHead, 3), gate(2, Phase::ResponseHead, 3)]).await;
    let (mut client, mut server) = bench.pair().await;
    for piece in REQUEST.as_bytes().chunks(1) {
        client.say(std::str::from_utf8(piece).expect("ascii")).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.parked().await.2.expect("a request").request_bytes, 3);
    bench.link.resume(1);
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
    for piece in ANSWER.as_bytes().chunks(1) {
        server.say(std::str::from_utf8(piece).expect("ascii")).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.parked().await.2.expect("a request").response_bytes, 3);
    bench.link.resume(2);
    assert_eq!(client.hear(ANSWER.len()).await, ANSWER);
}

#[tokio::test(flavor = "current_thread")]
async fn gates_do_not_depend_on_how_the_bytes_are_split() {
    let gates = || [gate(1, Phase::RequestBody, 2), gate(2, Phase::ResponseBody, 2)];
    for split in 1..REQUEST.len().max(ANSWER.len()) {
        let mut bench = Bench::new(gates()).await;
        let (mut client, mut server) = bench.pair().await;
        let (first, rest) = REQUEST.split_at(split.min(REQUEST.len()));
        client.say(first).await;
        tokio::task::yield_now().await;
        client.say(rest).await;
        assert_eq!(bench.parked().await.2.expect("a request").request_bytes as usize, HEAD.len() + 2);
        assert_eq!(server.hear(HEAD.len() + 2).await, REQUEST[..HEAD.len() + 2]);
        bench.link.resume(1);
        assert_eq!(server.hear(3).await, "llo");
        let (first, rest) = ANSWER.split_at(split.min(ANSWER.len()));
        server.say(first).await;
        tokio::task::yield_now().await;
        server.say(rest).await;
        let (_, connection, seen) = bench.parked().await;
        assert_eq!(seen.expect("a request").response_bytes as usize, ANSWER_HEAD.len() + 2);
        bench.link.cut(connection, CutMode::Rst, Toward::Both).await;
        assert_eq!(client.rest().await, (ANSWER[..ANSWER_HEAD.len() + 2].to_owned(), End::Rst), "split at {split}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_place_from_the_end_or_in_the_middle_depends_on_the_length() {
    let head = REQUEST.find("\r\n\r\n").expect("a head") + 4;
    for (phase, at, passes) in [
        (Phase::RequestHead, At::Byte(-1), head - 1),
        (Phase::RequestHead, At::Byte(-1000), 0),
        (Phase::RequestHead, At::Middle, head / 2),
        (Phase::RequestBody, At::Byte(-1), REQUEST.len() - 1),
        (Phase::RequestBody, At::Byte(-1000), head),
        (Phase::RequestBody, At::Middle, head + 2),
    ] {
        let mut bench = Bench::new([gate_at(1, phase, at)]).await;
        let (mut client, mut server) = bench.pair().await;
        // The head alone already says where the body will end.
        client.say(&REQUEST[..head]).await;
        client.say(&REQUEST[head..]).await;
        let (_, connection, seen) = bench.parked().await;
        let seen = seen.expect("a request");
        assert_eq!((seen.request_bytes, seen.request_head), (passes as u64, head as u64), "{phase:?} {at:?}");
        bench.link.cut(connection, CutMode::Fin, Toward::Both).await;
        assert_eq!(server.rest().await, (REQUEST[..passes].to_owned(), End::Fin), "{phase:?} {at:?}");
    }
    for (phase, at, passes) in [
        (Phase::ResponseHead, At::Byte(-1), ANSWER_HEAD.len() - 1),
        (Phase::ResponseHead, At::Middle, ANSWER_HEAD.len() / 2),
        (Phase::ResponseBody, At::Byte(-1), ANSWER.len() - 1),
        (Phase::ResponseBody, At::Middle, ANSWER.len() - 2),
    ] {
        let mut bench = Bench::new([gate_at(1, phase, at)]).await;
        let (mut client, mut server) = bench.pair().await;
        client.say(REQUEST).await;
        server.hear(REQUEST.len()).await;
        server.say(&ANSWER[..ANSWER_HEAD.len()]).await;
        server.say(&ANSWER[ANSWER_HEAD.len()..]).await;
        let (_, connection, seen) = bench.parked().await;
        let seen = seen.expect("a request");
        assert_eq!((seen.response_bytes, seen.response_head), (passes as u64, ANSWER_HEAD.len() as u64), "{phase:?}");
        bench.link.cut(connection, CutMode::Rst, Toward::Both).await;
        assert_eq!(client.rest().await, (ANSWER[..passes].to_owned(), End::Rst), "{phase:?} {at:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn pipelined_requests_stop_each_at_its_own_place() {
    let mut second = gate(1, Phase::RequestSent, 0);
    second.nth = 2;
    let mut bench = Bench::new([second]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(&REQUEST.repeat(2)).await;
    server.hear(REQUEST.len() * 2).await;
    // Both answers come in one piece; the second one must not slip through with the first.
    server.say(&ANSWER.repeat(2)).await;
    let (_, connection, seen) = bench.parked().await;
    assert_eq!(seen.expect("a request").number, 2);
    let effect = bench.link.cut(connection, CutMode::Fin, Toward::Both).await;
    assert_eq!(client.rest().await, (ANSWER.to_owned(), End::Fin));
    assert_eq!(effect.withheld as usize, ANSWER.len());
}

#[tokio::test(flavor = "current_thread")]
async fn a_response_gate_of_a_pipelined_request_leaves_the_one_before_alone() {
    let mut second = gate(1, Phase::ResponseBody, 1);
    second.nth = 2;
    let mut bench = Bench::new([second]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(&REQUEST.repeat(3)).await;
    server.hear(REQUEST.len() * 3).await;
    server.say(&ANSWER.repeat(3)).await;
    assert_eq!(bench.parked().await.2.expect("a request").number, 2);
    let before = ANSWER.len() + ANSWER_HEAD.len() + 1;
    assert_eq!(client.hear(before).await, ANSWER.repeat(2)[..before]);
    bench.link.resume(1);
    assert_eq!(client.hear(ANSWER.len() * 3 - before).await, ANSWER.repeat(3)[before..]);
}

#[tokio::test(flavor = "current_thread")]
async fn an_interim_response_passes_before_the_body_and_does_not_answer_the_request() {
    let mut bench = Bench::new([gate(1, Phase::RequestSent, 0), gate(2, Phase::ResponseHead, 1)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(HEAD).await;
    server.hear(HEAD.len()).await;
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    server.say(interim).await;
    assert_eq!(client.hear(interim.len()).await, interim);
    client.say("hello").await;
    assert_eq!(bench.parked().await.0, 1);
    bench.link.resume(1);
    server.hear(5).await;
    server.say(ANSWER).await;
    let (id, connection, seen) = bench.parked().await;
    assert_eq!((id, seen.expect("a request").status), (2, Some(200)));
    bench.link.cut(connection, CutMode::Rst, Toward::Both).await;
    assert_eq!(client.rest().await, ("H".to_owned(), End::Rst));
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_stops_when_it_was_accepted_before_the_server_is_connected_to() {
    let mut bench = Bench::new([bare(1, Point::Connect)]).await;
    let mut first = bench.client().await;
    first.say(REQUEST).await;
    assert_eq!(bench.parked().await.0, 1);
    // A later connection overtakes it: it is the first that the server sees.
    let (mut second, mut server) = bench.pair().await;
    second.exchange(&mut server).await;
    bench.link.resume(1);
    assert_eq!(bench.server().await.hear(REQUEST.len()).await, REQUEST);
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_stops_when_it_has_reached_the_server_and_not_a_byte_goes_either_way() {
    let mut bench = Bench::new([bare(1, Point::Connected), gate(2, Phase::RequestHead, 0)]).await;
    let mut client = bench.client().await;
    // The server has it, and speaks first.
    let mut server = bench.server().await;
    server.say("hello").await;
    client.say(REQUEST).await;
    assert_eq!(bench.parked().await.0, 1);
    let standing = bench.link.standing().await;
    assert!(standing[0].server_open && standing[0].sent == 0 && standing[0].received == 0, "{standing:?}");
    // A later connection overtakes it.
    let (mut second, mut other) = bench.pair().await;
    second.say("x").await;
    assert_eq!(other.hear(1).await, "x");
    bench.link.resume(1);
    assert_eq!(client.hear(5).await, "hello");
    assert_eq!(bench.parked().await.0, 2);
    bench.link.resume(2);
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_that_never_reaches_the_server_is_not_connected() {
    let mut bench = Bench::new([bare(1, Point::Connect), bare(2, Point::Connected)]).await;
    let mut client = bench.client().await;
    assert_eq!(bench.parked().await.0, 1);
    bench.link.set_upstream(Some(std::net::SocketAddr::from(([127, 0, 0, 1], 1))));
    bench.link.resume(1);
    assert_eq!(client.rest().await, (String::new(), End::Rst));
    assert!(bench.link.parked().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn an_idle_connection_stops_before_its_next_request() {
    let mut second = bare(1, Point::Idle);
    second.nth = 2;
    let mut bench = Bench::new([second]).await;
    let (mut client, mut server) = bench.pair().await;
    // Two at once are one time of being idle.
    client.say(&REQUEST.repeat(2)).await;
    server.hear(REQUEST.len() * 2).await;
    server.say(&ANSWER.repeat(2)).await;
    client.hear(ANSWER.len() * 2).await;
    client.exchange(&mut server).await;
    let (_, connection, seen) = bench.parked().await;
    assert!(seen.is_none());
    client.say(REQUEST).await;
    bench
        .event("the third request", |event| match event {
            LinkEventKind::Request(seen) => (seen.number == 4).then_some(()),
            _ => None,
        })
        .await;
    let effect = bench.link.cut(connection, CutMode::Fin, Toward::Both).await;
    assert_eq!(effect.withheld as usize, REQUEST.len());
    assert_eq!(server.rest().await, (String::new(), End::Fin));
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_answered_early_is_idle_only_when_its_request_has_passed() {
    let mut bench = Bench::new([bare(1, Point::Idle)]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(HEAD).await;
    server.hear(HEAD.len()).await;
    server.say(ANSWER).await;
    client.hear(ANSWER.len()).await;
    assert!(bench.done().await.finished);
    client.say("hello").await;
    bench.parked().await;
    assert_eq!(server.hear(5).await, "hello");
}

#[tokio::test(flavor = "current_thread")]
async fn bytes_of_a_connection_are_counted_whatever_they_say() {
    for at in [0, 1, 5] {
        let mut bench = Bench::new([bytes_gate(1, Side::Server, at), bytes_gate(2, Side::Client, at)]).await;
        let (mut client, mut server) = bench.pair().await;
        client.say("\x01\x02345678").await;
        server.say("\x01\x02345678").await;
        let (_, connection, _) = bench.parked().await;
        bench.parked().await;
        let parked = bench.link.parked();
        assert_eq!(parked.len(), 2, "{parked:?}");
        bench.link.cut(connection, CutMode::Fin, Toward::Both).await;
        for peer in [&mut client, &mut server] {
            assert_eq!(peer.rest().await, ("\x01\x02345678"[..at as usize].to_owned(), End::Fin));
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_not_http_passes_and_is_told() {
    let mut bench = Bench::new([gate(1, Phase::RequestHead, 0), gate(2, Phase::ResponseSent, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    let text = "no http at all\n\nPOST /a HTTP/1.1\r\n\r\n";
    client.say(text).await;
    assert_eq!(server.hear(text.len()).await, text);
    server.say(text).await;
    assert_eq!(client.hear(text.len()).await, text);
    bench.event("not http", |event| matches!(event, LinkEventKind::NotHttp(1)).then_some(())).await;
    assert!(bench.told().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn after_an_upgrade_nothing_is_recognised_and_everything_passes() {
    let mut bench = Bench::new([GateSpec { nth: 2, ..gate(1, Phase::ResponseSent, 0) }]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say("GET /a HTTP/1.1\r\nupgrade: raw\r\n\r\n").await;
    server.hear(33).await;
    let switched = "HTTP/1.1 101 Switching Protocols\r\n\r\nraw\n\n";
    server.say(switched).await;
    assert_eq!(client.hear(switched.len()).await, switched);
    client.say(REQUEST).await;
    assert_eq!(server.hear(REQUEST.len()).await, REQUEST);
    bench.event("not http", |event| matches!(event, LinkEventKind::NotHttp(1)).then_some(())).await;
    // The request has ended with the answer that switches; what comes behind it is none.
    assert!(matches!(&bench.told()[..], [LinkEventKind::RequestDone(seen)] if seen.status == Some(101)));
}

#[tokio::test(flavor = "current_thread")]
async fn a_gate_armed_when_a_head_has_passed_in_part_still_stops_the_rest() {
    let mut bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    client.say(&HEAD[..10]).await;
    server.hear(10).await;
    bench.link.arm(gate(1, Phase::RequestHead, 2));
    client.say(&HEAD[10..]).await;
    assert_eq!(bench.parked().await.0, 1);
    bench.link.resume(1);
    assert_eq!(server.hear(HEAD.len() - 10).await, HEAD[10..]);
}

#[tokio::test(flavor = "current_thread")]
async fn gates_at_the_answer_to_an_upgrade_stop_there() {
    let switched = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    for (phase, at, passes) in [
        (Phase::ResponseHead, 7, 7),
        (Phase::ResponseBody, 0, switched.len()),
        (Phase::ResponseSent, 0, switched.len()),
    ] {
        let mut bench = Bench::new([gate(1, phase, at)]).await;
        let (mut client, mut server) = bench.pair().await;
        client.say("GET /a HTTP/1.1\r\nupgrade: raw\r\n\r\n").await;
        server.hear(33).await;
        server.say(&format!("{switched}raw")).await;
        let seen = bench.parked().await.2.expect("a request");
        assert_eq!((seen.status, seen.response_bytes), (Some(101), passes as u64), "{phase:?}");
        assert_eq!(client.hear(passes).await, switched[..passes], "{phase:?}");
        bench.link.resume(1);
        assert_eq!(client.hear(switched.len() + 3 - passes).await, format!("{switched}raw")[passes..], "{phase:?}");
        let done = bench.done().await;
        assert_eq!((done.finished, done.response_bytes), (true, switched.len() as u64), "{phase:?}");
        client.say("raw").await;
        assert_eq!(server.hear(3).await, "raw");
    }
}
