//! What a connection does when its link orders it.

use std::sync::atomic::Ordering;

use super::ends::{Ends, sides};
use super::{Connection, Next, drain};
use crate::direction::Direction;
use crate::event::{ConnectionSeen, Effect, GateId, LinkEventKind, RequestSeen};
use crate::gates::Outcome;
use crate::{CutMode, Side, Toward};

impl Connection {
    /// Does what the link orders.
    pub(super) async fn obey(&mut self, ends: &mut Ends) -> Next {
        let Some(orders) = self.control.take() else { return Next::Go };
        self.gates_met = false;
        self.let_go(|outcome| match outcome {
            Outcome::Park(id) => orders.resumed.contains(&id),
            // What the link does by itself at later requests is still to be done after a resume.
            Outcome::Repeat(..) | Outcome::Miss(_) => false,
        });
        self.disarm(&orders.disarmed);
        if let Some(answer) = orders.hold {
            let _ = answer.send(self.hold());
        }
        if orders.release {
            self.held = false;
            self.control.held.store(false, Ordering::Relaxed);
        }
        if !orders.server_lost.is_empty() {
            self.server_is_gone = true;
        }
        for answer in orders.server_lost {
            let _ = answer.send(());
        }
        for answer in orders.asked {
            let _ = answer.send(self.standing(ends));
        }
        if let Some(answer) = orders.close {
            let broken = ends.are_live();
            let effect = Effect { withheld: self.withheld(), broken: broken.into(), ..Effect::default() };
            *ends = Ends::default();
            self.report_unanswered();
            let _ = answer.send(effect);
            return Next::Ended;
        }
        if let Some((mode, toward, answer)) = orders.cut {
            let (effect, cut) = self.cut(mode, toward, ends);
            if cut {
                // The history of the requests is told before whoever ordered the cut goes on.
                self.report_unanswered();
            }
            let _ = answer.send(effect);
            if cut {
                self.after_cut(ends).await;
                return Next::Ended;
            }
        }
        Next::Go
    }

    /// How it stands now.
    fn standing(&mut self, ends: &Ends) -> ConnectionSeen {
        ConnectionSeen {
            connection: self.id,
            server_open: ends.of(Side::Server).is_some()
                && !self.streams[Side::Client].ended
                && !self.lost[Side::Server],
            client_open: ends.of(Side::Client).is_some()
                && !self.streams[Side::Server].ended
                && !self.lost[Side::Client],
            held: self.held,
            http1: self.scan.http,
            sent: self.control.sent.load(Ordering::Relaxed),
            received: self.streams[Side::Client].forwarded,
            answered: self.requests.answered,
            requests: self
                .requests
                .standing(self.streams[Side::Server].forwarded, self.streams[Side::Client].forwarded),
        }
    }

    pub(super) fn let_go(&mut self, gone: impl Fn(Outcome) -> bool) {
        self.stops.retain(|stop| !stop.outcome.is_some_and(&gone));
        self.requests.resume(gone);
    }

    fn disarm(&mut self, gates: &[GateId]) {
        self.stops.retain(|stop| !gates.contains(&stop.gate));
        self.requests.resume(|outcome| gates.contains(&outcome.gate()));
    }

    pub(super) fn hold(&mut self) -> Effect {
        self.held = true;
        // A black hole takes in what comes.
        self.streams.iter_mut().for_each(|stream| stream.blocked = false);
        self.control.held.store(true, Ordering::Relaxed);
        Effect { held: 1, withheld: self.withheld(), ..Effect::default() }
    }

    /// Breaks the connection; what that met, and whether there was anything to break: towards a server that is not connected
    /// to yet there is nothing, and the connection goes on.
    pub(super) fn cut(&mut self, mode: CutMode, toward: Toward, ends: &mut Ends) -> (Effect, bool) {
        if sides(toward).iter().all(|side| ends.of(*side).is_none()) {
            return (Effect::default(), false);
        }
        let broken = ends.are_live() && sides(toward).iter().any(|side| self.would_see(*side, mode, ends));
        let effect = Effect { withheld: self.withheld(), broken: broken.into(), ..Effect::default() };
        self.streams.iter_mut().for_each(Direction::discard);
        ends.cut(mode, toward);
        (effect, true)
    }

    /// Whether a side would see this cut: a stream that has ended ends no second time.
    fn would_see(&self, side: Side, mode: CutMode, ends: &Ends) -> bool {
        let ended = self.streams[side].end_passed;
        ends.of(side).is_some() && !(ended && mode == CutMode::Fin)
    }

    /// What was read and not forwarded.
    fn withheld(&self) -> u64 {
        self.streams.iter().map(|stream| stream.buffer.len() as u64).sum()
    }

    pub(super) async fn after_cut(&mut self, ends: &mut Ends) {
        self.shared.state().gates.parked.retain(|(_, parked)| *parked != self.id);
        self.report_unanswered();
        // Boxed, so that the many connections that are never cut need no room for it.
        Box::pin(drain::until_ended(self.id, &self.control, ends)).await;
    }

    /// Requests that will not be answered any more.
    pub(super) fn report_unanswered(&mut self) {
        self.requests.passed(self.streams[Side::Server].forwarded, self.streams[Side::Client].forwarded);
        for request in std::mem::take(&mut self.requests.open) {
            self.tell_done(request.seen);
        }
    }

    pub(super) fn tell_done(&self, seen: RequestSeen) {
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.shared.tell(LinkEventKind::RequestDone(seen));
    }
}
