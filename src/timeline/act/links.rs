//! Actions on links.

use crate::evidence::StepFailure;
use crate::proxy::{Effect, EventLink};
use crate::scenario::{CutAction, LinkAction, ReleaseAction};
use crate::timeline::observed::Parked;
use crate::timeline::wait::Bound;
use crate::timeline::world::{Pending, World};

impl World<'_> {
    pub(super) async fn cut(
        &mut self,
        it: &CutAction,
        parked: Option<&Parked>,
        bound: Bound,
    ) -> Result<(), StepFailure> {
        let (actor, connection) = self.target(it.link.as_ref(), parked, bound)?;
        let name = self.actors[actor].instance.name.clone();
        let fault = self.begin_fault("cut", &name, false, parked, bound);
        let effect = match (self.link(actor, bound)?, connection) {
            (link, Some(connection)) => link.cut(connection, it.mode, it.toward).await,
            (link, None) => link.cut_all(it.mode, it.toward).await,
        };
        self.met(fault, actor, effect);
        Ok(())
    }

    pub(super) async fn hold(
        &mut self,
        it: &LinkAction,
        parked: Option<&Parked>,
        bound: Bound,
    ) -> Result<(), StepFailure> {
        let (actor, connection) = self.target(it.link.as_ref(), parked, bound)?;
        let name = self.actors[actor].instance.name.clone();
        let fault = self.begin_fault("hold", &name, false, parked, bound);
        let effect = match (self.link(actor, bound)?, connection) {
            (link, Some(connection)) => link.hold(connection).await,
            (link, None) => link.hold_all().await,
        };
        self.met(fault, actor, effect);
        Ok(())
    }

    pub(super) fn refuse(&mut self, name: &str, parked: Option<&Parked>, bound: Bound) -> Result<(), StepFailure> {
        for actor in self.actors_of(name) {
            let name = self.actors[actor].instance.name.clone();
            let fault = self.begin_fault("refuse", &name, false, parked, bound);
            let effect = self.link(actor, bound)?.refuse();
            self.met(fault, actor, effect);
        }
        Ok(())
    }

    pub(super) fn accept(&mut self, name: &str, bound: Bound) -> Result<(), StepFailure> {
        for actor in self.actors_of(name) {
            self.link(actor, bound)?.accept();
        }
        Ok(())
    }

    pub(super) fn release(&mut self, it: &ReleaseAction, bound: Bound) -> Result<(), StepFailure> {
        if let Some(gate) = &it.gate {
            let id = self.kept.remove(gate.as_ref());
            let id = id.ok_or_else(|| self.failed(bound.step, format!("no gate is kept as `{}`", gate.as_ref())))?;
            self.resume(id);
        }
        if let Some(link) = &it.link {
            for actor in self.actors_of(link.as_ref()) {
                self.link(actor, bound)?.release_all();
            }
        }
        Ok(())
    }

    /// The link that is meant, and the connection if it is the gated one.
    fn target(
        &self,
        link: Option<&crate::file::Spanned<String>>,
        parked: Option<&Parked>,
        bound: Bound,
    ) -> Result<(usize, Option<u64>), StepFailure> {
        match (link, parked) {
            (Some(name), _) => Ok((self.actor(name.as_ref(), bound)?, None)),
            (None, Some(parked)) => Ok((parked.actor, Some(parked.connection))),
            (None, None) => {
                Err(self.failed(bound.step, "no connection is meant: this step has no gate and names no link"))
            }
        }
    }

    pub(super) fn link(&self, actor: usize, bound: Bound) -> Result<&EventLink, StepFailure> {
        let name = &self.actors[actor].instance.name;
        self.actors[actor].link.as_ref().ok_or_else(|| self.failed(bound.step, format!("`{name}` has no link")))
    }

    /// Keeps what a fault met; what it has not met yet is asked for again at the end.
    fn met(&mut self, fault: usize, actor: usize, effect: Effect) {
        if effect.fired() {
            self.fired(fault, &crate::timeline::names::describe(effect));
        } else {
            self.pending_faults.push(Pending { fault, actor, toxic: None });
        }
    }
}
