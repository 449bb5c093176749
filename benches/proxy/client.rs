//! The client: what it does on a path, and how long that takes. It is the bench's own process.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::backend::asking;
use super::poll::{Poll, Ready, at_once};

/// A request and how long its answer is.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    pub request: &'static [u8],
    pub response: usize,
    /// Every exchange has a connection of its own.
    pub reconnect: bool,
}

/// How long exchanges took, each and all together.
#[derive(Debug)]
pub struct Times {
    pub each: Vec<Duration>,
    pub all: Duration,
}

/// Connects, without delays for small packets.
pub fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Makes one exchange.
pub fn exchange(mut stream: &TcpStream, exchange: Exchange, buffer: &mut [u8]) -> io::Result<()> {
    stream.write_all(exchange.request)?;
    stream.read_exact(&mut buffer[..exchange.response])
}

/// Makes exchanges for a time, over so many connections at once.
pub fn exchanges(addr: SocketAddr, what: Exchange, connections: usize, time: Duration) -> io::Result<Times> {
    if connections > 1 { at_a_time(addr, what, connections, time) } else { one_by_one(addr, what, time) }
}

fn one_by_one(addr: SocketAddr, what: Exchange, time: Duration) -> io::Result<Times> {
    let mut buffer = vec![0; what.response];
    let mut stream = connect(addr)?;
    // The first one also waits for the proxy to connect.
    exchange(&stream, what, &mut buffer)?;
    let mut each = Vec::with_capacity(1 << 16);
    let begun = Instant::now();
    let mut last = begun;
    while last - begun < time {
        if what.reconnect {
            stream = connect(addr)?;
        }
        exchange(&stream, what, &mut buffer)?;
        let now = Instant::now();
        each.push(now - last);
        last = now;
    }
    Ok(Times { each, all: last - begun })
}

/// Every connection makes its next exchange as soon as it has made one.
fn at_a_time(addr: SocketAddr, what: Exchange, connections: usize, time: Duration) -> io::Result<Times> {
    struct Slot {
        stream: TcpStream,
        begun: Instant,
        missing: usize,
    }
    let mut poll = Poll::new()?;
    let mut buffer = vec![0; what.response];
    let open = |poll: &Poll, number| -> io::Result<TcpStream> {
        let stream = TcpStream::connect(addr)?;
        poll.add_stream(&stream, number)?;
        Ok(stream)
    };
    let mut slots = Vec::new();
    for number in 0..connections {
        let stream = open(&poll, number)?;
        slots.push(Slot { stream, begun: Instant::now(), missing: what.response });
    }
    for slot in &mut slots {
        slot.begun = Instant::now();
        slot.stream.write_all(what.request)?;
    }
    let mut each = Vec::with_capacity(1 << 16);
    let begun = Instant::now();
    let mut ready = Vec::new();
    loop {
        ready.extend(poll.wait()?);
        for Ready { number, read, .. } in ready.drain(..) {
            let slot = &mut slots[number];
            if !read {
                continue;
            }
            match at_once(slot.stream.read(&mut buffer[..slot.missing]))? {
                Some(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(count) => slot.missing -= count,
                None => {}
            }
            if slot.missing > 0 {
                continue;
            }
            let now = Instant::now();
            each.push(now - slot.begun);
            if now - begun >= time {
                return Ok(Times { each, all: now - begun });
            }
            (slot.begun, slot.missing) = (now, what.response);
            if what.reconnect {
                slot.stream = open(&poll, number)?;
            }
            slot.stream.write_all(what.request)?;
        }
    }
}

/// Moves bytes for a time over so many connections at once, half of them each way; gives how many and how long it took.
pub fn bulk(addr: SocketAddr, connections: usize, time: Duration) -> io::Result<(u64, Duration)> {
    let size = TRANSFER / connections as u64;
    let mut poll = Poll::new()?;
    let mut buffer = vec![0; 64 * 1024];
    let mut transfers = Vec::new();
    for number in 0..connections {
        let stream = TcpStream::connect(addr)?;
        poll.add_stream(&stream, number)?;
        transfers.push(Transfer { stream, asking: asking(size, size).to_vec(), send: size, receive: size });
    }
    let begun = Instant::now();
    let (mut moved, mut going) = (0, connections);
    let mut ready = Vec::new();
    while going > 0 {
        ready.extend(poll.wait()?);
        for Ready { number, .. } in ready.drain(..) {
            let transfer = &mut transfers[number];
            while transfer.receive > 0 && transfer.go_on(&mut buffer)? {
                moved += 2 * size;
                if begun.elapsed() >= time {
                    going -= 1;
                } else {
                    (transfer.asking, transfer.send, transfer.receive) = (asking(size, size).to_vec(), size, size);
                }
            }
        }
    }
    Ok((moved, begun.elapsed()))
}

/// Asks for so many bytes; gives how long all of them took, and the times between the reads that gave some.
pub fn gaps(mut stream: &TcpStream, size: usize) -> io::Result<(Duration, Vec<Duration>)> {
    let mut buffer = vec![0; size];
    let mut gaps = Vec::with_capacity(256);
    let begun = Instant::now();
    stream.write_all(&asking(0, size as u64))?;
    let (mut came, mut last) = (0, None);
    while came < size {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => came += count,
        }
        let now = Instant::now();
        gaps.extend(last.map(|last| now - last));
        last = Some(now);
    }
    Ok((begun.elapsed(), gaps))
}

/// How much all connections together send, and receive, before they look at the time.
const TRANSFER: u64 = 32 << 20;

struct Transfer {
    stream: TcpStream,
    asking: Vec<u8>,
    send: u64,
    receive: u64,
}

impl Transfer {
    /// Moves what can be moved now; whether the transfer is done.
    fn go_on(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        if !self.asking.is_empty() {
            self.stream.write_all(&self.asking)?;
            self.asking.clear();
        }
        while self.send > 0 {
            let most = self.send.min(buffer.len() as u64) as usize;
            match at_once(self.stream.write(&buffer[..most]))? {
                Some(count) => self.send -= count as u64,
                None => return Ok(false),
            }
        }
        while self.receive > 0 {
            match at_once(self.stream.read(buffer))? {
                Some(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(count) => self.receive = self.receive.saturating_sub(count as u64),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}
