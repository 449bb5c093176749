//! What a server costs that does nothing, and what the flag costs its reader.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

use quietdown_store::flag::{self, Flag, State};

use super::load::{request, send};
use super::server::Server;
use super::{median, verdict};

const TIMES: usize = 21;

/// Prints boot, stop and size.
pub fn life() {
    let (mut boots, mut stops, mut sizes, mut controls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let begun = Instant::now();
        let bare = Server::bare();
        send(bare.address, 1, vec![request("GET", "/health", "")]);
        controls.push(begun.elapsed().as_secs_f64() * 1e3);
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name| folder.path().join(name).to_str().expect("a name").to_owned();
        let begun = Instant::now();
        let store = Server::store(&["--data", &file("store.db"), "--online-flag", &file("online")]);
        send(store.address, 1, vec![request("GET", "/health", "")]);
        boots.push(begun.elapsed().as_secs_f64() * 1e3);
        sizes.push(store.resident() / 1e3);
        stops.push(store.stop().as_secs_f64() * 1e3);
    }
    println!("A server that does nothing, with data and flag, median and best of {TIMES}");
    for (what, values, unit, bar) in [
        ("boot to healthy", boots, "ms", Some(20.0)),
        ("(control: bare)", controls, "ms", None),
        ("SIGTERM to exit", stops, "ms", Some(20.0)),
        ("resident memory", sizes, "MB", Some(15.0)),
    ] {
        let best = values.iter().copied().fold(f64::INFINITY, f64::min);
        let value = median(values);
        let bar = bar.map_or(String::new(), |bar| format!("  bar {bar} {unit}: {}", verdict(value <= bar)));
        println!("{what:<18}{value:>8.1}{best:>8.1} {unit}{bar}");
    }
    println!();
}

/// Prints what a look at the flag costs.
pub fn flag() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("online");
    let flag = Flag::create(&path).expect("written");
    flag.set(State::Online).expect("written");
    let guarded = Mutex::new(flag::read(&path));
    let store = Server::store(&[]);
    let (mut reads, mut locks, mut asks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        reads.push(nanoseconds(2000, || _ = black_box(flag::read(black_box(&path)))));
        locks.push(nanoseconds(200_000, || _ = black_box(guarded.lock().map(|value| *value).ok())));
        let (time, _) = send(store.address, 1, vec![request("GET", "/health", ""); 200]);
        asks.push(time.as_nanos() as f64 / 200.0);
    }
    println!("How a client learns what the server is about, median of {TIMES}; it asks only after a failure");
    let flag = median(reads);
    for (what, value) in [
        ("the flag's file, from another process", flag),
        ("a value behind a mutex, in this process", median(locks)),
        ("a health request", median(asks)),
    ] {
        println!("{what:<42}{value:>10.0} ns{:>10.2} of the flag", value / flag);
    }
}

fn nanoseconds(times: u32, mut what: impl FnMut()) -> f64 {
    let begun = Instant::now();
    for _ in 0..times {
        what();
    }
    begun.elapsed().as_nanos() as f64 / f64::from(times)
}
