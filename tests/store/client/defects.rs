//! Each planted defect of the client does what its name says: beside every one stands the client without it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use quietdown_store::flag::{Flag, State};
use rstest::rstest;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::enqueue;
use super::poll;
use super::process::{Process, loud};

const UNKNOWN: &str = r#"{"call":1,"op":"get_rollout","args":{"rollout_id":"ro-0"}}"#;
const HEALTH: &str = r#"{"call":1,"op":"health"}"#;

/// An address at which nobody listens, and what keeps it so.
fn nowhere() -> (impl Sized, String) {
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
    let socket = socket.expect("a socket");
    let any = std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0);
    rustix::net::bind(&socket, &any).expect("a port");
    let bound = std::net::TcpListener::from(socket);
    let url = format!("http://{}", bound.local_addr().expect("bound"));
    (bound, url)
}

/// A flag that says `state`.
fn flag(state: State) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("online");
    Flag::create(&path).and_then(|flag| flag.set(state)).expect("written");
    (folder, path.to_str().expect("UTF-8").to_owned())
}

/// Reads the head of a request.
fn head(stream: &TcpStream) -> Vec<String> {
    BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect()
}

/// Reads a request without a body and answers it. What came before its request would be no answer to it.
fn answer(mut stream: &TcpStream) {
    head(stream);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").expect("written");
}

/// The end of the log of a client that has nothing more to do.
fn log(mut client: Process) -> Vec<String> {
    client.end_input();
    client.end().1
}

#[rstest]
#[case(None, 1)]
#[case(Some("report-twice"), 2)]
#[case(Some("report-never"), 0)]
fn a_failed_call_is_reported_so_often(#[case] defect: Option<&str>, #[case] times: usize) {
    let (_server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], defect);
    assert_eq!(client.ask(UNKNOWN)["result"], "rejected");
    let log = log(client);
    assert_eq!(loud(&log).len(), times, "{log:#?}");
}

