//! Gates over the API.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::served::{Served, connect, echo, web};

/// Asks for a path on a connection that stays.
fn send(stream: &mut TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).expect("sent");
}

/// Reads the answer for a path.
#[track_caller]
fn receive(stream: &mut TcpStream, path: &str) {
    let expected = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{path}", path.len());
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(String::from_utf8_lossy(&answer), expected);
}

#[track_caller]
fn parked(served: &Served, name: &str) -> Value {
    let gate = served.must(200, "GET", &format!("/proxies/a/gates/{name}?wait=60s"), "");
    assert_eq!(gate["state"], "parked", "{gate}");
    gate
}

#[test]
fn a_stream_parks_at_a_phase_until_it_is_resumed() {
    let served = Served::new();
    let addr = served.proxy("a", web());
    let body = r#"{"name":"g","phase":"response-body","at":1,"method":"GET","path":"/slow*","nth":2}"#;
    let gate = served.must(201, "POST", "/proxies/a/gates", body);
    assert_eq!(
        gate,
        json!({ "name": "g", "phase": "response-body", "method": "GET", "path": "/slow*", "at": 1, "nth": 2, "state": "armed", "met": [] })
    );
    assert_eq!(served.must(200, "GET", "/proxies/a/gates/g", ""), gate);
    let mut client = connect(addr);
    for path in ["/slow", "/quick"] {
        send(&mut client, path);
        receive(&mut client, path);
    }
    assert_eq!(served.must(200, "GET", "/proxies/a/gates/g?wait=1ms", "")["state"], "armed");
    assert_eq!(served.must(409, "POST", "/proxies/a/gates/g/resume", "")["error"], "gate is not parked");
    send(&mut client, "/slower");
    let met = parked(&served, "g")["met"][0].clone();
    assert_eq!((&met["connection"], &met["request"]["number"]), (&json!(1), &json!(3)), "{met}");
    assert_eq!(
        (&met["request"]["path"], &met["request"]["phase"]),
        (&json!("/slower"), &json!("response-head")),
        "{met}"
    );
    // The head and one byte of the body have passed, and nothing more is on its way.
    let mut first = vec![0; "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n/".len()];
    client.read_exact(&mut first).expect("the head");
    client.set_nonblocking(true).expect("set");
    assert_eq!(client.read(&mut [0]).expect_err("parked").kind(), std::io::ErrorKind::WouldBlock);
    client.set_nonblocking(false).expect("set");
    assert_eq!(served.must(200, "POST", "/proxies/a/gates/g/resume", "")["state"], "passed");
    let mut rest = [0; 6];
    client.read_exact(&mut rest).expect("the rest");
    assert_eq!(&rest, b"slower");
    assert_eq!(served.must(200, "GET", "/proxies/a/gates", "")[0]["state"], "passed");
    served.must(204, "DELETE", "/proxies/a/gates/g", "");
    assert_eq!(served.must(404, "GET", "/proxies/a/gates/g?wait=60s", "")["error"], "gate not found");
}

