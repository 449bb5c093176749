//! Every process ends with its expected status, within its bound, and leaves nobody behind.

use super::Case;
use crate::evidence::{Asked, Boot, Process};
use crate::finding::{Finding, FindingKind};
use crate::scenario::Event;
use crate::system::RoleKind;

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    for process in &case.evidence.processes {
        for boot in &process.boots {
            judge_boot(case, process, boot, findings);
        }
        for command in &process.left_behind {
            let message = format!("left a process behind: {command}");
            findings.push(Finding::new(FindingKind::DescendantLeft, message).process(&process.name));
        }
    }
}

fn judge_boot(case: Case<'_>, process: &Process, boot: &Boot, findings: &mut Vec<Finding>) {
    if boot.late {
        let message = "did not end within its bound after it was told to, and was killed for that";
        findings.push(Finding::new(FindingKind::ExitLate, message).process(&process.name));
        return;
    }
    let Some(exit) = &boot.exit else { return };
    if by_itself(case, process, boot) {
        let message = format!("ended by itself with {exit}: nothing had told it to");
        let excerpt = process.records.iter().rev().take(5).rev().map(|record| record.summary());
        findings.push(Finding::new(FindingKind::ExitStatus, message).process(&process.name).excerpt(excerpt));
        return;
    }
    let killed = boot.asked == Some(Asked::Kill) && exit.signal.as_deref() == Some("SIGKILL");
    if killed && boot.expected.is_none() {
        return;
    }
    let Some(name) = expected_exit(case, process, boot) else { return };
    let accepted =
        case.system.exits.get(&name).is_some_and(|known| known.as_ref().accepts(exit.code, exit.signal.as_deref()));
    if !accepted {
        let message = format!("ended with {exit}, not as `{name}`");
        let excerpt = process.records.iter().rev().take(5).rev().map(|record| record.summary());
        findings.push(Finding::new(FindingKind::ExitStatus, message).process(&process.name).excerpt(excerpt));
    }
}

/// Whether a process that works until it is told to end has ended without that, and the scenario does not foresee it. Its status
/// does not matter: a server that gives up with status 0 is gone all the same.
fn by_itself(case: Case<'_>, process: &Process, boot: &Boot) -> bool {
    let works_until_told = matches!(case.kind(process, None), Some(RoleKind::Server | RoleKind::Driven));
    let foreseen = boot.expected.is_some() || declared_exit(case, process).is_some() || is_awaited(case, process);
    works_until_told && boot.asked.is_none() && !foreseen
}

/// Whether a step waits for its end.
fn is_awaited(case: Case<'_>, process: &Process) -> bool {
    let events = case.scenario.steps.iter().filter_map(|step| step.as_ref().on.as_ref());
    events
        .map(|event| event.as_ref())
        .any(|event| matches!(event, Event::Exit(exit) if super::wanted::is_named(process, exit.process.as_ref())))
}

fn declared_exit(case: Case<'_>, process: &Process) -> Option<String> {
    let declared = case.scenario.processes.iter().find(|(name, _)| super::wanted::is_named(process, name.as_ref()));
    declared.and_then(|(_, declared)| declared.exit.as_ref()).map(|exit| exit.as_ref().clone())
}

/// The exit that a step waited for, else that of the process in the scenario, else that of its role.
fn expected_exit(case: Case<'_>, process: &Process, boot: &Boot) -> Option<String> {
    let role = case.system.role(&process.role).map(|role| role.exit.as_ref().clone());
    boot.expected.clone().or_else(|| declared_exit(case, process)).or(role)
}
