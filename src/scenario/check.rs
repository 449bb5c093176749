//! What must agree within a scenario, and between it and its system.

mod calls;
mod connections;
mod expectations;
mod http;
mod names;
mod past;
mod reach;
mod steps;
mod sweep;
mod toxics;

use std::collections::BTreeMap;

use crate::file::Spanned;

use super::instances::{MOST_INSTANCES, instances, role_name};
use super::{Instance, Process, ScenarioFile};
use crate::file::{Diagnostic, NeedKind, Span, known_names};
use crate::system::{Role, RoleKind, SystemFile};

/// What the checks look things up in.
struct Scope<'a> {
    scenario: &'a ScenarioFile,
    system: &'a SystemFile,
    instances: Vec<Instance>,
}

/// Everything in `scenario` that does not agree with `system` or with itself.
pub(super) fn check(scenario: &ScenarioFile, system: &SystemFile) -> Vec<Diagnostic> {
    let scope = Scope { scenario, system, instances: instances(scenario, system) };
    let mut found = Vec::new();
    if let Some(name) = &scenario.system
        && *name.as_ref() != system.name
    {
        found.push(
            Diagnostic::new(
                name.span(),
                format!("this scenario is for the system `{}`, not for `{}`", name.as_ref(), system.name),
                "it uses literals of that system",
            )
            .need(NeedKind::System, name.as_ref()),
        );
    }
    check_processes(&scope, &mut found);
    steps::check(&scope, &mut found);
    expectations::check(&scope, &mut found);
    check_control(&scope, &mut found);
    sweep::check(&scope, &mut found);
    found.sort_by_key(|diagnostic| diagnostic.span.start);
    found
}

fn check_processes(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let (scenario, system) = (scope.scenario, scope.system);
    for (name, process) in &scenario.processes {
        if name.as_ref().is_empty() || !name.as_ref().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            found.push(Diagnostic::new(name.span(), "a process's name is letters, digits, `-` and `_`", "not a name"));
        }
        let role_at = process.role.as_ref().map_or(name.span(), Spanned::span);
        let role_name = role_name(name.as_ref(), process);
        let Some(role) = system.role(role_name) else {
            let known = system.roles.keys().map(|key| key.as_ref().as_str());
            found.push(
                Diagnostic::new(role_at, format!("unknown role `{role_name}`"), "the system has no such role")
                    .help(known_names(role_name, "role", known))
                    .need(NeedKind::Role, role_name),
            );
            continue;
        };
        if process.count.is_some_and(|count| count == 0 || count > MOST_INSTANCES) {
            found.push(Diagnostic::new(name.span(), "count must be 1 to 64", "of this process"));
        }
        if role.kind == RoleKind::Server && process.count.is_some_and(|count| count > 1) {
            found.push(Diagnostic::new(name.span(), "there is one server", "it cannot have a count"));
        }
        check_options(role_name, role, &process.options, found);
        if role.kind == RoleKind::Http {
            check_http_client(name, process, found);
        }
        if let Some(exit) = &process.exit {
            found.extend(scope.unknown_exit(exit));
        }
    }
    let listeners =
        scope.instances.iter().filter(|one| matches!(one.kind, RoleKind::Server | RoleKind::Composite)).count();
    if listeners > 1 {
        let at = scenario.processes.keys().next().map_or(0..0, Spanned::span);
        found.push(Diagnostic::new(
            at,
            "more than one process would listen",
            "a run has one server, or one composite role that brings its own",
        ));
    }
}

/// Options that the role declares, with values of their kind.
fn check_options(
    role_name: &str,
    role: &Role,
    options: &BTreeMap<Spanned<String>, toml::Value>,
    found: &mut Vec<Diagnostic>,
) {
    for (option, value) in options {
        let Some(rule) = role.options.get(option.as_ref()) else {
            let known = role.options.keys().map(String::as_str);
            found.push(
                Diagnostic::new(
                    option.span(),
                    format!("unknown option `{}`", option.as_ref()),
                    format!("the role `{role_name}` has no such option"),
                )
                .help(known_names(option.as_ref(), "option", known))
                .need(NeedKind::Option, format!("{role_name}.{}", option.as_ref())),
            );
            continue;
        };
        let is_switch = matches!(rule.default, Some(toml::Value::Boolean(_)));
        if value.is_table() || value.is_array() || value.is_bool() != is_switch {
            let expected = if is_switch { "true or false" } else { "a text or a number" };
            found.push(Diagnostic::new(
                option.span(),
                format!("the option `{}` takes {expected}", option.as_ref()),
                rule.summary.clone(),
            ));
        }
        if role.kind == RoleKind::Http && !is_switch {
            let wrong = value.as_str().map(Span::parse).and_then(Result::err);
            found.extend(wrong.map(|why| Diagnostic::new(option.span(), why.to_string(), "this option")));
        }
    }
}

/// The harness's own client is no process.
fn check_http_client(name: &Spanned<String>, process: &Process, found: &mut Vec<Diagnostic>) {
    if let Some(exit) = &process.exit {
        found.push(Diagnostic::new(exit.span(), "the harness's own client does not end", "it is no process"));
    }
    if process.boot.is_some() {
        found.push(Diagnostic::new(name.span(), "the harness's own client is not booted", "it is no process"));
    }
}

fn check_control(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let Some(control) = &scope.scenario.control else { return };
    let at = control.span();
    let control = control.as_ref();
    match (&control.defect, control.without_faults) {
        (Some(_), true) | (None, false) => found.push(
            Diagnostic::new(at, "a control has either a defect or without-faults = true", "exactly one of the two")
                .help("write defect = \"…\" (a defect that the system declares) or without-faults = true"),
        ),
        (Some(defect), false) => match &scope.system.defects {
            None => found.push(
                Diagnostic::new(
                    defect.span(),
                    format!("unknown defect `{}`", defect.as_ref()),
                    "this system declares no defects",
                )
                .help("write without-faults = true instead")
                .need(NeedKind::Defect, defect.as_ref()),
            ),
            Some(known) if !known.names.contains_key(defect.as_ref()) => found.push(
                Diagnostic::new(
                    defect.span(),
                    format!("unknown defect `{}`", defect.as_ref()),
                    "the system declares no such defect",
                )
                .help(known_names(defect.as_ref(), "defect", known.names.keys().map(String::as_str)))
                .need(NeedKind::Defect, defect.as_ref()),
            ),
            Some(_) => {}
        },
        (None, true) => {}
    }
}
