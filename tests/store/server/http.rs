//! HTTP/1.1 by hand, so that a request can stop in its middle.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that this is the refusal of a server that is stopping.
    #[track_caller]
    pub fn is_refusal(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        assert_eq!(self.header("x-store-state"), Some("draining"), "{self:?}");
        assert_eq!(self.header("connection"), Some("close"), "{self:?}");
        assert_eq!(
            self.json(),
            serde_json::json!({ "detail": "server is shutting down", "state": "draining" }),
            "{self:?}"
        );
    }
}

/// A connection to the server.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn to(address: SocketAddr) -> Self {
        Self::try_to(address).expect("connected")
    }

    /// A connection, if anybody listens.
    pub fn try_to(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a watchdog");
        Some(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and reads its answer; nothing if the connection ends before the first byte of one.
    pub fn try_ask(&mut self, method: &str, path: &str, body: &[u8]) -> Option<Response> {
        let head = format!("{method} /v1/agl{path} HTTP/1.1\r\nhost: store\r\ncontent-length: {}\r\n\r\n", body.len());
        self.stream.get_mut().write_all(&[head.as_bytes(), body].concat()).ok()?;
        match self.stream.fill_buf() {
            Ok(bytes) if !bytes.is_empty() => Some(self.response()),
            Ok(_) => None,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no answer and no end: {error}"),
        }
    }

    /// Sends a request: its path below the prefix, more header lines (each ends with CRLF), its body.
    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        self.send_to(method, &format!("/v1/agl{path}"), headers, body);
    }

    /// As [`send`](Self::send), to a path as it is.
    pub fn send_to(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: store\r\ncontent-length: {length}\r\n{headers}\r\n");
        self.send_bytes(&[head.as_bytes(), body].concat());
    }

    /// Sends only the head of a request with a body of this length.
    pub fn send_head(&mut self, method: &str, path: &str, headers: &str, length: usize) {
        let head =
            format!("{method} /v1/agl{path} HTTP/1.1\r\nhost: store\r\ncontent-length: {length}\r\n{headers}\r\n");
        self.send_bytes(head.as_bytes());
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("sent");
    }

    /// Reads a response, all of it.
    #[track_caller]
    pub fn response(&mut self) -> Response {
        let mut response = self.response_head();
        self.stream.read_exact(&mut response.body).expect("the whole body");
        response
    }

    /// Reads the head of a response; its body has the announced length, and is not read.
    #[track_caller]
    pub fn response_head(&mut self) -> Response {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a line");
            assert!(line.ends_with("\r\n"), "the head ends in {line:?} after {head:?}");
            if line == "\r\n" {
                break;
            }
            head.push(line.trim_end().to_owned());
        }
        let status = head[0].split(' ').nth(1).expect("a status").parse().expect("a status");
        let headers = head[1..]
            .iter()
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut response = Response { status, headers, body: Vec::new() };
        let length = response.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        response.body.resize(length, 0);
        response
    }

    /// Reads to the end of the connection: how many bytes came, and whether the end was orderly.
    pub fn rest(&mut self) -> (usize, bool) {
        let mut total = 0;
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return (total, true),
                Ok(read) => total += read,
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return (total, false),
                Err(error) => panic!("no end of the connection: {error}"),
            }
        }
    }
}
