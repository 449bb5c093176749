//! A dead upstream that looks dead.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use quietdown::process::ReservedPort;

use crate::served::{Served, WATCHDOG, addr_of, connect, is_refused};

/// Waits until a proxy refuses, or accepts: nothing tells who is not connected.
#[track_caller]
fn until(addr: SocketAddr, refused: bool) {
    let began = Instant::now();
    while is_refused(addr) != refused {
        assert!(began.elapsed() < WATCHDOG, "still {}", if refused { "accepted" } else { "refused" });
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_dead_upstream_is_refused_and_one_that_comes_back_is_found() {
    let served = Served::new();
    // Held for the server, so that nobody else is given it meanwhile.
    let port = ReservedPort::new().expect("a port");
    let body = format!(r#"{{"name":"a","upstream":"{}","refuse_when_down":true}}"#, port.addr());
    let created = served.must(201, "POST", "/proxies", &body);
    assert_eq!((&created["refuse_when_down"], &created["enabled"]), (&true.into(), &true.into()));
    let addr = addr_of(&created);
    // It is so from the first connection on.
    assert!(is_refused(addr));
    for _ in 0..2 {
        let server = TcpListener::bind(port.addr()).expect("std sets SO_REUSEADDR");
        until(addr, false);
        drop(server);
        until(addr, true);
    }
    let changed = served.must(200, "PATCH", "/proxies/a", r#"{"refuse_when_down":false}"#);
    assert!(changed.get("refuse_when_down").is_none());
    assert!(!is_refused(addr));
    let changed = served.must(200, "PATCH", "/proxies/a", r#"{"refuse_when_down":true}"#);
    assert_eq!(changed["refuse_when_down"], true);
    assert!(is_refused(addr));
}

#[test]
fn a_server_of_this_machine_notices_nothing_of_being_watched() {
    let served = Served::new();
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let upstream = server.local_addr().expect("bound");
    let body = format!(r#"{{"name":"a","upstream":"{upstream}","refuse_when_down":true}}"#);
    let mut client = connect(addr_of(&served.must(201, "POST", "/proxies", &body)));
    client.write_all(b"x").expect("sent");
    // The first that comes is this one.
    let (mut stream, _) = server.accept().expect("a connection");
    let mut first = [0];
    stream.read_exact(&mut first).expect("a byte");
    assert_eq!(&first, b"x");
}

#[test]
fn it_goes_along_to_another_address_and_another_upstream() {
    let served = Served::new();
    let (dead, alive) = (ReservedPort::new().expect("a port"), crate::served::echo());
    let body = format!(r#"{{"name":"a","upstream":"localhost:{}","refuse_when_down":true}}"#, alive.port());
    assert!(!is_refused(addr_of(&served.must(201, "POST", "/proxies", &body))));
    let moved = served.must(200, "PATCH", "/proxies/a", &format!(r#"{{"listen":":0","upstream":"{}"}}"#, dead.addr()));
    assert!(is_refused(addr_of(&moved)));
    let led = served.must(200, "PATCH", "/proxies/a", &format!(r#"{{"upstream":"{alive}"}}"#));
    assert!(!is_refused(addr_of(&led)));
    // Down is down, whatever the upstream is.
    served.must(200, "PATCH", "/proxies/a", r#"{"enabled":false}"#);
    assert!(is_refused(addr_of(&led)));
}
