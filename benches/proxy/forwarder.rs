//! The control: a forwarder that copies bytes and does nothing else. One thread, one buffer of 64 KiB, no allocation
//! while the receiver keeps up: what any proxy costs on this machine, at least.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use super::poll::{Poll, Ready, at_once};
use super::role;

const BUFFER: usize = 64 * 1024;
const LISTENER: usize = usize::MAX;

/// Forwards to the address that is given, until it is killed.
pub fn run(arguments: &[String]) -> io::Result<()> {
    let upstream: SocketAddr = match arguments.first().map(|addr| addr.parse()) {
        Some(Ok(addr)) => addr,
        _ => return Err(io::Error::other("the forwarder needs an address")),
    };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut poll = Poll::new()?;
    poll.add_listener(&listener, LISTENER)?;
    role::listens(listener.local_addr()?)?;
    let mut pairs: Vec<Option<Pair>> = Vec::new();
    let mut free = Vec::new();
    let mut buffer = vec![0; BUFFER];
    let mut ready = Vec::new();
    loop {
        ready.extend(poll.wait()?);
        for Ready { number, read, write, ended } in ready.drain(..) {
            if number == LISTENER {
                while let Some((client, _)) = at_once(listener.accept())? {
                    let slot = free.pop().unwrap_or_else(|| {
                        pairs.push(None);
                        pairs.len() - 1
                    });
                    // On loopback a connect never waits.
                    let pair = Pair::new([client, TcpStream::connect(upstream)?]);
                    poll.add_stream(&pair.ends[0], 2 * slot)?;
                    poll.add_stream(&pair.ends[1], 2 * slot + 1)?;
                    pairs[slot] = Some(pair);
                }
                continue;
            }
            let Some(pair) = &mut pairs[number / 2] else { continue };
            let side = number % 2;
            pair.ended[side] |= ended;
            let mut copied = Ok(());
            if read {
                copied = pair.copy(side, &mut buffer);
            }
            if write && !pair.waiting[1 - side].is_empty() {
                copied = copied.and_then(|()| pair.copy(1 - side, &mut buffer));
            }
            if copied.is_err() || pair.finished == [true, true] {
                pairs[number / 2] = None;
                free.push(number / 2);
            }
        }
    }
}

/// Two sockets, and what was read of each and could not be written to the other.
struct Pair {
    ends: [TcpStream; 2],
    waiting: [Vec<u8>; 2],
    /// The peer has ended its stream: reading goes on until the end was read.
    ended: [bool; 2],
    /// Its end was passed on.
    finished: [bool; 2],
}

impl Pair {
    fn new(ends: [TcpStream; 2]) -> Self {
        Self { ends, waiting: Default::default(), ended: [false; 2], finished: [false; 2] }
    }

    /// Copies from one side to the other until there is no more, or no room.
    fn copy(&mut self, from: usize, buffer: &mut [u8]) -> io::Result<()> {
        if self.finished[from] {
            return Ok(());
        }
        let (mut source, mut sink) = (&self.ends[from], &self.ends[1 - from]);
        let waiting = &mut self.waiting[from];
        while !waiting.is_empty() {
            match at_once(sink.write(waiting))? {
                Some(count) => drop(waiting.drain(..count)),
                None => return Ok(()),
            }
        }
        loop {
            let Some(count) = at_once(source.read(buffer))? else { return Ok(()) };
            if count == 0 {
                self.finished[from] = true;
                // The other side may be gone already.
                let _ = sink.shutdown(Shutdown::Write);
                return Ok(());
            }
            let mut written = 0;
            while written < count {
                match at_once(sink.write(&buffer[written..count]))? {
                    Some(more) => written += more,
                    None => {
                        waiting.extend_from_slice(&buffer[written..count]);
                        return Ok(());
                    }
                }
            }
            // A short read has emptied the socket: a later edge tells of more.
            if count < buffer.len() && !self.ended[from] {
                return Ok(());
            }
        }
    }
}
