//! The scenario that is swept, taken apart: its calls, and the steps between them.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::evidence::CallResults;
use crate::scenario::{
    Action, Asking, BeginAction, CallAction, CutAction, FinishAction, LinkAction, SERVER, Scenario, Step, SweepRules,
    instances, is_gate,
};
use crate::system::{RoleKind, System};

/// A scenario as a sweep sees it.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub name: String,
    pub summary: String,
    /// Everything but the steps, the control and the sweep.
    pub head: Table,
    pub steps: Vec<BaseStep>,
    /// Where each of them stands in the scenario's text: a blocking call is two of them.
    pub places: Vec<usize>,
    pub calls: Vec<BaseCall>,
    pub rules: SweepRules,
    /// The process that listens.
    pub listener: String,
    /// The processes that a call can be asked of.
    pub driven: BTreeSet<String>,
    /// The processes that run freely, and from which step on each runs.
    pub free: BTreeMap<String, usize>,
}

/// A step.
#[derive(Debug, Clone)]
pub(super) struct BaseStep {
    pub on: Option<Value>,
    /// Its action has no meaning without the gate.
    pub needs_gate: bool,
    pub within: Option<Value>,
    pub act: Act,
}

/// What a step does; calls by their index.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Begin(usize),
    Finish(usize),
    Cancel(usize),
    /// Anything else, with the process that it acts on.
    Other(Option<Value>, Option<String>),
}

