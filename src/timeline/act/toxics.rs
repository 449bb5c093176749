//! Actions on toxics, and what came of them.

use crate::evidence::StepFailure;
use crate::proxy::{Hit, HitEffect, Side};
use crate::scenario::{ToxicAction, UntoxicAction};
use crate::timeline::Planted;
use crate::timeline::observed::Parked;
use crate::timeline::wait::Bound;
use crate::timeline::world::{Pending, World};

impl World<'_> {
    pub(super) async fn add_toxic(
        &mut self,
        it: &ToxicAction,
        parked: Option<&Parked>,
        bound: Bound,
    ) -> Result<(), StepFailure> {
        let operations = &self.system.file.operations;
        let toxic = it.toxic(|op| {
            operations
                .get(op)
                .map_or((None, None), |rule| (rule.method().map(str::to_owned), rule.path().map(str::to_owned)))
        });
        let toxic = toxic.ok_or_else(|| self.failed(bound.step, "a toxic is of exactly one kind"))?;
        for actor in self.actors_of(it.link.as_ref()) {
            if it.noop.is_none() {
                let name = self.actors[actor].instance.name.clone();
                let fault = self.begin_fault(toxic.kind.name(), &name, false, parked, bound);
                // Those that it hits are known when it does.
                self.observed.faults[fault].calls.clear();
                self.pending_faults.push(Pending { fault, actor, toxic: Some(toxic.name.clone()) });
            }
            let added = match &self.actors[actor].remote {
                Some(remote) => remote.add_toxic(&toxic).await.map_err(|why| why.to_string()),
                None => self.link(actor, bound)?.add_toxic(toxic.clone()).map_err(|why| why.to_string()),
            };
            added.map_err(|why| self.failed(bound.step, why))?;
        }
        Ok(())
    }

    pub(super) async fn remove_toxic(&mut self, it: &UntoxicAction, bound: Bound) -> Result<(), StepFailure> {
        for actor in self.actors_of(it.link.as_ref()) {
            let removed = match (&self.actors[actor].remote, &it.name) {
                (Some(remote), Some(name)) => remote.remove_toxic(name.as_ref()).await.map_err(|why| why.to_string()),
                (Some(remote), None) => remote.clear_toxics().await.map_err(|why| why.to_string()),
                (None, Some(name)) => {
                    self.link(actor, bound)?.remove_toxic(name.as_ref()).map_err(|why| why.to_string())
                }
                (None, None) => {
                    self.link(actor, bound)?.clear_toxics();
                    Ok(())
                }
            };
            // Without its faults, the timeline has not added it.
            if self.plan.planted != Some(Planted::WithoutFaults) {
                removed.map_err(|why| self.failed(bound.step, why))?;
            }
        }
        Ok(())
    }

    /// Toxics of a server that does not say what they hit count as met: nobody can know better.
    pub(in crate::timeline) fn settle_unknown_toxics(&mut self, index: usize) {
        for Pending { fault, actor, toxic } in &self.pending_faults {
            if *actor == index && toxic.is_some() {
                let told = || "added; the Toxiproxy server does not say what it hit".to_owned();
                self.observed.faults[*fault].fired.get_or_insert_with(told);
            }
        }
    }

    /// What a toxic has hit since it came: the first of it, and the calls whose requests it was.
    pub(in crate::timeline) fn settle_toxic(&mut self, fault: usize, actor: usize, toxic: &str) {
        let since = self.observed.faults[fault].at;
        let own = |(owner, at, hit): &&(usize, u64, Hit)| *owner == actor && *at >= since && hit.toxic == toxic;
        let hits: Vec<&(usize, u64, Hit)> = self.observed.hits.iter().filter(own).collect();
        let Some((_, _, first)) = hits.first() else { return };
        let process = &self.actors[actor].instance.name;
        let touched = self.observed.calls.iter().filter(|call| {
            let during = call.begun..=call.ended.unwrap_or(u64::MAX);
            call.process == *process
                && hits.iter().any(|(_, at, hit)| {
                    let request = hit.request.as_ref();
                    during.contains(at)
                        && request.is_some_and(|it| self.observed.fits_operation(&call.op, &it.method, &it.path))
                })
        });
        let calls = touched.map(|call| call.name.clone()).collect();
        let fault = &mut self.observed.faults[fault];
        fault.fired = Some(describe(first));
        fault.request = first.request.as_ref().map(|request| format!("{} {}", request.method, request.path));
        fault.calls = calls;
    }
}

/// What a toxic did first, in words.
fn describe(hit: &Hit) -> String {
    let did = match hit.effect {
        HitEffect::Delayed => "delayed",
        HitEffect::Dropped => "dropped",
        HitEffect::Changed => "changed",
        HitEffect::Closed => "closed the connection before",
        HitEffect::Reset => "reset the connection before",
    };
    let of = match (&hit.request, hit.toward) {
        (Some(request), Side::Server) => format!("byte {} of {} {}", request.byte, request.method, request.path),
        (Some(request), Side::Client) => {
            format!("byte {} of the answer to {} {}", request.byte, request.method, request.path)
        }
        (None, Side::Server) => format!("byte {} towards the server", hit.offset),
        (None, Side::Client) => format!("byte {} towards the client", hit.offset),
    };
    format!("{did} {of}")
}
