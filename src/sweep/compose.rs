//! Makes an ordinary scenario of a point: the base scenario with the steps that strike.

mod fault_steps;

use std::collections::BTreeSet;
use std::time::Duration;

use toml::{Table, Value};

use super::base::{Act, Base};
use super::oracle::{Promises, Relation, results};
use super::point::{Persistence, Strike};
use super::recorded::Recorded;
use super::write::{Line, render};
use crate::evidence::{CallResult, CallResults};
use crate::file::Span;
use crate::proxy::Phase;
use crate::scenario::SweepFault;
use crate::system::HTTP;

/// How long a fault lasts that is over by itself, when the scenario does not say.
const OUTAGE: Duration = Duration::from_millis(20);

/// A scenario file that was made, and where in it the faults are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// Its text.
    pub text: String,
    /// The steps, from 1, whose fault must have fired: one for each that strikes.
    pub faults: Vec<usize>,
}

/// What is put together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Composer<'a> {
    pub base: &'a Base,
    pub requests: &'a [Recorded],
}

/// The state while the steps are written one after the other.
struct Writing<'a> {
    composer: Composer<'a>,
    strikes: &'a [Strike],
    lines: Vec<Line>,
    faults: Vec<usize>,
    struck: bool,
    /// Processes that are gone for good.
    gone: BTreeSet<String>,
    /// What ends a fault when a call has ended.
    endings: Vec<(usize, Line)>,
    cancelled: BTreeSet<usize>,
    left_out: BTreeSet<usize>,
}

impl Composer<'_> {
    /// The scenario in which these faults strike, in their order, without the calls of `without` and what needs them. Nothing
    /// if one of the faults would then have no request.
    pub fn compose(
        &self,
        strikes: &[Strike],
        without: &BTreeSet<usize>,
        summary: &str,
        comment: &str,
    ) -> Option<Composition> {
        let left_out = self.left_out(strikes, without);
        let struck = strikes.iter().filter_map(|strike| self.call_of(strike));
        if struck.into_iter().any(|call| left_out.contains(&call)) {
            return None;
        }
        let mut writing = Writing::new(*self, strikes, left_out);
        for step in 0..=self.base.steps.len() {
            for strike in strikes.iter().filter(|strike| self.insertion(strike) == step) {
                writing.fault_steps(strike);
            }
            if step < self.base.steps.len() {
                writing.base_step(step);
            }
        }
        let Writing { lines, faults, .. } = writing;
        let (text, faults) = render(&self.base.head, lines, &faults, summary, comment);
        Some(Composition { text, faults })
    }

    /// The scenario without any fault, and which of its steps, from 1, each step of the base is in: a call is one there.
    pub fn whole(&self) -> (String, Vec<usize>) {
        let mut writing = Writing::new(*self, &[], BTreeSet::new());
        let mut last = Vec::new();
        for step in 0..self.base.steps.len() {
            writing.base_step(step);
            last.push(writing.lines.len());
        }
        let (text, numbers) = render(&self.base.head, writing.lines, &last, &self.base.summary, "");
        (text, numbers)
    }

    /// The calls that are not made: those that are not wanted or cannot be asked for, and what needs their answers.
    fn left_out(&self, strikes: &[Strike], without: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut unanswered = without.clone();
        let mut kept = BTreeSet::new();
        for (index, call) in self.base.calls.iter().enumerate() {
            let dead = strikes.iter().any(|strike| {
                strike.fault == SweepFault::ClientKill
                    && strike.persistence == Persistence::Every
                    && self.requests[strike.request].process == call.process
                    && call.begin >= self.insertion(strike)
            });
            if dead {
                unanswered.insert(index);
            } else if call.save.is_some() && !self.results(strikes, index).allow(CallResult::Ok) {
                unanswered.insert(index);
                if !without.contains(&index) {
                    kept.insert(index);
                }
            }
        }
        let mut all = self.base.with_dependents(&unanswered);
        all.retain(|index| !kept.contains(index));
        all
    }

    fn call_of(&self, strike: &Strike) -> Option<usize> {
        self.requests[strike.request].call.as_ref().and_then(|name| self.base.call_named(name))
    }

    /// The index of the step before which a fault's steps come.
    pub fn insertion(&self, strike: &Strike) -> usize {
        let (early, late) = self.requests[strike.request].steps;
        if strike.place.phase <= Phase::RequestSent { early } else { late }
    }

    /// The results that a call may have.
    fn results(&self, strikes: &[Strike], call: usize) -> CallResults {
        let it = &self.base.calls[call];
        let mut allowed: Vec<CallResult> = Vec::new();
        for strike in strikes {
            let request = &self.requests[strike.request];
            let at = self.insertion(strike);
            let relation = if self.call_of(strike) == Some(call) {
                Relation::Struck
            } else if it.end < at {
                Relation::Before
            } else if it.begin < at {
                Relation::InFlight { same_link: it.process == request.process }
            } else {
                let same_gate = self.requests.iter().any(|other| {
                    let by_pattern = crate::file::fits(&request.path, &other.path);
                    other.call.as_ref() == Some(&it.name)
                        && other.method == request.method
                        && (request.path == other.path || (request.op.is_none() && by_pattern))
                });
                Relation::Later { same_process: it.process == request.process, same_gate }
            };
            let recovers = strike.persistence == Persistence::Once
                && self.base.rules.recovers.iter().any(|fault| *fault.as_ref() == strike.fault);
            let some = results(strike, relation, Promises { recovers, drains: self.base.rules.drains });
            let uninformed = self.base.rules.uninformed.iter().any(|process| *process.as_ref() == it.process);
            if uninformed && strike.fault == SweepFault::ServerStop && some.is_some() {
                allowed.push(CallResult::Unreachable);
            }
            allowed.extend(some.unwrap_or_default());
        }
        let unchanged = allowed.is_empty();
        let of_base = it.results.iter().filter(|result| unchanged || *result != CallResult::Ok);
        allowed.extend(of_base.collect::<Vec<_>>());
        CallResults::of(allowed)
    }

    fn outage(&self) -> String {
        self.base.rules.outage.unwrap_or(Span(OUTAGE)).to_string()
    }
}

