//! Moves bytes: reads once, has what came recognised, and writes as far as gates and toxics let it.

use std::cell::RefCell;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use tokio::task::coop::poll_proceed;

use super::ends::Ends;
use super::{Connection, Place};
use crate::Side;
use crate::direction::{BUFFER_BOUND, BULK};

thread_local! {
    /// What is read lands here first, and mostly goes on from here: an idle connection has no buffer of its own.
    static SPACE: RefCell<Box<[u8]>> = RefCell::new(vec![0; BULK].into_boxed_slice());
}

/// What came of a read.
#[derive(Debug, Clone, Copy, Default)]
struct Came {
    /// Something did, if only the end of the stream or a reset.
    any: bool,
    /// So many bytes, which are not in the buffer yet.
    fresh: usize,
    /// No more comes before the socket wakes the task.
    drained: bool,
}

/// What a turn has moved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    pub any: bool,
    /// Nothing is left that another turn could move: the sockets wake the task when something can.
    pub all: bool,
}

impl Connection {
    /// Reads and forwards once in each direction. Where nothing has moved, or [all](Moved::all), the sockets wake the task when
    /// more can.
    pub(super) fn pump(&mut self, ends: &mut Ends, cx: &mut Context<'_>) -> Moved {
        SPACE.with_borrow_mut(|space| {
            let mut moved = Moved { any: false, all: true };
            for toward in Side::BOTH {
                let came = self.read(toward, ends, cx, space);
                moved.any |= self.write(toward, ends, cx, &space[..came.fresh]) || came.any;
                moved.all &= came.drained && self.streams[toward].is_straight();
            }
            self.note_withheld();
            moved
        })
    }

    /// Black hole: what comes is taken, and goes nowhere.
    pub(super) async fn withhold(&mut self, ends: &mut Ends) {
        let came = std::future::poll_fn(|cx| {
            Poll::Ready(SPACE.with_borrow_mut(|space| {
                let mut came = 0;
                for toward in Side::BOTH {
                    let fresh = self.read(toward, ends, cx, space).fresh;
                    self.streams[toward].buffer.push(&space[..fresh]);
                    came += fresh as u64;
                }
                came
            }))
        })
        .await;
        let mut state = self.shared.state();
        if state.holding {
            state.later.withheld += came;
        }
    }

    fn read(&mut self, toward: Side, ends: &mut Ends, cx: &mut Context<'_>, space: &mut [u8]) -> Came {
        let space = &mut space[..self.at_once(toward)];
        let source = toward.opposite();
        let (direction, from, lost) = (&mut self.streams[toward], &mut ends.sockets[source], &mut self.lost[source]);
        let nothing = Came { drained: direction.ended, ..Came::default() };
        let Some(from) = from.as_mut().filter(|_| direction.has_room() && !*lost) else { return nothing };
        let count = match direction.poll_read(from, cx, space) {
            Poll::Pending => return Came { drained: true, ..Came::default() },
            Poll::Ready(Err(_)) => {
                *lost = true;
                return Came { any: true, ..Came::default() };
            }
            Poll::Ready(Ok(count)) => count,
        };
        // A large read is to the others what as many small ones are.
        for _ in 1..count / BUFFER_BOUND {
            if let Poll::Ready(budget) = poll_proceed(cx) {
                budget.made_progress();
            }
        }
        // A short read has emptied the socket.
        let drained = count == 0 || (count < space.len() && from.poll_read_ready(cx).is_pending());
        self.shared.received[toward].fetch_add(count as u64, Ordering::Relaxed);
        self.recognise(toward, &space[..count]);
        Came { any: true, fresh: count, drained }
    }

    fn write(&mut self, toward: Side, ends: &mut Ends, cx: &mut Context<'_>, fresh: &[u8]) -> bool {
        let direction = &mut self.streams[toward];
        let fresh = if direction.is_straight() {
            if fresh.is_empty() {
                direction.blocked = false;
                return false;
            }
            fresh
        } else {
            direction.buffer.push(fresh);
            &[]
        };
        if !self.streams[toward].chain.is_empty() {
            self.ask_toxics(toward);
        }
        let limit = self.limit(toward);
        if toward == Side::Server && self.server_is_gone {
            let up = &mut self.streams[Side::Server];
            up.buffer.push(fresh);
            // As a peer that is gone answers whatever comes: with a reset.
            self.is_unsendable |= up.allowed(limit) > 0;
            return false;
        }
        let (direction, to, lost) = (&mut self.streams[toward], &mut ends.sockets[toward], &mut self.lost[toward]);
        let Some(to) = to.as_mut().filter(|_| !*lost) else {
            direction.buffer.push(fresh);
            return false;
        };
        match direction.poll_write(to, cx, fresh, limit) {
            Poll::Pending => false,
            Poll::Ready(Ok(count)) => {
                self.shared.moved[toward].fetch_add(count as u64, Ordering::Relaxed);
                if toward == Side::Server {
                    self.control.sent.fetch_add(count as u64, Ordering::Relaxed);
                }
                count > 0
            }
            Poll::Ready(Err(_)) => {
                *lost = true;
                true
            }
        }
    }

    /// How much may be read at once: not far past what stops the direction.
    fn at_once(&self, toward: Side) -> usize {
        let direction = &self.streams[toward];
        let is_clear = || self.limit(toward).saturating_sub(direction.forwarded) >= BULK as u64;
        if direction.is_bulk() && is_clear() { BULK } else { BUFFER_BOUND }
    }

    /// How far a direction may go.
    pub(super) fn limit(&self, toward: Side) -> u64 {
        let stops = self.stops.iter().filter_map(|stop| match stop.place {
            Place::Connected => Some(0),
            Place::Idle(at) if toward == Side::Server => Some(at),
            Place::Bytes(side, at) if side == toward => Some(at),
            _ => None,
        });
        let gates = self.requests.limit(toward, self.streams[Side::Server].forwarded);
        let direction = &self.streams[toward];
        stops.fold(gates.min(self.withheld_head(toward)), u64::min).min(direction.reach())
    }
}
