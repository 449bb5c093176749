//! Moves what needs not be looked at without copying it: from the socket into a pipe, and out of that into the other one
//! (splice(2)). The pipe is empty in between: what the sink does not take is read out of it, and waits in the direction's buffer
//! like everything else that was read and not forwarded.

use std::cell::OnceCell;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::task::coop::poll_proceed;

use super::Connection;
use super::ends::Ends;
use crate::proxy::Side;
use crate::proxy::direction::BUFFER_BOUND;

/// The most that is moved at once: what is left of it must wait in a buffer.
const MOST: usize = 2 * BUFFER_BOUND;
/// Less than that is not worth the two calls and the pages that move.
const LEAST: u64 = BUFFER_BOUND as u64;
/// As many reads must have filled the whole space, one after the other, before a stream is taken for bulk. How full a read is
/// depends on who was faster, so a test takes every stream for bulk.
const PROVEN: u32 = 4;
/// What a move takes of the budget after which a task lets others run: about as many reads would move as much.
const COST: usize = MOST / BUFFER_BOUND;

thread_local! {
    /// One for all connections of a thread; none where there are no descriptors left.
    static PIPE: OnceCell<Option<Pipe>> = const { OnceCell::new() };
}

#[cfg(test)]
thread_local! {
    /// How many bytes have gone this way.
    pub(in crate::proxy) static SPLICED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Pipe {
    fn new() -> Option<Self> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).ok()?;
        // It has room for pages, however full each is. With the room that it has from the start less is moved at once.
        let _ = fcntl_setpipe_size(&writer, 2 * MOST);
        Some(Self { reader, writer })
    }

    fn fill(&self, from: &TcpStream, most: usize) -> io::Result<usize> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        from.try_io(Interest::READABLE, || Ok(splice(from, None, &self.writer, None, most, flags)?))
    }

    fn empty_into(&self, to: &TcpStream, most: usize) -> io::Result<usize> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        to.try_io(Interest::WRITABLE, || Ok(splice(&self.reader, None, to, None, most, flags)?))
    }
}

impl Connection {
    /// Moves bulk once in a direction; whether anything was. Whatever it meets beside bytes (the end of the stream, a reset, a
    /// sink that is full or gone) shows itself to the [read and the write](super::pump) that follow.
    pub(super) fn splice(&mut self, toward: Side, ends: &Ends, cx: &mut Context<'_>, space: &mut [u8]) -> bool {
        let most = self.unseen(toward);
        if most < LEAST {
            return false;
        }
        let (Some(client), Some(server)) = (&ends.client, &ends.server) else { return false };
        let (from, to) = if toward == Side::Server { (client, server) } else { (server, client) };
        for _ in 0..COST {
            match poll_proceed(cx) {
                Poll::Ready(budget) => budget.made_progress(),
                Poll::Pending => return false,
            }
        }
        let most = usize::try_from(most).unwrap_or(MOST).min(MOST);
        let direction = if toward == Side::Server { &mut self.up } else { &mut self.down };
        let moved = PIPE.with(|pipe| {
            let pipe = pipe.get_or_init(Pipe::new).as_ref()?;
            let came = pipe.fill(from, most).ok().filter(|came| *came > 0)?;
            let mut went = 0;
            while went < came
                && let Ok(more) = pipe.empty_into(to, came - went)
                && more > 0
            {
                went += more;
            }
            let mut left = came - went;
            while left > 0 {
                // It is in the pipe, so nothing is waited for, and nothing but a descriptor that is none could fail.
                let read = || rustix::io::read(&pipe.reader, &mut space[..left.min(BUFFER_BOUND)]);
                let Ok(count) = rustix::io::retry_on_intr(read) else { break };
                direction.buffer.push(&space[..count]);
                left -= count;
            }
            Some((came, went))
        });
        let Some((came, went)) = moved else {
            direction.full_reads = 0;
            return false;
        };
        #[cfg(test)]
        SPLICED.set(SPLICED.get() + went as u64);
        direction.spliced(came as u64, went as u64);
        self.shared.received[toward as usize].fetch_add(came as u64, Ordering::Relaxed);
        self.shared.moved[toward as usize].fetch_add(went as u64, Ordering::Relaxed);
        self.scan.skip(toward, came as u64);
        true
    }

    /// How many of the next bytes may go on without being looked at.
    fn unseen(&self, toward: Side) -> u64 {
        let direction = if toward == Side::Server { &self.up } else { &self.down };
        let is_bulk = cfg!(test) || direction.full_reads >= PROVEN;
        if !is_bulk || !direction.has_room() || !direction.is_straight() || self.client_lost || self.server_lost {
            return 0;
        }
        self.scan.unseen(toward).min(self.limit(toward).saturating_sub(direction.forwarded))
    }
}
