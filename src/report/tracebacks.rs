//! Tracebacks by their cause, each cause with the fault that came before it and the requests that were in flight.

use std::collections::BTreeMap;

use crate::evidence::{Evidence, Fault, ProcessEvidence, SeenRequest};
use crate::log::{Record, Traceback};

/// The most requests and processes that are named of one cause.
const NAMED: usize = 4;

/// The tracebacks that have one cause.
pub(super) struct Group {
    /// The language, the exception and what it says.
    pub title: String,
    /// The innermost frame of the application.
    place: Option<String>,
    /// The innermost frame, if it is another one.
    frame: Option<String>,
    cause: Option<String>,
    /// How many there are, by process.
    processes: BTreeMap<String, usize>,
    fault: String,
    /// The requests that were in flight, and how many tracebacks came while one like it was.
    requests: BTreeMap<String, usize>,
    /// Where none was: the last that had passed before, and how many tracebacks came after it.
    last: BTreeMap<String, usize>,
    /// What the records say that have them: often the request in the client's own words.
    said: BTreeMap<String, usize>,
    /// What the harness was doing to the run when the first came, if it was ending it.
    pub ending: Option<&'static str>,
    /// The record of the first, and its first lines.
    pub first: Vec<String>,
}

impl Group {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.processes.values().sum()
    }

    /// What is known of them, by name.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let optional = |name, value: &Option<String>| value.clone().map(|value| (name, value));
        let requests = match (self.requests.is_empty(), self.last.is_empty()) {
            (false, _) => list(&self.requests),
            (true, true) => "none that passed a link".to_owned(),
            (true, false) => format!("none that passed a link; the last before: {}", list(&self.last)),
        };
        let facts = [
            optional("at", &self.place),
            optional("from", &self.frame),
            optional("caused by", &self.cause),
            Some(("in", list(&self.processes))),
            (!self.said.is_empty()).then(|| ("said by", list(&self.said))),
            Some(("after", self.fault.clone())),
            self.ending.map(|ending| ("came", ending.to_owned())),
            Some(("in flight", requests)),
        ];
        facts.into_iter().flatten().collect()
    }
}

/// Groups all tracebacks of a run; the first cause comes first.
pub(super) fn groups(evidence: &Evidence) -> Vec<Group> {
    let mut groups: Vec<(String, u64, Group)> = Vec::new();
    for process in &evidence.processes {
        for record in &process.records {
            for traceback in &record.tracebacks {
                let fault = evidence.faults.iter().rfind(|fault| fault.at <= record.at);
                let ending = evidence.ending(process, record);
                let key = format!("{} {}", ending.unwrap_or_default(), key(traceback, fault));
                let at = match groups.iter().position(|(known, ..)| *known == key) {
                    Some(at) => at,
                    None => {
                        groups.push((key, record.at, group(record, traceback, fault, ending)));
                        groups.len() - 1
                    }
                };
                let (_, first, group) = &mut groups[at];
                *first = record.at.min(*first);
                *group.processes.entry(speaker(process, record)).or_default() += 1;
                let message = first_line(&record.message);
                if !message.is_empty() && record.level.is_some() {
                    *group.said.entry(message.to_owned()).or_default() += 1;
                }
                let requests = in_flight(evidence, process, record, fault);
                if requests.is_empty() {
                    let last = passed(evidence, process, record).last();
                    last.into_iter().for_each(|last| *group.last.entry(name(last)).or_default() += 1);
                }
                for request in requests {
                    *group.requests.entry(request).or_default() += 1;
                }
            }
        }
    }
    groups.sort_by_key(|(_, first, _)| *first);
    groups.into_iter().map(|(.., group)| group).collect()
}

/// What those of one cause have in common: all but numbers, which are ports, addresses and identifiers.
fn key(traceback: &Traceback, fault: Option<&Fault>) -> String {
    let exception = traceback.exception.as_deref().unwrap_or_default();
    let said = traceback.cause.as_ref().unwrap_or(&traceback.message);
    let shape: String = said.chars().filter(|c| !c.is_ascii_hexdigit()).collect();
    let place = traceback.place().unwrap_or_default();
    let step = fault.map_or(0, |fault| fault.step);
    format!("{} {exception} {place} {shape} {step}", traceback.language.name())
}

fn group(record: &Record, traceback: &Traceback, fault: Option<&Fault>, ending: Option<&'static str>) -> Group {
    let exception = traceback.exception.as_deref().unwrap_or("traceback");
    let said = traceback.message.lines().next().unwrap_or_default();
    let colon = if said.is_empty() { "" } else { ": " };
    Group {
        title: format!("{}: {exception}{colon}{said}", traceback.language.name()),
        place: traceback.place().map(str::to_owned),
        frame: traceback.frame.clone().filter(|frame| traceback.place() != Some(frame)),
        cause: traceback.cause.as_ref().map(|cause| cause.lines().next().unwrap_or_default().to_owned()),
        processes: BTreeMap::new(),
        fault: fault.map_or_else(|| "no fault: nothing was broken yet".to_owned(), described),
        ending,
        requests: BTreeMap::new(),
        last: BTreeMap::new(),
        said: BTreeMap::new(),
        first: std::iter::once(first_line(&record.summary()).to_owned())
            .chain(traceback.lines.iter().cloned())
            .collect(),
    }
}

/// A fault in a few words: its step, what it was, and at which request.
pub fn described(fault: &Fault) -> String {
    let planned = if fault.planned { "planned" } else { "unplanned" };
    let at = fault.request.as_ref().map(|request| format!(" at {request}")).unwrap_or_default();
    format!("step {}: {} {}{at}, {planned}", fault.step, fault.action, fault.target)
}

/// Who wrote a record: the process, and of a composite one its thread or sub-process.
fn speaker(process: &ProcessEvidence, record: &Record) -> String {
    match &record.thread {
        Some(thread) => format!("{} ({thread})", process.name),
        None => process.name.clone(),
    }
}

/// The requests of a process (of a server, those of all) that were in flight when the fault came or began after it, before the
/// traceback, and that were never answered.
fn in_flight(evidence: &Evidence, process: &ProcessEvidence, record: &Record, fault: Option<&Fault>) -> Vec<String> {
    let since = fault.map_or(record.at, |fault| fault.at);
    let mut found: Vec<String> = passed(evidence, process, record)
        .filter(|request| request.ended.is_none_or(|ended| ended >= since) && !request.seen.finished)
        .map(name)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The requests of a process (of a server, those of all) that had begun before a record.
fn passed<'a>(
    evidence: &'a Evidence,
    process: &ProcessEvidence,
    record: &Record,
) -> impl Iterator<Item = &'a SeenRequest> {
    let is_client = evidence.requests.iter().any(|request| request.process == process.name);
    let (own, until) = (process.name.clone(), record.at);
    let all = evidence.requests.iter();
    all.filter(move |request| (!is_client || request.process == own) && request.at <= until)
}

fn name(request: &SeenRequest) -> String {
    format!("{} {}", request.seen.method, request.seen.path)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn list(counts: &BTreeMap<String, usize>) -> String {
    let mut all: Vec<(&String, &usize)> = counts.iter().collect();
    all.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    let named = all.iter().take(NAMED).map(|(name, count)| match count {
        1 => (*name).clone(),
        count => format!("{name} ({count})"),
    });
    let more = all.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("{more} others"));
    named.chain(more).collect::<Vec<_>>().join(", ")
}
