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

#[test]
fn an_upstream_that_refuses_ends_the_stream_as_with_toxiproxy_or_resets_it_if_that_is_asked_for() {
    let served = Served::new();
    let dead = ReservedPort::new().expect("a port");
    let end = |addr: SocketAddr| connect(addr).read(&mut [0]).map_err(|error| error.kind());
    let plain = served.proxy("plain", dead.addr());
    let body =
        format!(r#"{{"name":"reset","listen":"127.0.0.1:0","upstream":"{}","reset_when_down":true}}"#, dead.addr());
    let created = served.must(201, "POST", "/proxies", &body);
    assert_eq!(created["reset_when_down"], true);
    for _ in 0..20 {
        // Nothing was sent by the client: a connect and the end of the stream.
        assert_eq!(end(plain), Ok(0));
        assert_eq!(end(addr_of(&created)), Err(std::io::ErrorKind::ConnectionReset));
    }
}

#[test]
fn a_proxy_that_leads_to_itself_is_refused() {
    let served = Served::new();
    let addr = served.proxy("a", crate::served::echo());
    let refused = |response: crate::served::Response, by: &str| {
        assert_eq!(response.status, 400, "{response:?}");
        assert!(
            response.body.contains(&format!("is the proxy itself{by}; write the address of the server")),
            "{response:?}"
        );
    };
    refused(served.ask("PATCH", "/proxies/a", &format!(r#"{{"upstream":"{addr}"}}"#)), "");
    refused(served.ask("PATCH", "/proxies/a", &format!(r#"{{"upstream":"localhost:{}"}}"#, addr.port())), "");
    // By way of another one, whatever it is created or changed by.
    let other = served.proxy("b", addr);
    refused(served.ask("PATCH", "/proxies/a", &format!(r#"{{"upstream":"{other}"}}"#)), " by way of `b`");
    let port = ReservedPort::new().expect("a port");
    let list = format!(r#"[{{"name":"c","listen":"{0}","upstream":"{0}"}}]"#, port.addr());
    refused(served.ask("POST", "/populate", &list), "");
    refused(served.ask("POST", "/proxies", &list[1..list.len() - 1]), "");
    // All that was refused has changed nothing.
    let mut client = connect(other);
    client.write_all(b"x").expect("sent");
    client.read_exact(&mut [0]).expect("a byte comes back");
}
