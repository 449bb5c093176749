//! The command line.

use std::net::TcpListener;
use std::process::Output;

use rustix::process::Signal;

use crate::served::{Served, command};

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("it runs")
}

#[test]
fn options_may_be_spelled_as_go_does() {
    for arguments in
        [["-host", "127.0.0.1", "-port", "0"], ["--host=127.0.0.1", "-port=0", "-seed=-55", "-proxy-metrics"]]
    {
        let served = Served::started(command(&arguments));
        assert!(served.api.ip().is_loopback());
        assert_eq!(
            served.ask("GET", "/metrics", "").status,
            if arguments.contains(&"-proxy-metrics") { 200 } else { 404 }
        );
    }
}

#[test]
fn the_last_of_an_option_counts_and_switches_are_written_as_in_go() {
    for (metrics, status) in [("1", 200), ("T", 200), ("True", 200), ("0", 404), ("f", 404)] {
        let switch = format!("-proxy-metrics={metrics}");
        let served =
            Served::started(command(&["-host=no-such-host.invalid", "-host=127.0.0.1", "-port", "0", &switch]));
        assert_eq!(served.ask("GET", "/metrics", "").status, status, "{switch}");
    }
}

#[test]
fn an_argument_that_is_no_option_is_named() {
    let output = run(&["-port", "0", "stray", "-proxy-metrics"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("'stray'"), "{text}");
}

#[test]
fn it_ends_with_0_at_a_signal_whatever_is_open() {
    for signal in [Signal::INT, Signal::TERM] {
        let served = Served::new();
        let addr = served.proxy("a", crate::served::echo());
        let _client = crate::served::connect(addr);
        let _idle = crate::served::connect(served.api);
        served.signal(signal);
        let (status, rest) = served.end();
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_seed_is_printed_and_taken() {
    let seed = |served: &Served| served.line.trim().rsplit_once("seed=").map(|(_, seed)| seed.parse::<i64>());
    let (one, other) = (Served::new(), Served::new());
    assert!(seed(&one).is_some_and(|seed| seed.is_ok()), "{}", one.line);
    assert_ne!(seed(&one), seed(&other));
    assert_eq!(seed(&Served::with(&["--seed", "-42"])), Some(Ok(-42)));
}

#[test]
fn the_version_names_both() {
    let output = run(&["-version"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text, format!("quietdown {}, toxiproxy-server version 2.12.0\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_port_that_is_taken_is_a_clear_error() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let output = run(&["--host", "127.0.0.1", "--port", &port]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains(&format!("cannot listen at 127.0.0.1:{port}")) && text.contains("in use"), "{text}");
}

#[test]
fn wrong_usage_is_2() {
    for arguments in [&["--port", "http"][..], &["-nonsense"], &["--seed", "x"], &["--proxy-metrics=maybe"]] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
