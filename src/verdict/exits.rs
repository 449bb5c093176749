//! Every process ends with its expected status, within its bound, and leaves nobody behind.

use std::time::Duration;

use super::Case;
use crate::evidence::{Asked, Boot, LateStop, ProcessEvidence};
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

fn judge_boot(case: Case<'_>, process: &ProcessEvidence, boot: &Boot, findings: &mut Vec<Finding>) {
    if let Some(stop) = &boot.late_stop {
        findings.push(late_stop(case, process, boot, stop));
        return;
    }
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

/// A stop of the scenario that was not over within its bound, and what was open then.
fn late_stop(case: Case<'_>, process: &ProcessEvidence, boot: &Boot, stop: &LateStop) -> Finding {
    let took = |at: u64| format!("{:?}", Duration::from_micros(at.saturating_sub(stop.told)));
    let teardown = case.evidence.teardown.unwrap_or(u64::MAX);
    let ended = match (&boot.exit, boot.escalated) {
        (_, Some(_)) => "it ended only when the harness insisted, at the end of the run".to_owned(),
        (Some(exit), None) if exit.at >= teardown => {
            "it ended only when the harness took its clients down, at the end of the run".to_owned()
        }
        (Some(exit), None) => format!("it took {}", took(exit.at)),
        (None, None) => "it never did".to_owned(),
    };
    let within = Duration::from_micros(stop.within);
    let message = format!("did not end within {within:?} of the stop (step {}): {ended}", stop.step);
    let open = match stop.open.is_empty() {
        true => vec!["no connection of a link was open to it then".to_owned()],
        false => stop.open.iter().map(|open| format!("open then: {open}")).collect(),
    };
    Finding::new(FindingKind::ExitLate, message).process(&process.name).excerpt(open)
}

/// Whether a process that works until it is told to end has ended without that, and the scenario does not foresee it. Its status
/// does not matter: a server that gives up with status 0 is gone all the same.
fn by_itself(case: Case<'_>, process: &ProcessEvidence, boot: &Boot) -> bool {
    let works_until_told = matches!(case.kind(process, None), Some(RoleKind::Server | RoleKind::Driven));
    let foreseen = boot.expected.is_some() || declared_exit(case, process).is_some() || is_awaited(case, process);
    works_until_told && boot.asked.is_none() && !foreseen
}

/// Whether a step waits for its end.
fn is_awaited(case: Case<'_>, process: &ProcessEvidence) -> bool {
    let events = case.scenario.steps.iter().filter_map(|step| step.as_ref().on.as_ref());
    events
        .map(|event| event.as_ref())
        .any(|event| matches!(event, Event::Exit(exit) if super::wanted::is_named(process, exit.process.as_ref())))
}

fn declared_exit(case: Case<'_>, process: &ProcessEvidence) -> Option<String> {
    let declared = case.scenario.processes.iter().find(|(name, _)| super::wanted::is_named(process, name.as_ref()));
    declared.and_then(|(_, declared)| declared.exit.as_ref()).map(|exit| exit.as_ref().clone())
}

/// The exit that a step waited for, else that of the process in the scenario, else that of its role.
fn expected_exit(case: Case<'_>, process: &ProcessEvidence, boot: &Boot) -> Option<String> {
    let role = case.system.role(&process.role).map(|role| role.exit.as_ref().clone());
    boot.expected.clone().or_else(|| declared_exit(case, process)).or(role)
}