/// A call, from the step that begins it to the one that ends it.
#[derive(Debug, Clone)]
pub(super) struct BaseCall {
    pub name: String,
    pub process: String,
    pub op: String,
    /// What it asks with, as written: `args` or `args-json`, `body`, `headers`.
    pub args: Vec<(&'static str, Value)>,
    pub save: Option<String>,
    pub results: CallResults,
    pub result: Option<Value>,
    pub returns: Option<Value>,
    pub optional: bool,
    /// The saved answers that its arguments need.
    pub needs: BTreeSet<String>,
    pub begin: usize,
    pub end: usize,
}

impl Base {
    /// Takes a scenario apart that was checked against the system. A blocking call becomes two steps, so that a gate can stop
    /// it in between.
    pub fn new(scenario: &Scenario, system: &System) -> Self {
        // It was read as a scenario, so it is TOML.
        let mut head: Table = toml::from_str(&scenario.source).unwrap_or_default();
        let raw = match head.remove("step") {
            Some(Value::Array(steps)) => steps,
            _ => Vec::new(),
        };
        head.remove("control");
        head.remove("sweep");
        head.remove("summary");
        let rules = scenario.file.sweep.clone().map(crate::file::Spanned::into_inner).unwrap_or_default();
        let of_sweep = rules.options.iter().flat_map(|(process, options)| options.iter().map(move |it| (process, it)));
        for (process, (option, value)) in of_sweep {
            let processes = within(&mut head, "processes");
            let options =
                processes.and_then(|all| within(all, process.as_ref())).and_then(|one| within(one, "options"));
            options.map(|options| options.insert(option.as_ref().clone(), value.clone()));
        }
        let instances = instances(&scenario.file, &system.file);
        let listens = |kind| matches!(kind, RoleKind::Server | RoleKind::Composite);
        let listener = instances.iter().find(|one| listens(one.kind)).map_or(SERVER.to_owned(), |one| one.name.clone());
        let of_kind = |kind| instances.iter().filter(|one| one.kind == kind).map(|one| one.name.clone()).collect();
        let mut base = Self {
            name: scenario.name.clone(),
            summary: scenario.file.summary.clone(),
            head,
            steps: Vec::new(),
            places: Vec::new(),
            calls: Vec::new(),
            rules,
            listener,
            driven: of_kind(RoleKind::Driven),
            free: BTreeMap::new(),
        };
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut started: BTreeMap<String, usize> = BTreeMap::new();
        for (step, raw) in scenario.file.steps.iter().zip(raw) {
            let field = |name: &str| raw.get(name).cloned();
            let (on, within) = (field("on"), field("within"));
            let written = raw.get("do").and_then(Value::as_table).and_then(|table| table.values().next());
            let needs_gate = needs_gate(step.as_ref());
            let step_of = |on: Option<Value>, act: Act| BaseStep { on, needs_gate, within: within.clone(), act };
            match step.as_ref().action.as_ref().map(crate::file::Spanned::as_ref) {
                Some(Action::Call(it)) => {
                    let count = counts.entry(it.op.as_ref().clone()).or_default();
                    *count += 1;
                    let own = it.name.as_ref().or(it.save.as_ref()).map(|name| name.as_ref().clone());
                    let name = own.unwrap_or_else(|| format!("{}-{count}", it.op.as_ref()));
                    let index = base.calls.len();
                    base.steps.push(step_of(on, Act::Begin(index)));
                    base.steps.push(step_of(None, Act::Finish(index)));
                    let at = base.steps.len() - 2;
                    let name = base.unused(name);
                    base.calls.push(called(it, name, written, at));
                }
                Some(Action::Begin(it)) => {
                    *counts.entry(it.op.as_ref().clone()).or_default() += 1;
                    let index = base.calls.len();
                    base.steps.push(step_of(on, Act::Begin(index)));
                    let at = base.steps.len() - 1;
                    base.calls.push(begun(it, written, at));
                }
                Some(Action::Finish(it)) => match base.call_named(it.call.as_ref()) {
                    Some(index) => {
                        base.steps.push(step_of(on, Act::Finish(index)));
                        let end = base.steps.len() - 1;
                        base.calls[index].finished(it, written, end);
                    }
                    None => base.steps.push(step_of(on, Act::Other(field("do"), None))),
                },
                Some(Action::Cancel(it)) => match base.call_named(it.call.as_ref()) {
                    Some(index) => {
                        base.steps.push(step_of(on, Act::Cancel(index)));
                        let end = base.steps.len() - 1;
                        base.calls[index].end = end;
                        base.calls[index].results = crate::evidence::CallResult::Cancelled.into();
                    }
                    None => base.steps.push(step_of(on, Act::Other(field("do"), None))),
                },
                action => {
                    let process = action.and_then(process_of);
                    if let (Some(Action::Start(_)), Some(process)) = (action, &process) {
                        started.entry(process.clone()).or_insert(base.steps.len() + 1);
                    }
                    base.steps.push(step_of(on, Act::Other(field("do"), process)));
                }
            }
            base.places.resize(base.steps.len(), step.span().start);
        }
        for one in instances.iter().filter(|one| one.kind == RoleKind::FreeRunning) {
            let since = if one.boots { Some(0) } else { started.get(&one.name).copied() };
            base.free.extend(since.map(|since| (one.name.clone(), since)));
        }
        base
    }

    /// The processes that run freely, of those that run before this step.
    pub fn free_at(&self, step: usize) -> impl Iterator<Item = &String> {
        self.free.iter().filter(move |(_, since)| **since <= step).map(|(name, _)| name)
    }

    /// The index of a call by its name.
    pub fn call_named(&self, name: &str) -> Option<usize> {
        self.calls.iter().rposition(|call| call.name == name)
    }

    /// A name that no call has: names may be given twice to blocking calls, and not to others.
    fn unused(&self, name: String) -> String {
        let taken = |name: &str| self.calls.iter().any(|call| call.name == name);
        if !taken(&name) {
            return name;
        }
        (2..).map(|number| format!("{name}-{number}")).find(|name| !taken(name)).unwrap_or(name)
    }

