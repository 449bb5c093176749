//! Readiness of sockets, edge-triggered: each is registered once, for both directions.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::fd::{AsFd, OwnedFd};

/// Sockets by number.
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

/// What a socket is ready for.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    pub number: usize,
    pub read: bool,
    pub write: bool,
    /// The peer has ended its stream, or the socket has failed.
    pub ended: bool,
}

impl Poll {
    pub fn new() -> io::Result<Self> {
        Ok(Self { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, events: Vec::with_capacity(256) })
    }

    /// Tells from now on when this stream can be read or written again after it could not.
    pub fn add_stream(&self, stream: &TcpStream, number: usize) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        self.add(stream, number, flags)
    }

    /// Tells as long as somebody waits to be accepted.
    pub fn add_listener(&self, listener: &TcpListener, number: usize) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        self.add(listener, number, EventFlags::IN)
    }

    fn add(&self, socket: impl AsFd, number: usize, flags: EventFlags) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, socket, EventData::new_u64(number as u64), flags)?)
    }

    /// Waits until something is ready.
    pub fn wait(&mut self) -> io::Result<impl Iterator<Item = Ready> + '_> {
        self.events.clear();
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), None)?;
        let ends = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        Ok(self.events.iter().map(move |event| {
            let Event { flags, data } = *event;
            let ended = flags.intersects(ends);
            let read = ended || flags.contains(EventFlags::IN);
            Ready { number: data.u64() as usize, read, write: flags.contains(EventFlags::OUT), ended }
        }))
    }
}

/// What a call gave, or nothing if it would have had to wait.
pub fn at_once<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(wrong) if wrong.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(wrong) => Err(wrong),
    }
}
