use std::net::TcpStream;
use std::rc::Rc;

use quietdown_store::flag::State;
use rustix::process::Signal;
use serde_json::json;

use super::booted::Booted;
use super::http::Connection;
use super::long_poll::waiting;

const BODY: &[u8] = br#"{"rollouts":[{"input":1}]}"#;

/// An enqueue request of which the server has read the head and part of the body.
///
/// That it was read is known because an `expect: 100-continue` was answered, which the server does when it wants the body.
pub fn half_sent(server: &Booted) -> Connection {
    let mut connection = server.connect();
    connection.send_head("POST", "/queues/rollouts/enqueue", "expect: 100-continue\r\n", BODY.len());
    let go_on = connection.response_head();
    assert_eq!(go_on.status, 100);
    connection.send_bytes(&BODY[..10]);
    connection
}

/// The answer to a large rollout, of which only the head was read: it fills every buffer on its way.
fn half_read(server: &Booted) -> (Connection, usize) {
    let id = server.enqueue(json!("x".repeat(32 << 20)));
    let mut connection = server.connect();
    connection.send("GET", &format!("/rollouts/{id}"), "", b"");
    let head = connection.response_head();
    assert_eq!(head.status, 200);
    (connection, head.body.len())
}

#[test]
fn an_idle_server_ends_at_once() {
    let mut server = Booted::with(&["--drain", "600s"]);
    assert_eq!(server.state(), Some(State::Online));
    // Neither an idle connection, nor one that never spoke, nor half a head holds it up.
    let mut idle = server.connect();
    idle.send("GET", "/health", "", b"");
    assert_eq!(idle.response().status, 200);
    let mut silent = server.connect();
    let mut half = server.connect();
    half.send_bytes(b"GET /v1/agl/hea");
    server.begin_stop();
    server.exit_gracefully();
    assert_eq!(server.count("drain time is over"), 0);
    assert_eq!((idle.rest().0, silent.rest().0, half.rest().0), (0, 0, 0));
    TcpStream::connect(server.address()).expect_err("nobody listens any more");
}

#[test]
fn what_is_in_flight_finishes_and_what_comes_later_is_refused() {
    let mut server = Booted::with(&["--drain", "600s"]);
    let mut kept = server.connect();
    kept.send("GET", "/health", "", b"");
    assert_eq!(kept.response().status, 200);
    let mut in_flight = half_sent(&server);
    server.begin_stop();
    assert_eq!(server.state(), Some(State::Stopping));

    // On a connection from before the stop and on new ones; health as any other; with a body that comes late or never.
    kept.send("POST", "/queues/rollouts/dequeue", "", b"{}");
    kept.response().is_refusal();
    assert_eq!(kept.rest(), (0, true));
    server.ask("GET", "/health", None).is_refusal();
    server.ask("GET", "/no/such", None).is_refusal();
    let mut late = server.connect();
    late.send_head("POST", "/spans", "", 100);
    late.response().is_refusal();
    late.send_bytes(b"{");
    drop(late);

    in_flight.send_bytes(&BODY[10..]);
    let answer = in_flight.response();
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("x-store-state"), Some("draining"));
    assert_eq!(answer.header("connection"), Some("close"));
    server.exit_gracefully();
    assert_eq!(server.count("drain time is over"), 0);
    let server = server.again(&[]);
    assert_eq!(server.ask("GET", "/rollouts", None).json()["total"], json!(1));
    server.stop();
}

#[test]
fn what_had_arrived_before_the_signal_is_in_flight() {
    let mut server = Booted::with(&[]);
    let mut kept = server.connect();
    kept.send("GET", "/health", "", b"");
    assert_eq!(kept.response().status, 200);
    // A server that had no time to look at either its sockets or its signals.
    server.signal(Signal::STOP);
    let mut new = server.connect();
    for connection in [&mut kept, &mut new] {
        connection.send("POST", "/queues/rollouts/enqueue", "", BODY);
    }
    server.signal(Signal::TERM);
    server.signal(Signal::CONT);
    assert_eq!((kept.response().status, new.response().status), (201, 201));
    server.exit_gracefully();
}

#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    let mut server = Booted::with(&["--drain", "600s"]);
    let _in_flight = half_sent(&server);
    server.begin_stop();
    let mut late = server.connect();
    // More than the buffers hold: without lingering the connection would be reset under it.
    late.send("POST", "/spans", "", &vec![b' '; 16 << 20]);
    late.response().is_refusal();
}

