//! The timeline: every step must be possible after the ones before it.

use std::ops::Range;

use crate::file::Spanned;

use super::calls::check_call;
use super::past::Past;
use super::reach::reachable;
use super::{Scope, toxics};
use crate::file::{Diagnostic, known_names};
use crate::proxy::Phase;
use crate::scenario::model::*;
use crate::scenario::{is_fault, is_gate};
use crate::system::RoleKind;

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let mut past = Past::default();
    past.down.extend(scope.instances.iter().filter(|one| !one.boots).map(|one| one.name.clone()));
    for step in &scope.scenario.steps {
        let at = step.span();
        let step = step.as_ref();
        if step.on.is_none() && step.action.is_none() {
            found.push(Diagnostic::new(at.clone(), "a step needs `on`, `do` or both", "this step has neither"));
        }
        if let Some(event) = &step.on {
            check_event(scope, &past, event, step, found);
            if let Event::Exit(exit) = event.as_ref() {
                past.down.extend(scope.instances(exit.process.as_ref()).into_iter().map(|one| one.name.clone()));
            }
        }
        if let Some(action) = &step.action {
            let gate = step.on.as_ref().filter(|event| is_gate(event.as_ref()));
            check_action(scope, &mut past, action, gate, found);
        }
        if let Some(name) = step.on.as_ref().and_then(|event| event.as_ref().keep()) {
            past.kept.insert(name.as_ref().clone(), (name.span(), false));
        }
    }
    for (name, (at, ended)) in &past.begun {
        if !ended {
            found.push(
                Diagnostic::new(at.clone(), format!("the call `{name}` is never finished"), "begun here")
                    .help("every call must be judged: add a step with do.finish, or do.cancel"),
            );
        }
    }
    for (name, (at, released)) in &past.kept {
        if !released {
            found.push(
                Diagnostic::new(at.clone(), format!("the gate `{name}` is never released"), "kept here")
                    .help(format!("add a step with do.release = {{ gate = \"{name}\" }}")),
            );
        }
    }
    for (name, process) in &scope.scenario.processes {
        let started = scope.scenario.steps.iter().any(|step| {
            matches!(step.as_ref().action.as_ref().map(Spanned::as_ref), Some(Action::Start(it)) if scope.instances(name.as_ref()).iter().any(|one| [&one.name, &one.process].contains(&it.process.as_ref())))
        });
        if process.boot == Some(false) && !started {
            let message = format!("`{}` has boot = false and is never started", name.as_ref());
            found.push(
                Diagnostic::new(name.span(), message, "this process")
                    .help("add a step with do.start, or remove boot = false"),
            );
        }
    }
}

fn check_event(scope: &Scope<'_>, past: &Past, event: &Spanned<Event>, step: &Step, found: &mut Vec<Diagnostic>) {
    match event.as_ref() {
        Event::Request(gate) => {
            scope.linked(&gate.process, found);
            check_request_gate(scope, past, gate, found);
        }
        Event::Bytes(gate) => scope.linked(&gate.process, found),
        Event::Connect(gate) | Event::Connected(gate) | Event::Idle(gate) => scope.linked(&gate.process, found),
        Event::Line(line) => {
            let missing = scope.unknown_process(&line.process);
            if missing.is_none() && scope.instances(line.process.as_ref()).iter().all(|one| one.kind == RoleKind::Http)
            {
                scope.process(&line.process, found);
            }
            found.extend(missing);
            let literal = line.level.is_some() || line.target.is_some() || line.message.is_some();
            scope.check_line(&line.process, line.line.as_ref(), literal, found);
        }
        Event::Exit(exit) => {
            scope.process(&exit.process, found);
            found.extend(exit.status.as_ref().and_then(|status| scope.unknown_exit(status)));
        }
        Event::Ready(ready) => {
            scope.process(&ready.process, found);
        }
        Event::Quiet(_) | Event::After(_) => {}
    }
    let times = match event.as_ref() {
        Event::Request(gate) => gate.times,
        Event::Connect(gate) | Event::Connected(gate) | Event::Idle(gate) => gate.times,
        _ => None,
    };
    let repeatable = matches!(
        step.action.as_ref().map(Spanned::as_ref),
        Some(Action::Cut(CutAction { link: None, .. }) | Action::Hold(LinkAction { link: None }) | Action::Refuse(_))
    );
    if times.is_some() && !repeatable {
        found.push(
            Diagnostic::new(event.span(), "`times` repeats an action of the proxy", "this step's action is none")
                .help("with `times`, do must be cut or hold of the gated connection, or refuse"),
        );
    }
}

fn check_request_gate(scope: &Scope<'_>, past: &Past, gate: &RequestGate, found: &mut Vec<Diagnostic>) {
    if let Some(at) = &gate.at
        && matches!(gate.phase.as_ref(), Phase::RequestSent | Phase::ResponseSent)
    {
        found.push(
            Diagnostic::new(at.span(), "this phase has no bytes to count", "`at` is for head and body phases")
                .help("remove `at`, or use request-head, request-body, response-head or response-body"),
        );
    }
    let Some(op) = &gate.op else {
        found.extend(crate::file::wrong_requests(gate.method.as_ref(), gate.path.as_ref()));
        return;
    };
    if gate.method.is_some() || gate.path.is_some() {
        found.push(Diagnostic::new(op.span(), "`op` stands for method and path", "remove the one or the other"));
    }
    if scope.operation_with_path(op, found) {
        reachable(scope, past, gate, op, found);
    }
}

