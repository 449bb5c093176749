//! One direction of a connection: what was read and not forwarded yet, and how far it may go.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::buffer::Buffer;
use super::chain::{ByteStream, Chain, End, Messages, Origin, Touched};
use super::toxics::Entry;

/// The most that is read ahead; a head that is withheld until it is complete, or found to be too long, fits into it.
pub(super) const BUFFER_BOUND: usize = 64 * 1024;

/// The most that is read at once of [bulk](Direction::is_bulk): the fewer turns a stream takes, the less each byte costs.
pub(super) const BULK: usize = 512 * 1024;

/// So many reads, one after the other, must have had as much as is read ahead, and nothing of it had to wait, before a stream is
/// taken for bulk. One whose sink is slow never is, and so does not fill a large buffer.
const PROVEN: u32 = 4;

/// The most that is under way where every byte is delayed: 160 MB a second at 100 ms.
const DEEP_BOUND: usize = 16 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Direction {
    /// Read, and not forwarded.
    pub buffer: Buffer,
    /// Bytes read since the beginning.
    pub read: u64,
    /// Bytes forwarded since the beginning.
    pub forwarded: u64,
    /// The source has ended its stream.
    pub ended: bool,
    /// The end was passed on.
    pub end_passed: bool,
    /// The sink takes no more for now: reading on would only fill the buffer.
    pub blocked: bool,
    /// Nothing was written to the sink yet, and the event that tells that it can be is still to come.
    sink_is_new: bool,
    /// How many of the last reads, one after the other, had as much as is read ahead, and went on at once.
    full_reads: u32,
    /// Its toxics.
    pub chain: Chain,
    /// What they have chosen.
    pub messages: Messages,
    /// When a toxic lets more pass.
    pub wake: Option<Instant>,
    /// How far the toxics let it go, and whether its end may go on behind that.
    reach: (u64, bool),
}

impl Direction {
    /// The direction towards a server that was just connected to.
    pub fn to_new_sink() -> Self {
        Self { sink_is_new: true, ..Self::default() }
    }

    pub fn has_room(&self) -> bool {
        !self.ended && !self.blocked && self.buffer.len() < self.bound()
    }

    fn bound(&self) -> usize {
        if self.chain.is_deep() { DEEP_BOUND } else { BUFFER_BOUND }
    }

    /// Whether much comes, and goes on as fast as it comes.
    pub fn is_bulk(&self) -> bool {
        self.full_reads >= PROVEN && self.is_straight()
    }

    /// Reads once, where there [is room](Self::has_room), into `space`; says how much. Nothing is the end of the stream. More than is
    /// read ahead elsewhere only of [bulk](Self::is_bulk).
    pub fn poll_read(
        &mut self,
        from: &mut TcpStream,
        cx: &mut Context<'_>,
        space: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let room = match self.is_bulk() {
            true => space.len(),
            false => space.len().min(self.bound().saturating_sub(self.buffer.len())),
        };
        let mut space = ReadBuf::new(&mut space[..room]);
        std::task::ready!(Pin::new(from).poll_read(cx, &mut space))?;
        let count = space.filled().len();
        self.read += count as u64;
        self.ended = count == 0;
        self.full_reads = if count >= BUFFER_BOUND { self.full_reads.saturating_add(1) } else { 0 };
        Poll::Ready(Ok(count))
    }

    /// Whether what comes can be forwarded without a stop in the buffer.
    pub fn is_straight(&self) -> bool {
        self.buffer.is_empty() && self.chain.is_empty()
    }

    /// Follows the toxics of the link; whether that ends the connection.
    pub fn follow<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>, origin: &Origin<'_>, now: Instant) -> bool {
        let end = self.chain.follow(entries, origin, self.forwarded, now);
        if self.chain.is_empty() {
            self.wake = None;
        }
        end
    }

    /// How far the toxics let it go.
    pub fn reach(&self) -> u64 {
        if self.chain.is_empty() { u64::MAX } else { self.reach.0 }
    }

    /// Lets the toxics decide how far the stream may go; `input` is as far as they may know it. Gives how they end it, when
    /// so much was forwarded, and what they did to which bytes.
    pub fn advance(&mut self, now: Instant, input: u64) -> (Option<(End, u64)>, Vec<Touched>) {
        let mut stream = ByteStream {
            now,
            forwarded: self.forwarded,
            input: input.min(self.read),
            ended: self.ended,
            buffer: &mut self.buffer,
            messages: &self.messages,
        };
        let reach = self.chain.advance(&mut stream);
        self.messages.forget_before(self.forwarded);
        self.wake = reach.wake;
        self.reach = (reach.limit, reach.end);
        (reach.ending, reach.touched)
    }

    /// How many bytes of the buffer may be forwarded now, up to a limit of the stream's offset.
    pub fn allowed(&self, limit: u64) -> usize {
        limit.saturating_sub(self.forwarded).min(self.buffer.len() as u64) as usize
    }

    /// Forwards once: of the buffer, or of what was just read where that goes [straight](Self::is_straight) on. What remains
    /// of it is kept.
    pub fn poll_write(
        &mut self,
        to: &mut TcpStream,
        cx: &mut Context<'_>,
        fresh: &[u8],
        limit: u64,
    ) -> Poll<io::Result<usize>> {
        let bytes = if fresh.is_empty() { self.buffer.front() } else { fresh };
        let allowed = limit.saturating_sub(self.forwarded).min(bytes.len() as u64) as usize;
        let wrote = match allowed {
            0 => Poll::Pending,
            _ if std::mem::take(&mut self.sink_is_new) => first_write(to, cx, &bytes[..allowed]),
            _ => Pin::new(to).poll_write(cx, &bytes[..allowed]),
        };
        let count = if let Poll::Ready(Ok(count)) = wrote { count } else { 0 };
        self.forwarded += count as u64;
        self.blocked = count < allowed;
        if self.blocked {
            self.full_reads = 0;
        }
        if fresh.is_empty() {
            self.buffer.consume(count);
            // The pieces behind it are for the next time.
            self.blocked &= !self.buffer.is_empty();
        } else if count < fresh.len() {
            self.buffer.push(&fresh[count..]);
        }
        wrote
    }

    /// What was read goes nowhere.
    pub fn discard(&mut self) {
        self.buffer = Buffer::default();
        self.read = self.forwarded;
        self.chain.cut_to(self.forwarded);
    }

    /// Whether the end of the stream is to be passed on now: everything before it was.
    pub fn end_is_due(&self) -> bool {
        self.ended && !self.end_passed && self.buffer.is_empty() && (self.chain.is_empty() || self.reach.1)
    }
}

/// Writes without waiting for the event that says that it may succeed: a new socket has room.
fn first_write(to: &mut TcpStream, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
    match send(&*to, bytes, SendFlags::NOSIGNAL) {
        Err(Errno::AGAIN | Errno::INTR) => Pin::new(to).poll_write(cx, bytes),
        done => Poll::Ready(done.map_err(io::Error::from)),
    }
}
