//! Actions on processes.

use std::time::Duration;

use rustix::process::Signal;

use crate::evidence::{Asked, StepFailure};
use crate::scenario::SignalAction;
use crate::system::{Begun, StopBy};
use crate::timeline::observed::Parked;
use crate::timeline::readiness::Booting;
use crate::timeline::stops::STOP_WITHIN;
use crate::timeline::wait::Bound;
use crate::timeline::world::{StopWatch, World};

impl World<'_> {
    pub(super) async fn start(&mut self, name: &str, until_ready: bool, bound: Bound) -> Result<(), StepFailure> {
        let actor = self.actor(name, bound)?;
        if self.actors[actor].is_running() {
            return Err(self.failed(bound.step, format!("`{name}` is running already")));
        }
        self.spawn(actor).await.map_err(|why| self.failed(bound.step, why))?;
        if !until_ready {
            return Ok(());
        }
        self.booting.push(Booting { actor, step: bound.step });
        self.settle_boots().await
    }

    pub(super) async fn stop(&mut self, name: &str, parked: Option<&Parked>, bound: Bound) -> Result<(), StepFailure> {
        let actor = self.actor(name, bound)?;
        let fault = self.begin_fault("stop", name, true, parked, bound);
        if self.tell_to_stop(actor, bound) {
            self.fired(fault, "a live process was told to stop");
        }
        self.await_begun(actor, bound).await
    }

    /// Stops a process for the scenario: from here on its bound is measured.
    fn tell_to_stop(&mut self, actor: usize, bound: Bound) -> bool {
        let (told, now) = (self.now(), std::time::Instant::now());
        let within = self.actors[actor].role.stop.within.map_or(STOP_WITHIN, |span| span.0);
        let asked = self.ask_to_end(actor, Asked::Stop);
        if let Some(boot) = self.actors[actor].running().filter(|_| asked) {
            boot.stop = Some(StopWatch { step: bound.step, told, within, deadline: now + within });
        }
        asked
    }

    /// Asks a process to end the way its role declares; false when it had ended already.
    pub fn ask_to_end(&mut self, actor: usize, asked: Asked) -> bool {
        let by = self.actors[actor].role.stop.by;
        let Some(boot) = self.actors[actor].running() else { return false };
        boot.seen.asked.get_or_insert(asked);
        boot.told_to_end = true;
        match by {
            StopBy::Sigterm => boot.child.signal(Signal::TERM),
            StopBy::Sigint => boot.child.signal(Signal::INT),
            StopBy::StdinEof => {
                boot.child.close_stdin();
                true
            }
        }
    }

    /// Waits until others can tell that the stop has begun, or the process has ended.
    async fn await_begun(&mut self, actor: usize, bound: Bound) -> Result<(), StepFailure> {
        let name = self.actors[actor].instance.name.clone();
        match self.actors[actor].role.stop.begun.clone() {
            None => Ok(()),
            Some(Begun::Http(path)) => self.await_health(actor, &path, false, bound).await,
            Some(Begun::Line(line)) => {
                let Some(line) = self.system.file.lines.get(line.as_ref()).cloned() else { return Ok(()) };
                let check = |world: &mut Self| {
                    let boot = world.actors[actor].boots.last()?;
                    let begun = boot.seen.exit.is_some() || boot.records().any(|(_, record)| line.matches(record));
                    begun.then_some(())
                };
                self.await_for(bound, &format!("the stop of `{name}` to begin"), check).await
            }
        }
    }

    pub(super) async fn kill(&mut self, name: &str, parked: Option<&Parked>, bound: Bound) -> Result<(), StepFailure> {
        let actor = self.actor(name, bound)?;
        let fault = self.begin_fault("kill", name, false, parked, bound);
        if Some(actor) == self.listener() {
            // From the kill on nobody is there: a retry must not race the news of the death.
            self.set_upstream(None);
            // Nor is anything written to it: whether its sockets still take it would be chance.
            let lost: Vec<_> = self.links().map(crate::proxy::EventLink::lose_server).collect();
            for lost in lost {
                lost.await;
            }
        }
        if let Some(boot) = self.actors[actor].running() {
            boot.seen.asked = Some(Asked::Kill);
            boot.told_to_end = true;
            if boot.child.signal_group(Signal::KILL) {
                self.fired(fault, "a live process was killed");
            }
        }
        self.await_exit(actor, bound).await
    }

    async fn await_exit(&mut self, actor: usize, bound: Bound) -> Result<(), StepFailure> {
        let what = format!("the end of `{}`", self.actors[actor].instance.name);
        self.await_for(bound, &what, |world| (!world.actors[actor].is_running()).then_some(())).await
    }

    pub(super) fn send_signal(
        &mut self,
        it: &SignalAction,
        parked: Option<&Parked>,
        bound: Bound,
    ) -> Result<(), StepFailure> {
        let name = it.process.as_ref();
        let actor = self.actor(name, bound)?;
        let signal =
            crate::process::signal(it.signal.as_ref()).ok_or_else(|| self.failed(bound.step, "unknown signal"))?;
        let fault = self.begin_fault(&format!("signal {}", it.signal.as_ref()), name, it.planned, parked, bound);
        let fired = self.actors[actor].running().is_some_and(|boot| {
            boot.seen.asked.get_or_insert(if it.planned { Asked::Stop } else { Asked::Signal });
            // Others may mean anything: to reload, to go on. Who has not ended by them is told to at the end of the run.
            boot.told_to_end |= crate::process::ends(signal);
            boot.child.signal(signal)
        });
        if fired {
            self.fired(fault, "a live process was signalled");
        }
        Ok(())
    }

    pub(super) async fn pause(&mut self, name: &str, parked: Option<&Parked>, bound: Bound) -> Result<(), StepFailure> {
        let actor = self.actor(name, bound)?;
        let fault = self.begin_fault("pause", name, false, parked, bound);
        let Some(boot) = self.actors[actor].running() else { return Ok(()) };
        let pid = boot.child.pid().as_raw_nonzero();
        boot.paused = boot.child.signal_group(Signal::STOP);
        if boot.paused {
            self.fired(fault, "a live process was stopped");
        }
        // The kernel tells nobody but the waiting parent, and that is tokio: look until it stands.
        while self.actors[actor].is_running() && !crate::process::is_stopped(pid.get()) {
            if std::time::Instant::now() > bound.deadline {
                return Err(self.failed(bound.step, format!("`{name}` does not stand still")));
            }
            self.until(std::time::Instant::now() + Duration::from_millis(1), |_| None::<()>).await;
        }
        Ok(())
    }

    pub(super) fn resume_process(&mut self, name: &str, bound: Bound) -> Result<(), StepFailure> {
        let actor = self.actor(name, bound)?;
        if let Some(boot) = self.actors[actor].running() {
            boot.child.signal_group(Signal::CONT);
            boot.paused = false;
        }
        Ok(())
    }

    pub(super) async fn restart(
        &mut self,
        name: &str,
        parked: Option<&Parked>,
        bound: Bound,
    ) -> Result<(), StepFailure> {
        let actor = self.actor(name, bound)?;
        let fault = self.begin_fault("restart", name, true, parked, bound);
        if self.tell_to_stop(actor, bound) {
            self.fired(fault, "a live process was told to stop");
        }
        self.await_exit(actor, bound).await?;
        self.start(name, true, bound).await
    }

    pub(super) fn actor(&self, name: &str, bound: Bound) -> Result<usize, StepFailure> {
        self.actor_of(name).map_err(|why| self.failed(bound.step, why))
    }
}
