//! Each defect of the server shows; without that, a control that plants it proves nothing.

use quietdown_store::flag::State;
use rustix::process::Signal;
use serde_json::json;

use super::booted::Booted;
use super::long_poll::waiting;
use super::stop::half_sent;

#[test]
fn exit_nonzero_on_stop() {
    let mut server = Booted::defective("exit-nonzero-on-stop", &[]);
    server.begin_stop();
    assert_eq!(server.exit().code(), Some(1));
    assert_eq!(server.state(), Some(State::Stopped));
}

#[test]
fn hang_on_stop() {
    let mut server = Booted::defective("hang-on-stop", &[]);
    let mut idle = server.connect();
    idle.send("GET", "/health", "", b"");
    idle.response();
    server.begin_stop();
    // It closes everything, and then stays.
    idle.rest();
    server.signal(Signal::KILL);
    assert_eq!(server.exit().code(), None);
    assert_eq!(server.count("stopped"), 0);
    assert_eq!(server.state(), Some(State::Stopping));
}

#[test]
fn no_drain_marker() {
    let mut server = Booted::defective("no-drain-marker", &["--drain", "600s"]);
    let id = server.enqueue(json!(1));
    let mut poll = waiting(&mut server, &id);
    let _holds_the_stop = half_sent(&server);
    server.begin_stop();
    for answer in [poll.response(), server.ask("GET", "/health", None)] {
        assert_eq!(answer.header("x-store-state"), None);
        assert!(!String::from_utf8_lossy(&answer.body).contains("draining"), "{answer:?}");
    }
}

#[test]
fn flag_late() {
    let mut server = Booted::defective("flag-late", &["--drain", "600s"]);
    let id = server.enqueue(json!(1));
    let mut poll = waiting(&mut server, &id);
    server.begin_stop();
    assert_eq!(poll.rest().0, 0, "cut, without an answer");
    std::net::TcpStream::connect(server.address()).expect_err("nobody listens any more");
    assert_eq!(server.state(), Some(State::Online));
}

#[test]
fn flag_late_ends_as_if_all_were_well() {
    let mut server = Booted::defective("flag-late", &["--drain", "1ms"]);
    server.begin_stop();
    server.exit_gracefully();
}

#[test]
fn lost_write() {
    let server = Booted::defective("lost-write", &[]);
    for input in 0..4 {
        server.enqueue(json!(input));
    }
    assert_eq!(server.ask("GET", "/rollouts", None).json()["total"], json!(2));
    server.stop();
}

#[test]
fn cancel_ignored() {
    let mut server = Booted::defective("cancel-ignored", &["--drain", "50ms"]);
    let id = server.enqueue(json!(1));
    drop(waiting(&mut server, &id));
    server.begin_stop();
    server.line("drain time is over requests=1");
    server.exit_gracefully();
    assert_eq!(server.count("long poll answered early"), 0);
}

#[test]
fn a_defect_that_does_not_exist_is_a_wrong_usage() {
    let folder = std::rc::Rc::new(tempfile::tempdir().expect("a folder"));
    let mut server = Booted::start(folder, &[], Some("no-such"));
    assert_eq!(server.exit().code(), Some(2));
    assert_eq!(server.count("there is no such defect"), 1);
}
