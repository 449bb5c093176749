//! The evidence of a run as its timeline, bounded.

use std::path::Path;

use super::model::*;
use super::records::{Allowance, records};
use super::texts::Texts;
use crate::evidence::{Asked, Boot, Call, CallEffect, CallResult, Evidence, SeenRequest};
use crate::scenario::Scenario;
use crate::sweep::call_of;
use crate::system::{PLAIN, System};

/// How many requests of a link are shown.
const REQUESTS: usize = 2_000;

/// A timeline, and where its findings are in it.
pub(super) struct Told {
    /// The timeline.
    pub timeline: TimelineView,
    /// For each process the records that are kept, by their index in the evidence.
    pub kept: Vec<Vec<usize>>,
}

/// The timeline of a run. With a transcript it is told in full: with that and the scenario, and as many records as there is room for.
pub(super) fn timeline(
    evidence: &Evidence,
    transcript: Option<&str>,
    texts: &mut Texts,
    allowance: &mut Allowance,
) -> Told {
    let in_full = transcript.is_some();
    let name = format!("{}.toml", evidence.scenario);
    let scenario = Scenario::parse(Path::new(&name), &evidence.scenario_source).ok();
    let system = System::parse(Path::new("system.toml"), &evidence.system_source).ok();
    let variant = evidence.variant.as_deref().unwrap_or(PLAIN);
    let system = system.and_then(|system| system.with_variant(variant).ok());
    let mut kept = Vec::new();
    let processes = evidence
        .processes
        .iter()
        .map(|process| {
            let (records, indices) = records(evidence, process, texts, allowance, in_full);
            kept.push(indices);
            ProcessView {
                name: texts.id(&process.name),
                role: texts.id(&process.role),
                boots: process.boots.iter().map(|boot| boot_view(boot, texts)).collect(),
                records,
            }
        })
        .collect();
    let timeline = TimelineView {
        took: evidence.took,
        processes,
        links: links(evidence, system.as_ref(), texts),
        calls: evidence.history.iter().map(|call| call_view(call, texts)).collect(),
        steps: steps(evidence, scenario.as_ref(), texts),
        teardown: evidence.teardown,
        failure: evidence.failure.as_ref().map(|failure| (failure.step, texts.id(&failure.message))),
        scenario: in_full.then(|| texts.document(&evidence.scenario_source)),
        transcript: transcript.filter(|text| !text.is_empty()).map(|text| texts.document(text)),
        notes: evidence.notes.iter().map(|note| texts.id(note)).collect(),
    };
    Told { timeline, kept }
}

fn boot_view(boot: &Boot, texts: &mut Texts) -> BootView {
    let mut notes = Vec::new();
    if let Some(asked) = boot.asked {
        notes.push(texts.id(match asked {
            Asked::Stop => "told to stop by the scenario",
            Asked::Kill => "killed by the scenario",
            Asked::Signal => "sent a signal by the scenario",
            Asked::Teardown => "told to stop at the end of the run",
        }));
    }
    if let Some(expected) = &boot.expected {
        notes.push(texts.id(&format!("must end with `{expected}`")));
    }
    if let Some(late) = &boot.late_stop {
        let bound = std::time::Duration::from_micros(late.within);
        notes.push(texts.id(&format!("had not ended {bound:?} after step {}", late.step)));
        notes.extend(late.open.iter().map(|open| texts.id(&format!("open then: {open}"))));
    }
    if boot.late {
        notes.push(texts.id("did not end within its bound, and was killed for that"));
    }
    BootView {
        pid: boot.pid,
        started: boot.started,
        ready: boot.ready,
        exit: boot.exit.as_ref().map(|exit| (exit.at, texts.id(&exit.to_string()))),
        notes,
    }
}

/// The links, in the order of the processes whose they are.
fn links(evidence: &Evidence, system: Option<&System>, texts: &mut Texts) -> Vec<LinkView> {
    let linked = evidence.processes.iter().map(|process| &process.name);
    let mut links = Vec::new();
    for name in linked {
        let own: Vec<&SeenRequest> = evidence.requests.iter().filter(|request| request.process == *name).collect();
        let hits: Vec<_> = evidence.hits.iter().filter(|hit| hit.process == *name).take(REQUESTS).collect();
        if own.is_empty() && hits.is_empty() {
            continue;
        }
        let shown = own.iter().take(REQUESTS);
        links.push(LinkView {
            process: texts.id(name),
            requests: shown.map(|request| request_view(evidence, request, system, texts)).collect(),
            hits: hits
                .iter()
                .map(|hit| {
                    let to = if hit.hit.request.is_some() { "a request" } else { "the stream" };
                    let said = format!("{} {:?} {to} at byte {}", hit.hit.toxic, hit.hit.effect, hit.hit.offset);
                    (hit.at, texts.id(&said.to_lowercase()))
                })
                .collect(),
            left_out: own.len().saturating_sub(REQUESTS),
        });
    }
    links
}

fn request_view(evidence: &Evidence, request: &SeenRequest, system: Option<&System>, texts: &mut Texts) -> RequestView {
    let seen = &request.seen;
    let call = system.and_then(|system| call_of(evidence, request, &system.file));
    RequestView {
        number: seen.number,
        connection: seen.connection,
        at: request.at,
        ended: request.ended,
        what: texts.id(&format!("{} {}", seen.method, seen.path)),
        phases: seen.phase.map_or(0, |phase| phase as u8 + 1),
        bytes: [
            seen.request_head.min(seen.request_bytes),
            seen.request_bytes.saturating_sub(seen.request_head),
            seen.response_head.min(seen.response_bytes),
            seen.response_bytes.saturating_sub(seen.response_head),
        ],
        status: seen.status,
        finished: seen.finished,
        call: call.and_then(|call| evidence.history.iter().position(|known| std::ptr::eq(known, call))),
    }
}

fn call_view(call: &Call, texts: &mut Texts) -> CallView {
    let allowed = |result| call.expected.as_ref().is_none_or(|expected| expected.allow(result));
    CallView {
        name: texts.id(&call.name),
        process: texts.id(&call.process),
        op: texts.id(&call.op),
        begun: call.begun,
        ended: call.ended,
        result: call.result.map(|result| texts.id(CallResult::name(result))),
        as_expected: call.result.is_some_and(allowed),
        effect: texts.id(match call.effect {
            CallEffect::Applied => "applied",
            CallEffect::NotApplied => "not applied",
            CallEffect::Unknown => "effect unknown",
        }),
        error: call.error.as_ref().map(|error| texts.id(error)),
    }
}

fn steps(evidence: &Evidence, scenario: Option<&Scenario>, texts: &mut Texts) -> Vec<StepView> {
    let line = |number: usize| {
        let scenario = scenario?;
        let step = scenario.file.steps.get(number.checked_sub(1)?)?;
        let before = scenario.source.get(..step.span().start)?;
        Some(before.matches('\n').count() + 1)
    };
    let fault = |number: usize, texts: &mut Texts| {
        let fault = evidence.faults.iter().find(|fault| fault.step == number)?;
        Some(FaultView {
            at: fault.at,
            action: texts.id(&fault.action),
            target: texts.id(&fault.target),
            planned: fault.planned,
            fired: fault.fired.as_ref().map(|fired| texts.id(fired)),
            request: fault.request.as_ref().map(|request| texts.id(request)),
        })
    };
    let view = |step: &crate::evidence::StepEvidence| StepView {
        number: step.number,
        what: texts.id(&step.what),
        line: line(step.number),
        met: step.met,
        done: step.done,
        fault: fault(step.number, texts),
    };
    evidence.steps.iter().map(view).collect()
}
