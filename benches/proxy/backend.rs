//! The server behind every path: one thread that answers what the client asks for.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::poll::{Poll, Ready, at_once};
use super::{machine, role};

/// The answer to every HTTP request.
pub const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"status\":\"ok\"}";

const LISTENER: usize = usize::MAX;
const BUFFER: usize = 64 * 1024;

/// What a backend does with what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Sends it back.
    Echo,
    /// Answers every request with [`RESPONSE`].
    Http,
    /// Reads two numbers, takes so many bytes as the first says, and then sends so many as the second says.
    Bulk,
    /// As `Echo`, but later, by the time that its second argument gives in microseconds.
    LateEcho,
    /// As `Bulk`, but sends in 128 pieces, with the time between them that its second argument gives in microseconds.
    Paced,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Http => "http",
            Self::Bulk => "bulk",
            Self::LateEcho => "late-echo",
            Self::Paced => "paced",
        }
    }
}

/// Serves until it is killed.
pub fn run(arguments: &[String]) -> io::Result<()> {
    let mode = arguments.first().and_then(|name| clap::ValueEnum::from_str(name, false).ok());
    let mode: Mode = mode.ok_or_else(|| io::Error::other("the backend needs a mode"))?;
    let micros = arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    machine::exact_timers()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut poll = Poll::new()?;
    poll.add_listener(&listener, LISTENER)?;
    role::listens(listener.local_addr()?)?;
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut free = Vec::new();
    let mut buffer = vec![0; BUFFER];
    let mut ready = Vec::new();
    loop {
        ready.extend(poll.wait()?);
        for Ready { number, ended, .. } in ready.drain(..) {
            if number == LISTENER {
                while let Some((stream, _)) = at_once(listener.accept())? {
                    let slot = free.pop().unwrap_or_else(|| {
                        connections.push(None);
                        connections.len() - 1
                    });
                    poll.add_stream(&stream, slot)?;
                    connections[slot] = Some(Connection::new(stream, mode, Duration::from_micros(micros)));
                }
                continue;
            }
            let Some(connection) = &mut connections[number] else { continue };
            connection.ended |= ended;
            if !connection.step(&mut buffer).unwrap_or(false) {
                connections[number] = None;
                free.push(number);
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    mode: Mode,
    pause: Duration,
    ended: bool,
    /// How many bytes of the end of a request's head have come (`Http`).
    matched: usize,
    /// What has come of the two numbers (`Bulk`).
    asked: Vec<u8>,
    /// Bytes to be taken yet, and then to be sent.
    take: u64,
    send: u64,
}

impl Connection {
    fn new(stream: TcpStream, mode: Mode, pause: Duration) -> Self {
        Self { stream, mode, pause, ended: false, matched: 0, asked: Vec::new(), take: 0, send: 0 }
    }

    /// Does what can be done now; whether the connection goes on.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        if self.take == 0 && self.send > 0 && !self.send_more(buffer)? {
            return Ok(true);
        }
        loop {
            let Some(count) = at_once((&self.stream).read(buffer))? else { return Ok(true) };
            if count == 0 {
                return Ok(false);
            }
            match self.mode {
                Mode::Echo => self.reply(&buffer[..count])?,
                Mode::LateEcho => {
                    std::thread::sleep(self.pause);
                    self.reply(&buffer[..count])?;
                }
                Mode::Http => {
                    for _ in 0..self.heads(&buffer[..count]) {
                        self.reply(RESPONSE)?;
                    }
                }
                Mode::Bulk | Mode::Paced => {
                    self.taken(&buffer[..count]);
                    if self.take == 0 && self.send > 0 && !self.send_more(buffer)? {
                        return Ok(true);
                    }
                }
            }
            // A short read has emptied the socket: a later edge tells of more.
            if count < buffer.len() && !self.ended {
                return Ok(true);
            }
        }
    }

    /// Small answers always fit.
    fn reply(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.stream).write_all(bytes)
    }

    /// How many heads of requests have ended in these bytes. The requests have no bodies.
    fn heads(&mut self, bytes: &[u8]) -> usize {
        const END: &[u8] = b"\r\n\r\n";
        let mut heads = 0;
        for byte in bytes {
            self.matched = match *byte {
                byte if byte == END[self.matched] => self.matched + 1,
                b'\r' => 1,
                _ => 0,
            };
            if self.matched == END.len() {
                (self.matched, heads) = (0, heads + 1);
            }
        }
        heads
    }

    fn taken(&mut self, mut bytes: &[u8]) {
        if self.take == 0 && self.send == 0 {
            let (numbers, rest) = bytes.split_at(bytes.len().min(ASKING - self.asked.len()));
            self.asked.extend_from_slice(numbers);
            bytes = rest;
            if let Ok(asked) = <[u8; ASKING]>::try_from(self.asked.as_slice()) {
                let both = u128::from_be_bytes(asked);
                (self.take, self.send) = ((both >> 64) as u64, both as u64);
                self.asked.clear();
            }
        }
        self.take = self.take.saturating_sub(bytes.len() as u64);
    }

    /// Sends until all is sent or there is no room; whether all is sent.
    fn send_more(&mut self, buffer: &[u8]) -> io::Result<bool> {
        if self.mode == Mode::Paced {
            self.send_paced(buffer)?;
        }
        while self.send > 0 {
            let most = self.send.min(buffer.len() as u64) as usize;
            match at_once((&self.stream).write(&buffer[..most]))? {
                Some(count) => self.send -= count as u64,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn send_paced(&mut self, buffer: &[u8]) -> io::Result<()> {
        let size = (self.send / PIECES).max(1);
        let mut due = Instant::now();
        while self.send > 0 {
            let count = self.send.min(size);
            self.reply(&buffer[..count as usize])?;
            self.send -= count;
            due += self.pause;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        Ok(())
    }
}

const ASKING: usize = 16;

/// How many pieces a paced answer has.
pub const PIECES: u64 = 128;

/// How a client asks a `Bulk` backend: to take so much, and then to send so much.
pub fn asking(take: u64, send: u64) -> [u8; ASKING] {
    (u128::from(take) << 64 | u128::from(send)).to_be_bytes()
}
