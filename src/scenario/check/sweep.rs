//! How a scenario is swept: only what it has can be chosen.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scope, check_options, role_name};
use crate::file::{Diagnostic, known_names};
use crate::scenario::model::*;

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let Some(section) = &scope.scenario.sweep else { return };
    let rules = section.as_ref();
    let calls = calls(scope.scenario);
    for call in rules.calls.iter().flatten().filter(|call| !calls.contains(call.as_ref())) {
        found.push(
            Diagnostic::new(call.span(), format!("no step makes a call `{}`", call.as_ref()), "nothing to sweep")
                .help(known_names(call.as_ref(), "call", calls.iter().map(String::as_str))),
        );
    }
    for fault in &rules.recovers {
        if matches!(
            fault.as_ref(),
            SweepFault::ServerStop | SweepFault::ClientCancel | SweepFault::ClientKill | SweepFault::ClientStop
        ) {
            found.push(
                Diagnostic::new(
                    fault.span(),
                    format!("nobody recovers from `{}`", fault.as_ref()),
                    "it ends the call, and is meant to",
                )
                .help("recovers is for fin, rst, hold, refuse, server-kill and pause"),
            );
        }
    }
    found.extend(rules.uninformed.iter().filter_map(|process| scope.unknown_process(process)));
    for (name, options) in &rules.options {
        if !scope.instances.iter().any(|one| one.process == *name.as_ref()) {
            let known = scope.instances.iter().map(|one| one.process.as_str());
            found.push(
                Diagnostic::new(name.span(), format!("unknown process `{}`", name.as_ref()), "not in this scenario")
                    .help(known_names(name.as_ref(), "process", known)),
            );
            continue;
        }
        let own = scope.scenario.processes.get(name);
        let role_name = own.map_or(name.as_ref().as_str(), |process| role_name(name.as_ref(), process));
        // A role that is not known was found with the process.
        if let Some(role) = scope.system.role(role_name) {
            check_options(role_name, role, options, found);
        }
    }
    let mut seen = BTreeSet::new();
    for fault in rules.faults.iter().flatten().filter(|fault| !seen.insert(*fault.as_ref())) {
        found.push(Diagnostic::new(fault.span(), format!("`{}` is named twice", fault.as_ref()), "once is enough"));
    }
    let lists = [
        (rules.faults.as_ref().map(Vec::len), "faults"),
        (rules.calls.as_ref().map(Vec::len), "calls"),
        (rules.phases.as_ref().map(Vec::len), "phases"),
    ];
    for (list, at) in lists {
        if list == Some(0) {
            let start = section.span().start;
            found.push(
                Diagnostic::new(
                    start..start + "[sweep]".len(),
                    format!("`{at}` of [sweep] is empty"),
                    "nothing would be swept",
                )
                .help(format!("remove `{at}`: all are meant without it")),
            );
        }
    }
}

/// The names of the calls, as a blocking call without a name gets one.
fn calls(scenario: &ScenarioFile) -> BTreeSet<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let actions = scenario.steps.iter().filter_map(|step| step.as_ref().action.as_ref());
    actions
        .filter_map(|action| match action.as_ref() {
            Action::Call(it) => {
                let count = counts.entry(it.op.as_ref()).or_default();
                *count += 1;
                let own = it.name.as_ref().or(it.save.as_ref()).map(|name| name.as_ref().clone());
                Some(own.unwrap_or_else(|| format!("{}-{count}", it.op.as_ref())))
            }
            Action::Begin(it) => {
                *counts.entry(it.op.as_ref()).or_default() += 1;
                Some(it.name.as_ref().clone())
            }
            _ => None,
        })
        .collect()
}