#[rstest]
#[case(None, 0)]
#[case(Some("cancel-logged-as-error"), 1)]
fn a_cancellation_is_so_loud(#[case] defect: Option<&str>, #[case] times: usize) {
    let (mut server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], defect);
    let rollout = enqueue(&mut client);
    client.tell(&poll(2, &rollout));
    server.log_line("long poll waiting");
    assert_eq!(client.ask(r#"{"cancel":2}"#)["result"], "cancelled");
    assert_eq!(loud(&log(client)).len(), times);
}

#[rstest]
#[case(None)]
#[case(Some("cancel-ignored"))]
fn a_cancelled_request_goes_on_with_the_defect_alone(#[case] defect: Option<&str>) {
    let (mut server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &[], defect);
    let rollout = enqueue(&mut client);
    client.tell(&poll(2, &rollout));
    server.log_line("long poll waiting");
    assert_eq!(client.ask(r#"{"cancel":2}"#)["result"], "cancelled");
    if defect.is_none() {
        server.log_line("client went away");
    }
    // A whole exchange later the server has noticed nothing, because there is nothing to notice.
    assert_eq!(client.ask(r#"{"call":3,"op":"health"}"#)["result"], "ok");
    server.signal(Signal::TERM);
    let (_, log) = server.end();
    let early = log.iter().any(|line| line.contains("long poll answered early"));
    assert_eq!(early, defect.is_some(), "{log:#?}");
}

#[rstest]
#[case(None, 0)]
#[case(Some("shutdown-logged-as-error"), 1)]
fn a_shutdown_is_so_loud(#[case] defect: Option<&str>, #[case] times: usize) {
    let (_here, url) = nowhere();
    let (_folder, path) = flag(State::Stopped);
    let mut client = Process::client(&url, &["--online-flag", &path], defect);
    assert_eq!(client.ask(HEALTH)["result"], "shutdown");
    assert_eq!(loud(&log(client)).len(), times);
}

#[rstest]
#[case(None, State::Online, "unreachable", 2)]
#[case(Some("no-retry"), State::Online, "unreachable", 0)]
#[case(Some("swallow-disconnects"), State::Online, "shutdown", 0)]
#[case(None, State::Starting, "unreachable", 2)]
#[case(Some("starting-is-shutdown"), State::Starting, "shutdown", 0)]
#[case(None, State::Stopped, "shutdown", 0)]
#[case(Some("flag-ignored"), State::Stopped, "unreachable", 0)]
fn nobody_listens_and_the_flag_says(
    #[case] defect: Option<&str>,
    #[case] state: State,
    #[case] result: &str,
    #[case] retries: usize,
) {
    let (_here, url) = nowhere();
    let (_folder, path) = flag(state);
    let options = ["--online-flag", &path, "--retry", "1ms,1ms", "--probe", "1ms"];
    let mut client = Process::client(&url, &options, defect);
    assert_eq!(client.ask(HEALTH)["result"], result);
    assert_eq!(log(client).iter().filter(|line| line.contains("retrying")).count(), retries);
}

#[rstest]
#[case(None, "unreachable")]
#[case(Some("crash-is-quiet"), "shutdown")]
fn nobody_listens_and_there_is_no_flag(#[case] defect: Option<&str>, #[case] result: &str) {
    let (_here, url) = nowhere();
    assert_eq!(Process::client(&url, &["--probe", "1ms"], defect).ask(HEALTH)["result"], result);
}

#[rstest]
#[case(None, "rejected")]
#[case(Some("suppress-rejections-while-stopping"), "shutdown")]
fn a_rejection_while_stopping_stays_one(#[case] defect: Option<&str>, #[case] result: &str) {
    let (_server, url) = Process::server(&[]);
    let (_folder, path) = flag(State::Stopping);
    assert_eq!(Process::client(&url, &["--online-flag", &path], defect).ask(UNKNOWN)["result"], result);
}

#[rstest]
#[case(None, "ok")]
#[case(Some("sticky-down"), "shutdown")]
fn a_server_that_is_back_is_asked_again(#[case] defect: Option<&str>, #[case] result: &str) {
    let (server, url) = Process::server(&[]);
    let mut client = Process::client(&url, &["--probe", "1ms"], defect);
    assert_eq!(client.ask(HEALTH)["result"], "ok");
    server.signal(Signal::KILL);
    server.end();
    assert_eq!(client.ask(HEALTH)["result"], "unreachable");
    let port = url.rsplit(':').next().expect("a port").to_owned();
    let _server = Process::server(&["--port", &port]);
    assert_eq!(client.ask(HEALTH)["result"], result);
}

#[rstest]
#[case(None, true)]
#[case(Some("no-idempotency"), false)]
fn a_write_has_its_key(#[case] defect: Option<&str>, #[case] there: bool) {
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut client = Process::client(&format!("http://{}", peer.local_addr().expect("bound")), &[], defect);
    client.tell(super::ENQUEUE);
    let (stream, _) = peer.accept().expect("a connection");
    assert_eq!(head(&stream).iter().any(|line| line.starts_with("idempotency-key: ")), there);
}

#[rstest]
#[case(None, "transport")]
#[case(Some("no-request-timeout"), "cancelled")]
fn a_request_has_its_bound(#[case] defect: Option<&str>, #[case] result: &str) {
    // It never answers the one, and answers the health probe of the other.
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", peer.local_addr().expect("bound"));
    let probed = std::thread::spawn(move || {
        let (_request, _) = peer.accept().expect("a connection");
        let (probe, _) = peer.accept().expect("a connection");
        answer(&probe);
        // Both stay open until the client is gone.
        let _ = std::io::Read::read_to_end(&mut &probe, &mut Vec::new());
    });
    let mut client = Process::client(&url, &["--request-timeout", "50ms", "--retry", "", "--probe", "1ms"], defect);
    client.tell(HEALTH);
    if defect.is_some() {
        // Another client's request comes to its end in the meantime, by the same bound and more.
        let (_here, elsewhere) = nowhere();
        let other = ["--probe", "100ms,100ms"];
        assert_eq!(Process::client(&elsewhere, &other, None).ask(HEALTH)["result"], "unreachable");
        client.tell(r#"{"cancel":1}"#);
    }
    let answer: Value = client.answer();
    assert_eq!(answer["result"], json!(result), "{answer}");
    drop(client);
    if defect.is_none() {
        probed.join().expect("it was probed");
    }
}

#[rstest]
#[case(None, "ok")]
#[case(Some("epoch-ignored"), "unreachable")]
fn a_restart_in_the_middle_of_a_request_is_worth_another_attempt(#[case] defect: Option<&str>, #[case] result: &str) {
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", peer.local_addr().expect("bound"));
    let (_folder, path) = flag(State::Online);
    let mut client = Process::client(&url, &["--online-flag", &path, "--retry", ""], defect);
    client.tell(HEALTH);
    let (request, _) = peer.accept().expect("a connection");
    head(&request);
    Flag::create(path.as_ref()).and_then(|flag| flag.set(State::Online)).expect("written");
    drop(request);
    // Kept until the client has read it: closing it with the request unread would reset it.
    let _again = defect.is_none().then(|| {
        let (again, _) = peer.accept().expect("a connection");
        answer(&again);
        again
    });
    assert_eq!(client.answer()["result"], result);
}
