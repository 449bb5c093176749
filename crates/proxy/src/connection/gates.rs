//! What happens where gates are met.

use super::ends::Ends;
use super::{Connection, Place, Stop};
use crate::Side;
use crate::event::{Effect, LinkEventKind, Point, RepeatAction, RequestSeen};
use crate::gates::{Outcome, Park};
use crate::mutation::{ProxyMutation, planted};

impl Connection {
    /// Parks or acts at every gate that is met now; whether that was the end of the connection.
    pub(super) async fn meet_gates(&mut self, ends: &mut Ends) -> bool {
        let met = self.requests.passed(self.streams[Side::Server].forwarded, self.streams[Side::Client].forwarded);
        for (outcome, seen) in met {
            if self.meet(outcome, Some(seen), ends).await {
                return true;
            }
        }
        while let Some(seen) = self.requests.take_answered() {
            self.tell_done(seen);
        }
        self.notice_idle();
        self.meet_connection_gates(ends).await
    }

    /// The last request was answered, and nothing of another one has come: once for each time that it becomes so.
    fn notice_idle(&mut self) {
        let quiet = self.streams.iter().all(|stream| stream.buffer.is_empty());
        if !quiet
            || !self.scan.http
            || !self.requests.is_idle(self.streams[Side::Server].forwarded)
            || self.idle_at == self.requests.answered
        {
            return;
        }
        self.idle_at = self.requests.answered;
        let due = self.shared.state().gates.count(|point| matches!(point, Point::Idle));
        let place = Place::Idle(self.streams[Side::Server].forwarded);
        self.stops.extend(due.into_iter().map(|(outcome, _)| Stop::due(outcome, place)));
    }

    pub(super) async fn meet_connection_gates(&mut self, ends: &mut Ends) -> bool {
        let connected = ends.sockets[Side::Server].is_some();
        let mut index = 0;
        while let Some(stop) = self.stops.get_mut(index) {
            let reached = match stop.place {
                Place::Connect => !connected,
                Place::Connected => connected,
                Place::Idle(_) => true,
                Place::Bytes(toward, at) => connected && self.streams[toward].forwarded >= at,
            };
            if stop.met || !reached {
                index += 1;
                continue;
            }
            stop.met = true;
            // Bytes count only for connections that carry so many.
            stop.outcome = stop.outcome.or_else(|| self.shared.state().gates.reached(stop.gate));
            let outcome = stop.outcome;
            if !matches!(outcome, Some(Outcome::Park(_))) {
                self.stops.remove(index);
            }
            if let Some(outcome) = outcome
                && self.meet(outcome, None, ends).await
            {
                return true;
            }
        }
        false
    }

    /// What happens where a gate is met; whether that was the end of the connection.
    async fn meet(&mut self, outcome: Outcome, request: Option<RequestSeen>, ends: &mut Ends) -> bool {
        match outcome {
            Outcome::Park(gate) => {
                let park = self.shared.state().gates.park(gate, self.id);
                if park != Park::Disarmed {
                    self.shared.tell(LinkEventKind::Parked { gate, connection: self.id, request });
                }
                if park != Park::Parked || planted(ProxyMutation::GateDoesNotPark) {
                    self.let_go(|outcome| matches!(outcome, Outcome::Park(id) if id == gate));
                }
                false
            }
            Outcome::Miss(gate) => {
                if let Some(request) = request {
                    self.shared.tell(LinkEventKind::Missed { gate, request });
                }
                false
            }
            Outcome::Repeat(gate, action) => {
                let (effect, cut) = match action {
                    RepeatAction::Cut(mode, toward) => self.cut(mode, toward, ends),
                    RepeatAction::Hold => (self.hold(), false),
                    RepeatAction::Refuse => (self.shared.refuse(), false),
                    RepeatAction::Nothing => (Effect::default(), false),
                };
                self.shared.tell(LinkEventKind::Repeated { gate, connection: self.id, request, effect });
                if cut {
                    self.after_cut(ends).await;
                }
                cut
            }
        }
    }
}