#[test]
fn the_drain_time_ends_a_request_that_never_becomes_complete() {
    let mut server = Booted::with(&["--drain", "50ms"]);
    let mut in_flight = half_sent(&server);
    server.begin_stop();
    server.line("drain time is over requests=1");
    in_flight.response().is_refusal();
    drop(in_flight);
    server.exit_gracefully();
    let server = server.again(&[]);
    assert_eq!(server.ask("GET", "/rollouts", None).json()["total"], json!(0), "a marked refusal had no effect");
    server.stop();
}

#[test]
fn a_client_that_leaves_in_its_request_does_not_hold_up_the_stop() {
    let mut server = Booted::with(&["--drain", "600s"]);
    drop(half_sent(&server));
    server.line("request body is incomplete");
    server.begin_stop();
    server.exit_gracefully();
    assert_eq!(server.count("request body is incomplete"), 1);
}

#[test]
fn an_answer_that_is_being_read_is_in_flight_to_its_last_byte() {
    let mut server = Booted::with(&["--drain", "600s"]);
    let (mut reading, length) = half_read(&server);
    server.begin_stop();
    server.ask("GET", "/health", None).is_refusal();
    assert_eq!(reading.rest(), (length, true));
    server.exit_gracefully();
    assert_eq!(server.count("response body cut short"), 0);
}

#[test]
fn the_drain_time_cuts_an_answer_that_is_not_read() {
    let mut server = Booted::with(&["--drain", "50ms"]);
    let (mut reading, length) = half_read(&server);
    server.begin_stop();
    server.line("drain time is over requests=1");
    server.line("response body cut short op=\"get_rollout\"");
    server.exit_gracefully();
    assert!(reading.rest().0 < length);
}

#[test]
fn a_client_that_leaves_in_its_answer_does_not_hold_up_the_stop() {
    let mut server = Booted::with(&["--drain", "600s"]);
    drop(half_read(&server));
    server.line("response body cut short");
    server.begin_stop();
    server.exit_gracefully();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut server = Booted::with(&["--drain", "600s"]);
        let _in_flight = half_sent(&server);
        server.begin_stop();
        server.signal(signal);
        assert_eq!(server.exit().code(), Some(status));
        assert_eq!(server.state(), Some(State::Stopping));
        assert_eq!(server.count("stopped"), 0);
    }
}

#[test]
fn an_interrupt_stops_it_just_as_well() {
    let mut server = Booted::with(&[]);
    let id = server.enqueue(json!(1));
    let mut poll = waiting(&mut server, &id);
    server.signal(Signal::INT);
    server.line("stop begun signal=\"SIGINT\"");
    assert_eq!(poll.response().json(), json!([]));
    server.exit_gracefully();
}

#[test]
fn a_stop_while_it_starts_is_graceful_too() {
    let folder = Rc::new(tempfile::tempdir().expect("a folder"));
    let mut server = Booted::start(folder, &["--boot-delay", "600s"], None);
    while server.state().is_none() {
        std::thread::yield_now();
    }
    assert_eq!(server.state(), Some(State::Starting));
    server.begin_stop();
    server.exit_gracefully();
    assert_eq!(server.count("listening"), 0);
}

#[test]
fn it_can_listen_at_a_port_that_is_held_but_not_listened_at() {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt};
    let held = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    sockopt::set_socket_reuseaddr(&held, true).expect("set");
    bind(&held, &"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("an address")).expect("bound");
    let address = std::net::SocketAddr::try_from(getsockname(&held).expect("a name")).expect("an address");
    let server = Booted::with(&["--port", &address.port().to_string()]);
    assert_eq!(server.address(), address);
    server.stop();
}

#[test]
fn it_says_why_it_cannot_start() {
    let first = Booted::with(&[]);
    let mut same_data = Booted::start(first.folder(), &[], None);
    assert_eq!(same_data.exit().code(), Some(1));
    assert_eq!(same_data.count("ERROR server quietdown_store::server: cannot open the data error="), 1);
    let mut same_port = Booted::start(
        Rc::new(tempfile::tempdir().expect("a folder")),
        &["--port", &first.address().port().to_string()],
        None,
    );
    assert_eq!(same_port.exit().code(), Some(1));
    assert_eq!(same_port.count("cannot listen error="), 1);
}
