//! Takes the steps: waits for the event, does the action, lets the stream go on when the effect was seen.

mod calls;
mod connections;
mod links;
mod processes;
mod toxics;

use super::Planted;
use super::names::{name_of_action, name_of_event};
use super::observed::Parked;
use super::wait::Bound;
use super::world::World;
use crate::evidence::{Fault, StepEvidence, StepFailure};
use crate::scenario::{Action, Event, is_fault, is_gate};

impl World<'_> {
    /// Boots the processes and takes every step in order. Gives why it could not be finished.
    pub async fn run_steps(&mut self) -> Option<StepFailure> {
        self.arm_gates();
        if let Err(failure) = self.boot_cast().await {
            return Some(failure);
        }
        let scenario = self.scenario;
        for (index, step) in scenario.file.steps.iter().enumerate() {
            let step = step.as_ref();
            if let Err(failure) = self.settle_boots().await {
                return Some(failure);
            }
            let bound = Self::bound(index + 1, step.within);
            let event = step.on.as_ref().map(crate::file::Spanned::as_ref);
            let action = step.action.as_ref().map(crate::file::Spanned::as_ref);
            let what = [
                event.map(|event| format!("on {}", name_of_event(event))),
                action.map(|action| format!("do {}", name_of_action(action))),
            ];
            self.steps.push(StepEvidence {
                number: index + 1,
                what: what.into_iter().flatten().collect::<Vec<_>>().join(", "),
                met: None,
                done: None,
            });
            if let Err(failure) = self.take_step(event, action, bound).await {
                return Some(failure);
            }
            let now = self.now();
            if let Some(step) = self.steps.last_mut() {
                step.done = Some(now);
            }
        }
        self.settle_boots().await.err()
    }

    async fn take_step(
        &mut self,
        event: Option<&Event>,
        action: Option<&Action>,
        bound: Bound,
    ) -> Result<(), StepFailure> {
        let mut parked = None;
        if let Some(event) = event {
            parked = self.await_event(event, bound).await?;
        }
        let now = self.now();
        if let Some(step) = self.steps.last_mut() {
            step.met = Some(now);
        }
        if let Some(action) = action {
            let left_out = is_fault(action) && self.plan.planted == Some(Planted::WithoutFaults);
            if !left_out {
                self.act(action, parked.as_ref(), bound).await?;
            }
        }
        if let Some(event) = event.filter(|event| is_gate(event)) {
            match event.keep() {
                Some(name) => drop(self.kept.insert(name.as_ref().clone(), bound.step)),
                None => self.resume(bound.step),
            }
        }
        Ok(())
    }

    async fn act(&mut self, action: &Action, parked: Option<&Parked>, bound: Bound) -> Result<(), StepFailure> {
        match action {
            Action::Start(it) => self.start(it.process.as_ref(), it.ready.unwrap_or(true), bound).await,
            Action::Stop(it) => self.stop(it.process.as_ref(), parked, bound).await,
            Action::Kill(it) => self.kill(it.process.as_ref(), parked, bound).await,
            Action::Signal(it) => self.send_signal(it, parked, bound),
            Action::Pause(it) => self.pause(it.process.as_ref(), parked, bound).await,
            Action::Resume(it) => self.resume_process(it.process.as_ref(), bound),
            Action::Restart(it) => self.restart(it.process.as_ref(), parked, bound).await,
            Action::Call(it) => self.call(it, bound).await,
            Action::Begin(it) => self.begin(it, bound).await,
            Action::Cancel(it) => self.cancel(it.call.as_ref(), parked, bound).await,
            Action::Finish(it) => self.finish(it, bound).await,
            Action::Connect(it) => self.open_connection(it, bound).await,
            Action::Close(it) => self.close_connection(it.connection.as_ref(), bound),
            Action::Cut(it) => self.cut(it, parked, bound).await,
            Action::Hold(it) => self.hold(it, parked, bound).await,
            Action::Refuse(it) => self.refuse(it.link.as_ref(), parked, bound),
            Action::Accept(it) => self.accept(it.link.as_ref(), bound),
            Action::Toxic(it) => self.add_toxic(it, parked, bound).await,
            Action::Untoxic(it) => self.remove_toxic(it, bound).await,
            Action::Release(it) => self.release(it, bound),
        }
    }

    /// Notes a fault before it is injected; gives its index, to say later what it met.
    fn begin_fault(
        &mut self,
        action: &str,
        target: &str,
        planned: bool,
        parked: Option<&Parked>,
        bound: Bound,
    ) -> usize {
        self.take_all();
        let request = parked.and_then(|parked| parked.request.as_ref());
        let touched = self.touched(target, parked);
        let fault = Fault {
            at: self.now(),
            step: bound.step,
            action: action.to_owned(),
            target: target.to_owned(),
            planned,
            fired: None,
            request: request.map(|request| format!("{} {}", request.method, request.path)),
            calls: touched,
        };
        self.observed.faults.push(fault);
        self.observed.faults.len() - 1
    }

    /// The calls in flight that a fault touches: of the gated request, of the process, or of everybody if the server is meant.
    fn touched(&self, target: &str, parked: Option<&Parked>) -> Vec<String> {
        let everybody = self.listener().is_some_and(|index| self.actors[index].instance.name == target);
        let request = parked.and_then(|parked| {
            parked.request.as_ref().map(|request| (&self.actors[parked.actor].instance.name, request))
        });
        let in_flight = self.observed.calls.iter().filter(|call| call.result.is_none());
        let meant = in_flight.filter(|call| match request {
            Some((process, request)) if !everybody => {
                call.process == *process && self.observed.fits_operation(&call.op, &request.method, &request.path)
            }
            _ => everybody || call.process == target,
        });
        meant.map(|call| call.name.clone()).collect()
    }

    fn fired(&mut self, fault: usize, effect: &str) {
        self.observed.faults[fault].fired = Some(effect.to_owned());
    }
}
