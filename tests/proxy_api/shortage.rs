//! File descriptors run out, and the API is still there.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use crate::served::{Served, connect, echo};

/// The program under limits of file descriptors: a soft one, and a hard one.
fn limited(soft: u32, hard: u32) -> Served {
    let mut command = Command::new("sh");
    let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" proxy --port 0");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_quietdown")]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Served::started(command)
}

/// Whether a byte comes back; if not, the connection was ended: it never hangs.
fn comes_back(mut stream: &TcpStream) -> bool {
    stream.write_all(b"x").and_then(|()| stream.read_exact(&mut [0])).is_ok()
}

fn connections(addr: SocketAddr, count: usize) -> (Vec<TcpStream>, usize) {
    let streams: Vec<TcpStream> = (0..count).map(|_| connect(addr)).collect();
    let served = streams.iter().filter(|stream| comes_back(stream)).count();
    (streams, served)
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let served = limited(64, 512);
    let (streams, count) = connections(served.proxy("a", echo()), 150);
    assert_eq!(count, 150);
    drop(streams);
    assert_eq!(served.errors(), "");
}

#[test]
fn a_shortage_ends_connections_spares_the_api_and_is_said() {
    let served = limited(64, 100);
    let addr = served.proxy("a", echo());
    let (streams, count) = connections(addr, 60);
    assert!((10..50).contains(&count), "{count} of 60 were served");
    // The API is there, for many at a time, and can do something about it.
    let idle: Vec<TcpStream> = (0..10).map(|_| connect(served.api)).collect();
    served.must(200, "GET", "/proxies/a", "");
    served.must(200, "PATCH", "/proxies/a", r#"{"enabled":false}"#);
    served.must(200, "PATCH", "/proxies/a", r#"{"enabled":true}"#);
    drop((idle, streams));
    assert!(comes_back(&connect(addr)));
    let errors = served.errors();
    assert!(errors.contains("no file descriptors are left for connections"), "{errors}");
    assert!(errors.contains("ulimit -Hn") && errors.lines().count() < 10, "{errors}");
}

#[test]
fn more_proxies_than_there_are_descriptors_are_an_error_and_the_api_is_still_there() {
    let served = limited(64, 100);
    let list: Vec<String> =
        (0..100).map(|number| format!(r#"{{"name":"{number}","upstream":"127.0.0.1:1"}}"#)).collect();
    let response = served.ask("POST", "/populate", &format!("[{}]", list.join(",")));
    assert_eq!(response.status, 500, "{response:?}");
    assert!(
        response.json()["error"].as_str().is_some_and(|error| error.ends_with("too many open files")),
        "{response:?}"
    );
    for number in 0..10 {
        served.must(204, "DELETE", &format!("/proxies/{number}"), "");
    }
    assert!(comes_back(&connect(served.proxy("a", echo()))));
}
