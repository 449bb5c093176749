//! The toxics of a connection: followed as they change, asked how far the stream may go, told of when they hit.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::net::TcpStream;

use super::Connection;
use super::ends::Ends;
use crate::chain::{End, Origin, Touch};
use crate::direction::Direction;
use crate::event::LinkEventKind;
use crate::toxics::Serial;
use crate::{Hit, Side, Toward};

/// What a connection knows of the link's toxics.
#[derive(Debug, Default)]
pub(super) struct Followed {
    version: u64,
    /// Who has connected.
    pub client: Option<SocketAddr>,
    /// How a toxic ends the connection, and when so much was forwarded in its direction.
    ending: Option<(End, Side, u64)>,
    /// The request that each toxic has hit last, or 0 where there was none.
    hit: Vec<(Serial, Side, u64)>,
}

impl Connection {
    /// Takes over what has changed; true when that is the end of the connection.
    pub(super) fn follow_toxics(&mut self, open: bool) -> bool {
        let version = self.shared.toxics_version.load(Ordering::Acquire);
        if version == self.followed.version {
            return false;
        }
        let now = Instant::now();
        let state = self.shared.state();
        // What is changed after this is seen the next time.
        self.followed.version = self.shared.toxics_version.load(Ordering::Acquire);
        let origin = Origin { seed: self.shared.seed, link: &self.shared.name, connection: self.id, open };
        let mut end = false;
        for side in Side::BOTH {
            end |= self.streams[side].follow(state.toxics.toward(side), &origin, now);
        }
        end
    }

    /// Asks the toxics of a direction how far it may go now.
    pub(super) fn ask_toxics(&mut self, toward: Side) {
        let input = self.withheld_head(toward);
        let direction = &mut self.streams[toward];
        let (ending, touched) = direction.advance(Instant::now(), input);
        if let Some((end, at)) = ending {
            self.followed.ending = self.followed.ending.or(Some((end, toward, at)));
        }
        for (serial, name, touch) in touched {
            self.tell_hit(serial, &name, toward, touch);
        }
    }

    /// Notes whether toxics withhold something, for whoever takes them away.
    pub(super) fn note_withheld(&self) {
        let toxic = |direction: &Direction| !direction.chain.is_empty() && !direction.buffer.is_empty();
        self.control.withholds.store(self.streams.iter().any(toxic), Ordering::Relaxed);
    }

    /// Tells the first time that a toxic hits a request, or a connection without one.
    fn tell_hit(&mut self, serial: Serial, name: &str, toward: Side, touch: Touch) {
        let request = self.scan.http.then(|| self.requests.at(toward, touch.offset)).flatten();
        let number = request.as_ref().map_or(0, |request| request.number);
        match self.followed.hit.iter_mut().find(|(known, side, _)| (*known, *side) == (serial, toward)) {
            Some((_, _, last)) if *last == number && !touch.effect.ends() => return,
            Some((_, _, last)) => *last = number,
            None => self.followed.hit.push((serial, toward, number)),
        }
        let hit = Hit {
            toxic: name.to_owned(),
            effect: touch.effect,
            connection: self.id,
            toward,
            offset: touch.offset,
            request,
        };
        self.shared.state().hits.push(hit.clone());
        self.shared.tell(LinkEventKind::Hit(hit));
    }

    /// How a toxic ends the connection now.
    pub(super) fn ending(&self) -> Option<End> {
        let (end, toward, at) = self.followed.ending?;
        (self.streams[toward].forwarded >= at).then_some(end)
    }

    /// Ends the connection as a toxic demands it.
    pub(super) fn end(&mut self, end: End, ends: &mut Ends) {
        self.shared.state().gates.parked.retain(|(_, parked)| *parked != self.id);
        self.report_unanswered();
        match end {
            End::Reset => ends.reset(Toward::Both),
            End::Close => {
                ends.sockets.iter_mut().filter_map(Option::take).for_each(close);
                ends.watch = None;
            }
        }
    }
}

/// Closes a socket as its process would that has read all that has come: the peer sees the end of the stream first, and a
/// reset only if it goes on sending.
fn close(stream: TcpStream) {
    let _ = rustix::net::shutdown(&stream, rustix::net::Shutdown::Write);
    let mut chunk = [0; 4096];
    // At most what fits into the socket's buffer by now: a peer that sends as fast as this reads is to be stopped, too.
    for _ in 0..1024 {
        if !rustix::io::read(&stream, &mut chunk).is_ok_and(|count| count > 0) {
            break;
        }
    }
}