impl<'a> Writing<'a> {
    fn new(composer: Composer<'a>, strikes: &'a [Strike], left_out: BTreeSet<usize>) -> Self {
        Self {
            composer,
            strikes,
            lines: Vec::new(),
            faults: Vec::new(),
            struck: false,
            gone: BTreeSet::new(),
            endings: Vec::new(),
            cancelled: BTreeSet::new(),
            left_out,
        }
    }

    fn base_step(&mut self, index: usize) {
        let step = &self.composer.base.steps[index];
        // What the base waits for may not come beside a fault.
        let on = step.on.clone().filter(|_| !self.struck || step.needs_gate);
        let line = |action: Option<Value>| Line { on: on.clone(), action, within: step.within.clone() };
        match &step.act {
            Act::Begin(call) if !self.left_out.contains(call) => {
                let it = &self.composer.base.calls[*call];
                let mut begin = Table::new();
                let whom = if it.process == HTTP { "client" } else { "process" };
                begin.insert(whom.to_owned(), it.process.clone().into());
                begin.insert("op".to_owned(), it.op.clone().into());
                begin.extend(it.args.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
                begin.insert("as".to_owned(), it.name.clone().into());
                // What it needs may not have come beside a fault.
                if it.optional || (self.struck && !it.needs.is_empty()) {
                    begin.insert("optional".to_owned(), true.into());
                }
                self.lines.push(line(Some(one("begin", begin))));
            }
            Act::Finish(call) if !self.left_out.contains(call) => {
                if !self.cancelled.contains(call) {
                    self.lines.push(line(Some(one("finish", self.finish(*call)))));
                }
                self.end_faults(*call);
            }
            Act::Cancel(call) if !self.left_out.contains(call) && !self.cancelled.contains(call) => {
                let cancel = table([("call", self.composer.base.calls[*call].name.clone().into())]);
                self.lines.push(line(Some(one("cancel", cancel))));
                self.end_faults(*call);
            }
            Act::Other(action, process) => {
                let on_gone = process.as_ref().is_some_and(|process| self.gone.contains(process));
                let action = action.clone().filter(|_| !on_gone);
                if action.is_some() || on.is_some() {
                    self.lines.push(line(action));
                }
            }
            Act::Begin(_) | Act::Finish(_) | Act::Cancel(_) => {}
        }
    }

    fn finish(&self, call: usize) -> Table {
        let it = &self.composer.base.calls[call];
        let allowed = self.composer.results(self.strikes, call);
        let mut finish = table([("call", it.name.clone().into())]);
        let changed = allowed != it.results;
        if changed {
            let names: Vec<Value> = allowed.iter().map(|result| result.name().into()).collect();
            let value = match <[Value; 1]>::try_from(names) {
                Ok([one]) => one,
                Err(several) => Value::Array(several),
            };
            finish.insert("result".to_owned(), value);
        } else if let Some(result) = &it.result {
            finish.insert("result".to_owned(), result.clone());
        }
        if let Some(returns) = it.returns.as_ref().filter(|_| !self.struck) {
            finish.insert("returns".to_owned(), returns.clone());
        }
        if let Some(save) = it.save.as_ref().filter(|_| allowed.allow(CallResult::Ok)) {
            finish.insert("save".to_owned(), save.clone().into());
        }
        finish
    }

    fn end_faults(&mut self, call: usize) {
        let (over, going_on) = self.endings.drain(..).partition(|(until, _)| *until == call);
        self.endings = going_on;
        let over: Vec<(usize, Line)> = over;
        self.lines.extend(over.into_iter().map(|(_, line)| line));
    }
}

fn table<const N: usize>(fields: [(&str, Value); N]) -> Table {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn one(word: &str, fields: Table) -> Value {
    Value::Table(table([(word, Value::Table(fields))]))
}

fn act(action: Value) -> Line {
    Line { action: Some(action), ..Line::default() }
}

fn on(word: &str, fields: Table) -> Line {
    Line { on: Some(one(word, fields)), ..Line::default() }
}
