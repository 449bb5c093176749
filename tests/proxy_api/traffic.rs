//! What the API does to connections, and what it tells of them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};

use crate::served::{Served, connect, echo};

/// Sends a text and reads it back.
#[track_caller]
fn exchange(stream: &mut std::net::TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).expect("sent");
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back).expect("sent back");
    assert_eq!(back, text.as_bytes());
}

/// Waits for the end of a connection that carries nothing more.
#[track_caller]
fn ends(stream: &mut std::net::TcpStream) {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => assert_eq!(rest, b""),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
}

#[test]
fn only_another_address_or_upstream_ends_connections() {
    let served = Served::new();
    let (first, second) = (echo(), echo());
    let addr = served.proxy("a", first);
    let mut client = connect(addr);
    exchange(&mut client, "one");
    let same = format!(r#"{{"listen":"localhost:{}","upstream":"{first}","enabled":true}}"#, addr.port());
    served.must(200, "PATCH", "/proxies/a", &same);
    exchange(&mut client, "two");
    served.must(200, "PATCH", "/proxies/a", &format!(r#"{{"upstream":"{second}"}}"#));
    ends(&mut client);
    let mut client = connect(addr);
    exchange(&mut client, "three");
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"noop"}"#);
    let moved = served.must(200, "PATCH", "/proxies/a", r#"{"listen":"127.0.0.1:0"}"#);
    ends(&mut client);
    assert!(crate::served::is_refused(addr));
    assert_eq!(moved["toxics"][0]["type"], "noop");
    let mut client = connect(crate::served::addr_of(&moved));
    exchange(&mut client, "four");
    served.must(204, "DELETE", "/proxies/a", "");
    ends(&mut client);
}

#[test]
fn metrics_count_the_bytes_of_each_direction() {
    let served = Served::with(&["--proxy-metrics"]);
    let upstream = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = upstream.local_addr().expect("bound");
    let addr = served.proxy("a\\\"b", to);
    let mut client = connect(addr);
    client.write_all(b"hello").expect("sent");
    client.shutdown(Shutdown::Write).expect("ended");
    let (mut server, _) = upstream.accept().expect("a connection");
    let mut all = Vec::new();
    server.read_to_end(&mut all).expect("all of it");
    server.write_all(b"good day").expect("sent");
    drop(server);
    client.read_to_end(&mut all).expect("all of it");
    assert_eq!(all, b"hellogood day");
    let response = served.ask("GET", "/metrics", "");
    assert!(response.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    for (name, direction, bytes) in
        [("received", "upstream", 5), ("sent", "upstream", 5), ("received", "downstream", 8), ("sent", "downstream", 8)]
    {
        let line = format!(
            r#"toxiproxy_proxy_{name}_bytes_total{{direction="{direction}",listener="{addr}",proxy="a\"b",upstream="{to}"}} {bytes}"#
        );
        assert!(response.body.lines().any(|known| known == line), "no {line} in {}", response.body);
        assert!(response.body.contains(&format!("# TYPE toxiproxy_proxy_{name}_bytes_total counter")));
    }
    assert!(!response.body.contains("process_"));
}

#[test]
fn metrics_of_the_process_are_there_when_asked_for() {
    let served = Served::with(&["-runtime-metrics=true", "-proxy-metrics=false"]);
    let body = served.ask("GET", "/metrics", "").body;
    for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"] {
        let value =
            body.lines().find_map(|line| line.strip_prefix(name)).and_then(|value| value.trim().parse::<f64>().ok());
        assert!(value.is_some_and(|value| value >= 0.0), "{name}: {body}");
    }
    assert!(!body.contains("toxiproxy_"));
}

/// Which of several connections in a row are cut at once, by a toxic that meets half of them.
fn met(seed: &str) -> Vec<bool> {
    let served = Served::with(&["--seed", seed]);
    let addr = served.proxy("a", echo());
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"limit_data","stream":"upstream","toxicity":0.5}"#);
    let cut = |_| {
        let mut client = connect(addr);
        client.write_all(b"x").expect("sent");
        !matches!(client.read(&mut [0]), Ok(1))
    };
    (0..24).map(cut).collect()
}

#[test]
fn a_seed_repeats_what_is_left_to_chance() {
    let first = met("7");
    assert!(first.contains(&true) && first.contains(&false), "{first:?}");
    assert_eq!(met("7"), first);
    // By chance they are the same once in 16 million times.
    assert_ne!(met("8"), first);
}

#[test]
fn a_toxic_meets_connections_that_are_open_and_goes_without_delay() {
    let served = Served::new();
    let addr = served.proxy("a", echo());
    let mut client = connect(addr);
    exchange(&mut client, "before");
    // What an hour would hold passes when the toxic is taken away.
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"latency","attributes":{"latency":3600000}}"#);
    client.write_all(b"held").expect("sent");
    served.must(204, "DELETE", "/proxies/a/toxics/latency_downstream", "");
    let mut back = [0; 4];
    client.read_exact(&mut back).expect("sent back");
    assert_eq!(&back, b"held");
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"reset_peer","attributes":{"timeout":1}}"#);
    let error = client.read(&mut back).expect_err("a reset, though nothing is sent");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_timeout_fires_with_traffic() {
    let served = Served::new();
    let addr = served.proxy("a", echo());
    served.must(
        200,
        "POST",
        "/proxies/a/toxics",
        r#"{"type":"timeout","stream":"upstream","attributes":{"timeout":20}}"#,
    );
    let mut client = connect(addr);
    client.set_read_timeout(Some(std::time::Duration::from_millis(1))).expect("set");
    // Something is sent all the time, until the connection ends.
    loop {
        let _ = client.write_all(b"x");
        match client.read(&mut [0]) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => break,
            Ok(count) => panic!("{count} bytes have passed"),
        }
    }
}
