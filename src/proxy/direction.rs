//! One direction of a connection: what was read and not forwarded yet, and how far it may go.

use std::io;

use tokio::net::TcpStream;

/// The most that is read ahead; a head that is withheld until it is complete, or found to be too long, fits into it.
pub(super) const BUFFER_BOUND: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct Direction {
    /// Read, and not forwarded.
    pub buffer: Vec<u8>,
    /// Bytes forwarded since the beginning.
    pub forwarded: u64,
    /// The source has ended its stream.
    pub ended: bool,
    /// The end was passed on.
    pub end_passed: bool,
}

impl Direction {
    /// Bytes read since the beginning.
    pub fn read_so_far(&self) -> u64 {
        self.forwarded + self.buffer.len() as u64
    }

    pub fn has_room(&self) -> bool {
        !self.ended && self.buffer.len() < BUFFER_BOUND
    }

    /// Reads once, where there [is room](Self::has_room); gives what is new. An empty answer is the end of the stream.
    pub fn read(&mut self, from: &TcpStream) -> io::Result<Option<usize>> {
        let mut chunk = [0; 16 * 1024];
        let room = chunk.len().min(BUFFER_BOUND - self.buffer.len());
        match from.try_read(&mut chunk[..room]) {
            Ok(0) => {
                self.ended = true;
                Ok(Some(0))
            }
            Ok(count) => {
                self.grow_for(count);
                self.buffer.extend_from_slice(&chunk[..count]);
                Ok(Some(count))
            }
            Err(wrong) if wrong.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(wrong) => Err(wrong),
        }
    }

    /// Makes room, never for more than the bound: left to itself, the buffer would double past it.
    fn grow_for(&mut self, count: usize) {
        let (length, capacity) = (self.buffer.len(), self.buffer.capacity());
        if length + count > capacity {
            self.buffer.reserve_exact((2 * capacity).clamp(length + count, BUFFER_BOUND) - length);
        }
    }

    /// How many bytes may be forwarded now, up to a limit of the stream's offset.
    pub fn allowed(&self, limit: u64) -> usize {
        (limit.saturating_sub(self.forwarded)).min(self.buffer.len() as u64) as usize
    }

    /// Forwards once, at most to the limit; gives how much.
    pub fn write(&mut self, to: &TcpStream, limit: u64) -> io::Result<usize> {
        let allowed = self.allowed(limit);
        if allowed == 0 {
            return Ok(0);
        }
        match to.try_write(&self.buffer[..allowed]) {
            Ok(count) => {
                self.buffer.drain(..count);
                self.forwarded += count as u64;
                if self.buffer.is_empty() && self.buffer.capacity() > 4096 {
                    // An idle connection keeps no buffer.
                    self.buffer = Vec::new();
                }
                Ok(count)
            }
            Err(wrong) if wrong.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(wrong) => Err(wrong),
        }
    }

    /// Whether the end of the stream is to be passed on now: everything before it was.
    pub fn end_is_due(&self) -> bool {
        self.ended && !self.end_passed && self.buffer.is_empty()
    }
}