#[test]
fn who_waits_is_told_when_it_parks_or_is_taken_away() {
    let served = Served::new();
    let addr = served.proxy("a", echo());
    for (name, phase) in [("parks", "connect"), ("removed", "idle")] {
        served.must(201, "POST", "/proxies/a/gates", &format!(r#"{{"name":"{name}","phase":"{phase}"}}"#));
    }
    std::thread::scope(|scope| {
        let parks = scope.spawn(|| parked(&served, "parks"));
        let removed = scope.spawn(|| served.must(404, "GET", "/proxies/a/gates/removed?wait=60s", ""));
        let mut client = connect(addr);
        parks.join().expect("parked");
        served.must(204, "DELETE", "/proxies/a/gates/removed", "");
        removed.join().expect("told");
        // Taken away, it lets go of what it has stopped.
        served.must(204, "DELETE", "/proxies/a/gates/parks", "");
        client.write_all(b"x").expect("sent");
        client.read_exact(&mut [0]).expect("sent back");
        served.must(201, "POST", "/proxies/a/gates", r#"{"name":"gone","phase":"idle"}"#);
        let gone = scope.spawn(|| served.must(404, "GET", "/proxies/a/gates/gone?wait=60s", ""));
        served.must(204, "DELETE", "/proxies/a", "");
        gone.join().expect("told");
    });
}

#[test]
fn a_byte_of_a_stream_is_a_gate_too() {
    let served = Served::new();
    let addr = served.proxy("a", echo());
    served.must(201, "POST", "/proxies/a/gates", r#"{"name":"g","phase":"bytes","stream":"downstream","at":2}"#);
    let mut client = connect(addr);
    client.write_all(b"abcd").expect("sent");
    let gate = parked(&served, "g");
    assert_eq!(gate["met"], json!([{ "connection": 1 }]));
    let mut two = [0; 2];
    client.read_exact(&mut two).expect("two bytes");
    let resumed =
        served.must(200, "POST", "/proxies/a/gates/g/resume", r#"{"then":{"cut":{"mode":"rst","toward":"client"}}}"#);
    assert_eq!(resumed["met"][0]["effect"]["broken"], 1, "{resumed}");
    assert_eq!(client.read(&mut two).expect_err("a reset").kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_gate_acts_by_itself_as_often_as_it_says() {
    let served = Served::new();
    let addr = served.proxy("a", web());
    let body = r#"{"name":"g","phase":"request-sent","path":"/a","times":2,"then":{"cut":{"mode":"fin"}}}"#;
    let gate = served.must(201, "POST", "/proxies/a/gates", body);
    assert_eq!((&gate["times"], &gate["then"]), (&json!(2), &json!({ "cut": { "mode": "fin", "toward": "both" } })));
    for _ in 0..2 {
        let mut client = connect(addr);
        send(&mut client, "/b");
        receive(&mut client, "/b");
        send(&mut client, "/a");
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).expect("an orderly end");
        assert_eq!(rest, b"");
    }
    let mut client = connect(addr);
    send(&mut client, "/a");
    receive(&mut client, "/a");
    let gate = served.must(200, "GET", "/proxies/a/gates/g?wait=60s", "");
    let met = gate["met"].as_array().expect("an array");
    assert_eq!((met.len(), &gate["state"]), (2, &json!("passed")), "{gate}");
    assert!(met.iter().all(|met| met["effect"]["broken"] == 1 && met["request"]["path"] == "/a"), "{gate}");
}

#[test]
fn a_held_connection_is_let_go_by_a_reset_which_takes_gates_away() {
    let served = Served::new();
    let addr = served.proxy("a", web());
    served.must(201, "POST", "/proxies/a/gates", r#"{"name":"g","phase":"request-head","then":"hold"}"#);
    let mut client = connect(addr);
    send(&mut client, "/a");
    served.must(200, "GET", "/proxies/a/gates/g?wait=60s", "");
    served.must(204, "POST", "/reset", "");
    receive(&mut client, "/a");
    assert_eq!(served.ask("GET", "/proxies/a/gates", "").body, "[]");
}

#[test]
fn gates_that_wait_go_along_to_another_address() {
    let served = Served::new();
    served.proxy("a", web());
    served.must(201, "POST", "/proxies/a/gates", r#"{"name":"g","phase":"request-head"}"#);
    let moved = served.must(200, "PATCH", "/proxies/a", r#"{"listen":":0"}"#);
    let mut client = connect(crate::served::addr_of(&moved));
    send(&mut client, "/a");
    parked(&served, "g");
    served.must(200, "POST", "/proxies/a/gates/g/resume", "");
    receive(&mut client, "/a");
}

#[test]
fn what_makes_no_gate_is_named() {
    let served = Served::new();
    served.proxy("a", echo());
    served.must(201, "POST", "/proxies/a/gates", r#"{"name":"taken","phase":"idle"}"#);
    for (status, body, text) in [
        (400, "{}", "missing required field: name"),
        (400, r#"{"name":"g"}"#, "missing required field: phase"),
        (400, r#"{"name":"g","phase":"later"}"#, "request-sent"),
        (400, r#"{"name":"g","phase":"bytes"}"#, "missing required field: stream"),
        (400, r#"{"name":"g","phase":"bytes","stream":"up"}"#, "stream was invalid"),
        (400, r#"{"name":"g","phase":"connect","at":1}"#, "at: the phase `connect` has none"),
        (400, r#"{"name":"g","phase":"request-sent","at":1}"#, "at: the phase `request-sent` has none"),
        (400, r#"{"name":"g","phase":"idle","path":"/"}"#, "path: the phase `idle` has none"),
        (400, r#"{"name":"g","phase":"idle","stream":"upstream"}"#, "stream: the phase `idle` has none"),
        (400, r#"{"name":"g","phase":"idle","nth":0}"#, "nth"),
        (400, r#"{"name":"g","phase":"idle","times":2}"#, "then"),
        (400, r#"{"name":"g","phase":"idle","then":"hold","times":0}"#, "every"),
        (400, r#"{"name":"g","phase":"idle","then":"explode"}"#, "hold"),
        (400, r#"{"name":"g","phase":"idle","then":{"cut":{"mode":"sharp"}}}"#, "rst"),
        (400, r#"{"name":"g","phase":"idle","wiht":1}"#, "unknown field `wiht`; known are name"),
        (409, r#"{"name":"taken","phase":"idle"}"#, "gate already exists"),
    ] {
        let error = served.must(status, "POST", "/proxies/a/gates", body);
        assert!(error["error"].as_str().is_some_and(|error| error.contains(text)), "{body}: {error}");
    }
    for query in ["wait=1", "wait=2m", "wiat=1s"] {
        let error = served.must(400, "GET", &format!("/proxies/a/gates/taken?{query}"), "");
        assert!(error["error"].as_str().is_some_and(|error| error.starts_with("bad query: ")), "{error}");
    }
    for (method, path) in [("GET", "/g"), ("DELETE", "/g"), ("POST", "/g/resume")] {
        assert_eq!(served.must(404, method, &format!("/proxies/a/gates{path}"), "")["error"], "gate not found");
    }
    assert_eq!(served.must(404, "GET", "/proxies/b/gates", "")["error"], "proxy not found");
}
