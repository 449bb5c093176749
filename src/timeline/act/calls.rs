//! Actions on calls.

use crate::file::Spanned;
use serde_json::Value;

use crate::evidence::{CallResult, CallResults, StepFailure};
use crate::scenario::{Asking, BeginAction, CallAction, FinishAction};
use crate::timeline::client::Message;
use crate::timeline::driver::Asked;
use crate::timeline::observed::Parked;
use crate::timeline::template::{TemplateError, resolve};
use crate::timeline::wait::Bound;
use crate::timeline::world::World;

/// The arguments of a call, and the request of an HTTP client: its line, and the rest.
type Filled = (Value, (String, Message));

/// A call that cannot be asked for as it is written.
#[derive(Debug, thiserror::Error)]
enum FillingError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl World<'_> {
    pub(super) async fn call(&mut self, it: &CallAction, bound: Bound) -> Result<(), StepFailure> {
        let own = it.name.as_ref().or(it.save.as_ref()).map(|name| name.as_ref().clone());
        let name = own.unwrap_or_else(|| {
            let nth = 1 + self.observed.calls.iter().filter(|call| call.op == *it.op.as_ref()).count();
            format!("{}-{nth}", it.op.as_ref())
        });
        let Some(filled) = self.filled(&name, it.asking(), it.optional, bound)? else { return Ok(()) };
        let index = self.ask_for(it.asking(), name, filled, bound).await?;
        self.expect(index, &it.result, it.returns.as_ref());
        self.await_result(index, bound).await?;
        self.save(index, it.save.as_ref(), bound)
    }

    pub(super) async fn begin(&mut self, it: &BeginAction, bound: Bound) -> Result<(), StepFailure> {
        let name = it.name.as_ref().clone();
        let Some(filled) = self.filled(&name, it.asking(), it.optional, bound)? else { return Ok(()) };
        self.ask_for(it.asking(), name, filled, bound).await.map(drop)
    }

    /// What a call asks with; nothing where it is left out, because it is optional and what it needs did not come.
    fn filled(
        &mut self,
        call: &str,
        asking: Asking<'_>,
        optional: bool,
        bound: Bound,
    ) -> Result<Option<Filled>, StepFailure> {
        match self.fill(asking) {
            Ok(filled) => Ok(Some(filled)),
            Err(why) if optional => {
                self.observed.notes.push(format!("the call `{call}` was left out: {why}"));
                self.left_out.insert(call.to_owned());
                Ok(None)
            }
            Err(why) => Err(self.failed(bound.step, why.to_string())),
        }
    }

    async fn ask_for(
        &mut self,
        asking: Asking<'_>,
        name: String,
        (args, request): Filled,
        bound: Bound,
    ) -> Result<usize, StepFailure> {
        let who = asking.who().map_or("", |who| who.as_ref().as_str());
        let actor = self.actor_of(who).map_err(|why| self.failed(bound.step, why))?;
        let asked = Asked { name, op: asking.op.as_ref(), args, request };
        self.ask(actor, asked, bound).await.map_err(|why| self.failed(bound.step, why))
    }

    /// The arguments of a call, and the request of an HTTP client, with every variable in its place.
    fn fill(&self, asking: Asking<'_>) -> Result<Filled, FillingError> {
        let args = match asking.args_json {
            Some(json) => serde_json::from_str(json.as_ref())?,
            None => serde_json::to_value(asking.args)?,
        };
        let text = |text: &str| {
            let filled = resolve(Value::String(text.to_owned()), &self.saved)?;
            Ok::<_, FillingError>(filled.as_str().map_or_else(|| filled.to_string(), str::to_owned))
        };
        let headers = asking.headers.iter().map(|(name, value)| Ok((name.as_ref().clone(), text(value)?)));
        let message = Message {
            headers: headers.collect::<Result<_, FillingError>>()?,
            body: asking.body.map(|body| text(body.as_ref())).transpose()?,
        };
        Ok((resolve(args, &self.saved)?, (text(asking.op.as_ref())?, message)))
    }

    pub(super) async fn finish(&mut self, it: &FinishAction, bound: Bound) -> Result<(), StepFailure> {
        if self.left_out.contains(it.call.as_ref()) {
            return Ok(());
        }
        let index = self.call_named(it.call.as_ref(), bound)?;
        self.expect(index, &it.result, it.returns.as_ref());
        self.await_result(index, bound).await?;
        self.save(index, it.save.as_ref(), bound)
    }

    pub(super) async fn cancel(
        &mut self,
        call: &str,
        parked: Option<&Parked>,
        bound: Bound,
    ) -> Result<(), StepFailure> {
        let index = self.call_named(call, bound)?;
        let process = self.observed.calls[index].process.clone();
        let fault = self.begin_fault("cancel", &process, true, parked, bound);
        self.observed.faults[fault].calls = vec![call.to_owned()];
        if self.observed.calls[index].result.is_none() {
            self.fired(fault, "a call in flight was cancelled");
            self.ask_to_cancel(index, bound).await.map_err(|why| self.failed(bound.step, why))?;
        }
        self.expect(index, &CallResult::Cancelled.into(), None);
        self.await_result(index, bound).await
    }

    fn call_named(&self, name: &str, bound: Bound) -> Result<usize, StepFailure> {
        let found = self.observed.calls.iter().rposition(|call| call.name == name);
        found.ok_or_else(|| self.failed(bound.step, format!("no call `{name}` was begun")))
    }

    /// What the scenario demands is kept with the call, for the verdict: the timeline goes on with whatever came.
    fn expect(&mut self, call: usize, results: &CallResults, returns: Option<&toml::Value>) {
        let call = &mut self.observed.calls[call];
        call.expected.get_or_insert_with(|| results.clone());
        if let Some(returns) = returns.and_then(|returns| serde_json::to_value(returns).ok()) {
            call.returns = Some(resolve(returns.clone(), &self.saved).unwrap_or(returns));
        }
    }

    async fn await_result(&mut self, call: usize, bound: Bound) -> Result<(), StepFailure> {
        let what = format!("the result of the call `{}`", self.observed.calls[call].name);
        let check = |world: &mut Self| {
            if world.observed.calls[call].result.is_some() {
                return Some(Ok(()));
            }
            world.certain_deadlock(bound.step, call).map(Err)
        };
        let outcome = self.await_for(bound, &what, check).await?;
        outcome.map_err(|why| self.failed(bound.step, why))
    }

    fn save(&mut self, call: usize, name: Option<&Spanned<String>>, bound: Bound) -> Result<(), StepFailure> {
        let answer = self.saved.remove(&format!("={}", self.observed.calls[call].name));
        let Some(name) = name else { return Ok(()) };
        match answer {
            Some(answer) => {
                self.saved.insert(name.as_ref().clone(), answer);
                Ok(())
            }
            // It may fail, and did: who needs the answer must be optional.
            None if self.observed.calls[call].expected.as_ref().is_some_and(CallResults::may_fail) => Ok(()),
            None => {
                let call = &self.observed.calls[call];
                let result = call.result.map_or("nothing", CallResult::name);
                let error = call.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
                let why = format!(
                    "the call `{}` ended as {result}{error}, so there is no answer to keep as `{}`",
                    call.name,
                    name.as_ref()
                );
                Err(self.failed(bound.step, why))
            }
        }
    }
}
