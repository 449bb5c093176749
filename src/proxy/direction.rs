//! One direction of a connection: what was read and not forwarded yet, and how far it may go.

use std::io;

use tokio::net::TcpStream;

use super::http1::HEAD_BOUND;

/// What is read at once.
const CHUNK: usize = 16 * 1024;

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

    /// Reads ahead up to the longest head that a gate may withhold, and one chunk: a head that is too long must be seen to be.
    pub fn has_room(&self) -> bool {
        !self.ended && self.buffer.len() <= HEAD_BOUND
    }

    /// Reads once; gives what is new. An empty answer is the end of the stream.
    pub fn read(&mut self, from: &TcpStream) -> io::Result<Option<usize>> {
        let mut chunk = [0; CHUNK];
        match from.try_read(&mut chunk) {
            Ok(0) => {
                self.ended = true;
                Ok(Some(0))
            }
            Ok(count) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                Ok(Some(count))
            }
            Err(wrong) if wrong.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(wrong) => Err(wrong),
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
