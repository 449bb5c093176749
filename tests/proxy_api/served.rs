//! The real program, and HTTP by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A bound that only a hanging test meets.
pub const WATCHDOG: Duration = Duration::from_secs(60);

/// A running `quietdown proxy`. Killed, if it has not ended by then, when it is dropped.
pub struct Served {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    /// The line that says where it listens.
    pub line: String,
    pub api: SocketAddr,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program with arguments of `quietdown proxy`.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
    command.arg("proxy").args(arguments).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Served {
    /// Serves on a free port.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// Serves on a free port, with more arguments.
    pub fn with(arguments: &[&str]) -> Self {
        Self::started(command(&[&["--port", "0"], arguments].concat()))
    }

    /// Starts it, and waits until it listens.
    pub fn started(mut command: Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("UTF-8");
        let addr = line.strip_prefix("listening on http://").and_then(|rest| rest.split_whitespace().next());
        let Some(api) = addr.and_then(|addr| addr.parse().ok()) else {
            let mut errors = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut errors);
            panic!("it does not listen: {line:?} {errors}")
        };
        Self { child, output, line, api }
    }

    /// One request, on a connection of its own.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Response {
        self.ask_with(method, path, "", body)
    }

    /// One request with more header lines; each ends with CRLF.
    #[track_caller]
    pub fn ask_with(&self, method: &str, path: &str, headers: &str, body: &str) -> Response {
        let mut stream = connect(self.api);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).expect("sent");
        response(&mut stream)
    }

    /// A request that must be answered with this status; its JSON, if there is any.
    #[track_caller]
    pub fn must(&self, status: u16, method: &str, path: &str, body: &str) -> Value {
        let response = self.ask(method, path, body);
        assert_eq!(response.status, status, "{method} {path} {body}: {response:?}");
        if response.body.is_empty() { Value::Null } else { response.json() }
    }

    /// A proxy on a free port; where it listens.
    #[track_caller]
    pub fn proxy(&self, name: &str, upstream: SocketAddr) -> SocketAddr {
        let body = format!(r#"{{"name":"{name}","listen":"127.0.0.1:0","upstream":"{upstream}"}}"#);
        addr_of(&self.must(201, "POST", "/proxies", &body))
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).expect("it lives");
    }

    /// Ends it; what it wrote to standard error.
    pub fn errors(mut self) -> String {
        self.signal(rustix::process::Signal::TERM);
        let mut errors = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut errors).expect("UTF-8");
        errors
    }

    /// Waits for its end; what it wrote after its first line.
    pub fn end(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("UTF-8");
        (self.child.wait().expect("reaped"), rest)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a proxy listens, by its JSON.
#[track_caller]
pub fn addr_of(proxy: &Value) -> SocketAddr {
    proxy["listen"].as_str().and_then(|listen| listen.parse().ok()).unwrap_or_else(|| panic!("no address: {proxy}"))
}

#[track_caller]
pub fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap_or_else(|error| panic!("{addr}: {error}"));
    stream.set_read_timeout(Some(WATCHDOG)).expect("a watchdog");
    stream
}

/// Whether nobody listens there.
pub fn is_refused(addr: SocketAddr) -> bool {
    TcpStream::connect(addr).is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// Reads a response, to the end of its connection.
#[track_caller]
pub fn response(stream: &mut TcpStream) -> Response {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an answer");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Response { status: status.expect("a status"), headers: headers.collect(), body: body.to_owned() }
}

/// A server that sends back what it gets, on each connection, to its end. Its threads end with the connections.
pub fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut source = stream.try_clone()?;
                std::io::copy(&mut source, &mut &stream)?;
                stream.shutdown(std::net::Shutdown::Write)
            });
        }
    });
    addr
}

/// A server that answers every request of HTTP with `200` and its path.
pub fn web() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer_all(stream));
        }
    });
    addr
}

fn answer_all(stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut path = String::new();
    while let Some(Ok(line)) = lines.next() {
        if path.is_empty() {
            path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        } else if line.is_empty() {
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{path}", path.len());
            (&stream).write_all(answer.as_bytes())?;
            path.clear();
        }
    }
    Ok(())
}
