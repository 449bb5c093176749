//! Gates: armed before anything boots, met, and let go of.

use super::observed::Parked;
use super::wait::{Bound, WITHIN};
use super::world::World;
use crate::evidence::StepFailure;
use crate::file::{At, Times};
use crate::proxy::{FirstMatch, GateId, GateSpec, Phase, Point, Repeat, RepeatAction, Side};
use crate::scenario::{Action, Event, Step, is_gate};

/// Whether a gate keeps bytes from the server.
pub(super) fn stops_request(event: &Event) -> bool {
    match event {
        Event::Request(gate) => matches!(*gate.phase.as_ref(), Phase::RequestHead | Phase::RequestBody),
        Event::Bytes(gate) => gate.toward == Side::Server,
        Event::Connect(_) | Event::Connected(_) => true,
        _ => false,
    }
}

impl World<'_> {
    /// Arms every gate of the timeline, each on the links of its process. A gate's number is that of its step.
    pub fn arm_gates(&self) {
        for (index, step) in self.scenario.file.steps.iter().enumerate() {
            let Some(event) = step.as_ref().on.as_ref().filter(|event| is_gate(event.as_ref())) else { continue };
            let (Some(process), Some(gate)) = (event.as_ref().process(), self.gate(index + 1, step.as_ref())) else {
                continue;
            };
            for actor in self.actors_of(process.as_ref()) {
                if let Some(link) = &self.actors[actor].link {
                    link.arm(gate.clone());
                }
            }
        }
    }

    fn gate(&self, id: GateId, step: &Step) -> Option<GateSpec> {
        let (point, nth, times) = match step.on.as_ref()?.as_ref() {
            Event::Request(gate) => {
                let (method, path, without) = self.request_of(gate);
                let at = gate.at.as_ref().map_or(At::default(), |at| *at.as_ref());
                let phase = *gate.phase.as_ref();
                (Point::Request { method, path, without, phase, at, exact: false }, gate.nth, gate.times)
            }
            Event::Bytes(gate) => (Point::Bytes { toward: gate.toward, at: gate.at }, gate.nth, None),
            Event::Connect(gate) => (Point::Connect, gate.nth, gate.times),
            Event::Connected(gate) => (Point::Connected, gate.nth, gate.times),
            Event::Idle(gate) => (Point::Idle, gate.nth, gate.times),
            _ => return None,
        };
        let without_faults = self.plan.planted == Some(super::Planted::WithoutFaults);
        let action = match step.action.as_ref().map(crate::file::Spanned::as_ref) {
            Some(Action::Cut(cut)) => Some(RepeatAction::Cut(cut.mode, cut.toward)),
            Some(Action::Hold(_)) => Some(RepeatAction::Hold),
            Some(Action::Refuse(_)) => Some(RepeatAction::Refuse),
            _ => None,
        };
        let more = match times {
            Some(Times::Total(total)) => Some(Some(total - 1)),
            Some(Times::Every) => Some(None),
            None => None,
        };
        let repeat = action.zip(more).filter(|_| !without_faults).map(|(action, more)| Repeat { more, action });
        let nth = nth.map_or(1, std::num::NonZeroU32::get);
        Some(GateSpec { id, point, nth, first: FirstMatch::Parks, repeat })
    }

    /// Waits until a stream is parked at the gate of this step.
    pub async fn await_gate(&mut self, event: &Event, bound: Bound) -> Result<Parked, StepFailure> {
        let what = format!("the gate of this step ({})", super::names::name_of_event(event));
        let id = bound.step;
        let found = self.await_for(bound, &what, |world| world.observed.take_parked(id)).await;
        let found = match found {
            Ok(found) => found,
            Err(mut failure) => {
                let actors = event.process().map(|name| self.actors_of(name.as_ref())).unwrap_or_default();
                let needs_http = matches!(event, Event::Request(_) | Event::Idle(_));
                if let Some(why) = self.observed.why_no_http(&actors).filter(|_| needs_http) {
                    failure.message = format!("{}: {why}", failure.message);
                }
                return Err(failure);
            }
        };
        // With several instances the first that parks is the one; the others are let go.
        let others: Vec<usize> = event.process().map(|name| self.actors_of(name.as_ref())).unwrap_or_default();
        for actor in others.into_iter().filter(|actor| *actor != found.actor) {
            if let Some(link) = &self.actors[actor].link {
                link.disarm(id);
            }
        }
        Ok(found)
    }

    /// Lets go of the stream that is parked at a gate.
    pub fn resume(&mut self, gate: GateId) {
        for link in self.actors.iter().filter_map(|actor| actor.link.as_ref()) {
            link.resume(gate);
        }
        self.observed.parked.retain(|parked| parked.gate != gate);
    }

    /// A blocking wait for a call that a later step's gate holds back can only end at the watchdog: says so at once.
    pub fn certain_deadlock(&self, step: usize, call: usize) -> Option<String> {
        let call = &self.observed.calls[call];
        let blocks = |parked: &&Parked| {
            parked.gate > step
                && self.actors[parked.actor].instance.name == call.process
                && parked
                    .request
                    .as_ref()
                    .is_some_and(|request| self.observed.fits_operation(&call.op, &request.method, &request.path))
        };
        let alone = self
            .observed
            .calls
            .iter()
            .filter(|other| other.process == call.process && other.op == call.op && other.result.is_none())
            .count()
            == 1;
        self.observed.parked.iter().find(blocks).filter(|_| alone).map(|parked| {
            format!(
                "the call `{}` is parked at step {}, which this step keeps from coming; use do.begin",
                call.name, parked.gate
            )
        })
    }

    /// The watchdog of a step.
    pub fn bound(step: usize, within: Option<crate::file::Span>) -> Bound {
        let within = within.map_or(WITHIN, |span| span.0);
        Bound { step, within, deadline: std::time::Instant::now() + within }
    }
}