    /// The calls that need an answer that one of `lost` would have given, with all that need theirs, and `lost` itself.
    pub fn with_dependents(&self, lost: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut all = lost.clone();
        // A call needs only what was saved before it.
        for (index, call) in self.calls.iter().enumerate() {
            let needs_lost = call.needs.iter().any(|name| {
                let last = self.calls[..index].iter().rposition(|other| other.save.as_ref() == Some(name));
                last.is_some_and(|saver| all.contains(&saver))
            });
            if needs_lost {
                all.insert(index);
            }
        }
        all
    }
}

impl BaseCall {
    fn finished(&mut self, it: &FinishAction, written: Option<&Value>, end: usize) {
        let field = |name: &str| written.and_then(|table| table.get(name)).cloned();
        self.end = end;
        self.results = it.result.clone();
        self.result = field("result");
        self.returns = field("returns");
        self.save = it.save.as_ref().map(|name| name.as_ref().clone());
        self.needs.extend(self.returns.as_ref().map(needs).unwrap_or_default());
    }
}

/// The table of this name in another, which it gets where there is none.
fn within<'t>(table: &'t mut Table, name: &str) -> Option<&'t mut Table> {
    table.entry(name).or_insert_with(|| Value::Table(Table::new())).as_table_mut()
}

fn called(it: &CallAction, name: String, written: Option<&Value>, begin: usize) -> BaseCall {
    let args = args(written);
    let returns = written.and_then(|table| table.get("returns")).cloned();
    BaseCall {
        name,
        process: asked(it.asking()),
        op: it.op.as_ref().clone(),
        save: it.save.as_ref().map(|name| name.as_ref().clone()),
        results: it.result.clone(),
        result: written.and_then(|table| table.get("result")).cloned(),
        needs: args.iter().map(|(_, value)| value).chain(&returns).flat_map(needs).collect(),
        args,
        returns,
        optional: it.optional,
        begin,
        end: begin + 1,
    }
}

fn begun(it: &BeginAction, written: Option<&Value>, begin: usize) -> BaseCall {
    let args = args(written);
    BaseCall {
        name: it.name.as_ref().clone(),
        process: asked(it.asking()),
        op: it.op.as_ref().clone(),
        save: None,
        results: CallResults::default(),
        result: None,
        needs: args.iter().flat_map(|(_, value)| needs(value)).collect(),
        args,
        returns: None,
        optional: it.optional,
        begin,
        end: begin,
    }
}

fn args(written: Option<&Value>) -> Vec<(&'static str, Value)> {
    ["args", "args-json", "body", "headers"]
        .into_iter()
        .filter_map(|key| Some((key, written?.get(key)?.clone())))
        .collect()
}

/// Whom a call asks: a process, or the harness's own client.
fn asked(asking: Asking<'_>) -> String {
    asking.who().map(|who| who.as_ref().clone()).unwrap_or_default()
}

/// The saved answers that a value speaks of.
fn needs(value: &Value) -> BTreeSet<String> {
    let text = value.to_string();
    let names = crate::system::variables(&text).into_iter().filter(|name| !name.starts_with("fill:"));
    names.map(|name| name.split('.').next().unwrap_or_default().to_owned()).collect()
}

/// Whether a step means the connection that its gate stops, or keeps that.
fn needs_gate(step: &Step) -> bool {
    let Some(event) = step.on.as_ref().map(crate::file::Spanned::as_ref).filter(|event| is_gate(event)) else {
        return false;
    };
    let of_connection = matches!(
        step.action.as_ref().map(crate::file::Spanned::as_ref),
        Some(Action::Cut(CutAction { link: None, .. }) | Action::Hold(LinkAction { link: None }))
    );
    of_connection || event.keep().is_some()
}

/// The process that an action is aimed at.
fn process_of(action: &Action) -> Option<String> {
    let process = match action {
        Action::Start(it) => &it.process,
        Action::Stop(it) | Action::Kill(it) | Action::Pause(it) | Action::Resume(it) | Action::Restart(it) => {
            &it.process
        }
        Action::Signal(it) => &it.process,
        _ => return None,
    };
    Some(process.as_ref().clone())
}