fn check_action(
    scope: &Scope<'_>,
    past: &mut Past,
    action: &Spanned<Action>,
    gate: Option<&Spanned<Event>>,
    found: &mut Vec<Diagnostic>,
) {
    match action.as_ref() {
        Action::Start(it) => {
            let name = it.process.as_ref();
            let one = scope.process(&it.process, found).map(|one| one.name.clone());
            if one.as_ref().is_some_and(|one| !past.down.contains(one)) {
                found.push(
                    Diagnostic::new(it.process.span(), format!("`{name}` is running already"), "cannot be started")
                        .help("give it boot = false, or end it in a step before"),
                );
            }
            one.map(|one| past.down.remove(&one));
        }
        Action::Stop(it) | Action::Kill(it) => {
            past.down.extend(scope.process(&it.process, found).map(|one| one.name.clone()));
        }
        Action::Pause(it) | Action::Resume(it) | Action::Restart(it) => {
            scope.process(&it.process, found);
        }
        Action::Signal(it) => {
            let one = scope.process(&it.process, found).map(|one| one.name.clone());
            let signal = crate::process::signal(it.signal.as_ref());
            // Others may mean anything: to reload, to go on.
            past.down.extend(one.filter(|_| signal.is_some_and(crate::process::ends)));
            if signal.is_none() {
                found.push(
                    Diagnostic::new(it.signal.span(), format!("unknown signal `{}`", it.signal.as_ref()), "no signal")
                        .help("write its name, such as SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGKILL"),
                );
            }
        }
        Action::Call(call) => {
            check_call(scope, past, call.asking(), found);
            past.drives(call.asking(), false);
            if call.returns.is_some() && !call.result.allow(crate::evidence::CallResult::Ok) {
                found.push(Diagnostic::new(
                    call.op.span(),
                    "only a call with result = \"ok\" returns something",
                    "`returns` cannot be checked",
                ));
            }
            past.saved.extend(call.save.as_ref().map(|name| name.as_ref().clone()));
        }
        Action::Begin(call) => {
            check_call(scope, past, call.asking(), found);
            past.drives(call.asking(), true);
            let name = call.name.as_ref();
            if past.begun.insert(name.clone(), (call.name.span(), false)).is_some() {
                found.push(Diagnostic::new(
                    call.name.span(),
                    format!("a call `{name}` was begun before"),
                    "names are used once",
                ));
            }
        }
        Action::Cancel(it) => past.end_call(&it.call, "cancel", found),
        Action::Finish(it) => {
            past.end_call(&it.call, "finish", found);
            if it.returns.is_some() && !it.result.allow(crate::evidence::CallResult::Ok) {
                found.push(Diagnostic::new(
                    it.call.span(),
                    "only a call with result = \"ok\" returns something",
                    "`returns` cannot be checked",
                ));
            }
            past.saved.extend(it.save.as_ref().map(|name| name.as_ref().clone()));
        }
        Action::Cut(it) => needs_connection(scope, action.span(), it.link.as_ref(), gate, found),
        Action::Hold(it) => needs_connection(scope, action.span(), it.link.as_ref(), gate, found),
        Action::Refuse(it) | Action::Accept(it) => scope.linked(&it.link, found),
        Action::Toxic(it) => toxics::add(scope, &mut past.toxics, it, action.span(), found),
        Action::Connect(it) => super::connections::open(scope, past, it, found),
        Action::Close(it) => past.close_connection(&it.connection, found),
        Action::Untoxic(it) => toxics::remove(scope, &mut past.toxics, it, found),
        Action::Release(it) => check_release(scope, past, it, action.span(), found),
    }
    if let Some(event) = gate
        && let Event::Connect(_) | Event::Connected(_) = event.as_ref()
        && let Action::Finish(_) | Action::Call(_) = action.as_ref()
    {
        found.push(
            Diagnostic::new(
                action.span(),
                "this step waits for what its own gate holds back",
                "parked until this action ends",
            )
            .help("put it into a step of its own"),
        );
    }
    debug_assert!(is_fault(action.as_ref()) || !matches!(action.as_ref(), Action::Cut(_)));
}

fn needs_connection(
    scope: &Scope<'_>,
    at: Range<usize>,
    link: Option<&Spanned<String>>,
    gate: Option<&Spanned<Event>>,
    found: &mut Vec<Diagnostic>,
) {
    match (link, gate) {
        (Some(link), _) => scope.linked(link, found),
        (None, None) => found.push(Diagnostic::new(at, "which connection?", "this step has no gate").help(
            "give the step an `on` that is a gate (request, bytes, connect, connected, idle), or name a link = \"PROCESS\"",
        )),
        (None, Some(_)) => {}
    }
}

fn check_release(
    scope: &Scope<'_>,
    past: &mut Past,
    it: &ReleaseAction,
    at: Range<usize>,
    found: &mut Vec<Diagnostic>,
) {
    match (&it.link, &it.gate) {
        (Some(link), None) => scope.linked(link, found),
        (None, Some(gate)) => match past.kept.get_mut(gate.as_ref()) {
            Some((_, released)) => *released = true,
            None => {
                let known = past.kept.keys().map(String::as_str);
                found.push(
                    Diagnostic::new(
                        gate.span(),
                        format!("no gate is kept as `{}`", gate.as_ref()),
                        "by no step before this one",
                    )
                    .help(known_names(gate.as_ref(), "kept gate", known)),
                );
            }
        },
        _ => found.push(
            Diagnostic::new(at, "release a link or a gate", "exactly one of the two")
                .help("write { link = \"PROCESS\" } or { gate = \"NAME\" }"),
        ),
    }
}
