//! The requests of a run without faults of the sweep: what there is to break.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::base::Base;
use super::point::{Persistence, Sizes, Strike};
use crate::evidence::{Call, Evidence, SeenRequest};
use crate::file::fits;
use crate::system::SystemFile;

/// A request that was seen in the clean run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Recorded {
    /// The process that made it.
    pub process: String,
    /// The call that it belongs to, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The operation that it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<String>,
    /// Its method.
    pub method: String,
    /// Its path, or a pattern of it where parts of it are another in every run.
    pub path: String,
    /// How long its parts were.
    pub sizes: Sizes,
    /// The calls to which earlier requests belong that the same gate would name; nothing for one that belongs to none.
    pub earlier: Vec<Option<String>>,
    /// Before which step a gate on the request belongs, and before which one on its response.
    pub steps: (usize, usize),
    /// The fault without which there would be no such request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Strike>,
}

impl Recorded {
    /// How the request is called in messages.
    pub fn label(&self) -> String {
        let what = match (&self.call, &self.op) {
            (Some(call), Some(op)) if !call.starts_with(op.as_str()) => format!("{op} `{call}` of {}", self.process),
            (Some(call), _) => format!("{call} of {}", self.process),
            (None, Some(op)) => format!("{op} of {}", self.process),
            (None, None) => format!("{} {} of {}", self.method, self.path, self.process),
        };
        match &self.cause {
            Some(cause) => format!("{what}, again after {}", cause.fault),
            None => what,
        }
    }

    /// Whether a request is one that a gate on this one counts.
    fn counts(&self, request: &SeenRequest, system: &SystemFile) -> bool {
        let seen = &request.seen;
        let named = match &self.op {
            Some(op) => system.makes(op, &seen.method, &seen.path),
            None => self.method == seen.method && fits(&self.path, &seen.path),
        };
        self.process == request.process && named
    }
}

/// The requests of a clean run, in an order that does not depend on who was faster: those of calls in the order of the calls,
/// then those of processes that run freely, of which the first of each kind. `numbers`: in which step of the run each step of the
/// base was.
pub(super) fn record(base: &Base, numbers: &[usize], evidence: &Evidence, system: &SystemFile) -> Vec<Recorded> {
    let mut found: Vec<((usize, usize, String), Recorded)> = Vec::new();
    let mut kinds = BTreeSet::new();
    for (index, request) in evidence.requests.iter().enumerate() {
        let process = base.driven.contains(&request.process);
        let call = call_of(evidence, request, system);
        let place = call.and_then(|call| base.call_named(&call.name));
        if !request.seen.finished || (process && place.is_none() && call.is_some()) {
            continue;
        }
        let (op, path) = pattern(request, call, system);
        let kind = (request.process.clone(), request.seen.method.clone(), path.clone());
        if place.is_none() && !kinds.insert(kind) {
            continue;
        }
        let steps = match place {
            Some(call) => (base.calls[call].begin + 1, base.calls[call].end),
            None => {
                let step = during(numbers, evidence, request.at);
                (step, step)
            }
        };
        let seen = &request.seen;
        let mut recorded = Recorded {
            process: request.process.clone(),
            call: place.map(|call| base.calls[call].name.clone()),
            op,
            method: seen.method.clone(),
            path,
            sizes: Sizes::of(request),
            earlier: Vec::new(),
            steps,
            cause: None,
        };
        recorded.earlier = earlier(&recorded, request, evidence, system);
        found.push(((place.unwrap_or(usize::MAX), index, request.process.clone()), recorded));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.into_iter().map(|(_, recorded)| recorded).collect()
}

/// The calls of the requests that a gate on this one counts before it.
fn earlier(
    recorded: &Recorded,
    request: &SeenRequest,
    evidence: &Evidence,
    system: &SystemFile,
) -> Vec<Option<String>> {
    let before = evidence
        .requests
        .iter()
        .filter(|other| recorded.counts(other, system) && other.seen.number < request.seen.number);
    before.map(|other| call_of(evidence, other, system).map(|call| call.name.clone())).collect()
}

/// The requests that were made only because a fault struck one of a call: other attempts, questions after the server's health. Of
/// each kind the first that was answered.
pub(super) fn brought_about(
    struck: &Recorded,
    cause: Strike,
    evidence: &Evidence,
    system: &SystemFile,
) -> Vec<Recorded> {
    let Some(call) = evidence.history.iter().find(|call| Some(&call.name) == struck.call.as_ref()) else {
        return Vec::new();
    };
    let during = |request: &&SeenRequest| {
        request.process == call.process && (call.begun..=call.ended.unwrap_or(u64::MAX)).contains(&request.at)
    };
    let mut requests: Vec<&SeenRequest> = evidence.requests.iter().filter(during).collect();
    // The first is the one that was struck.
    let own = requests.iter().position(|it| struck.counts(it, system));
    own.map(|own| requests.remove(own));
    let mut kinds = BTreeSet::new();
    let mut found = Vec::new();
    for request in requests.into_iter().filter(|request| request.seen.finished) {
        let is_attempt = struck.counts(request, system);
        let (op, path) = match is_attempt {
            true => (struck.op.clone(), struck.path.clone()),
            false => pattern(request, None, system),
        };
        if !kinds.insert((request.seen.method.clone(), path.clone())) {
            continue;
        }
        let mut recorded = Recorded {
            op,
            method: request.seen.method.clone(),
            path,
            sizes: Sizes::of(request),
            earlier: Vec::new(),
            // It comes after the fault that brings it about.
            steps: (struck.steps.1, struck.steps.1),
            cause: Some(cause),
            ..struck.clone()
        };
        recorded.earlier = earlier(&recorded, request, evidence, system);
        found.push(recorded);
    }
    found
}

impl Strike {
    /// What it does, in a few words.
    pub fn describe(&self, requests: &[Recorded]) -> String {
        let often = match self.persistence {
            Persistence::Once => "once",
            Persistence::Every => "every",
        };
        format!("{} {often} at {} of {}", self.fault, self.place, requests[self.request].label())
    }
}

impl Sizes {
    fn of(request: &SeenRequest) -> Self {
        let seen = &request.seen;
        Self {
            request_head: seen.request_head,
            request_body: seen.request_bytes.saturating_sub(seen.request_head),
            response_head: seen.response_head,
            response_body: seen.response_bytes.saturating_sub(seen.response_head),
        }
    }
}

/// The call that a request belongs to: the last one of its process that had begun, had not ended, and makes such requests.
pub(crate) fn call_of<'e>(evidence: &'e Evidence, request: &SeenRequest, system: &SystemFile) -> Option<&'e Call> {
    let fits = |call: &&Call| {
        call.process == request.process
            && (call.begun..=call.ended.unwrap_or(u64::MAX)).contains(&request.at)
            && system.makes(&call.op, &request.seen.method, &request.seen.path)
    };
    evidence.history.iter().rev().find(fits)
}

/// How a gate names a request: by its operation, whose pattern is the path, or by a path without what is another in every run.
fn pattern(request: &SeenRequest, call: Option<&Call>, system: &SystemFile) -> (Option<String>, String) {
    let path = &request.seen.path;
    let own = call.and_then(|call| system.operations.get_key_value(&call.op));
    if let Some((op, rule)) = own
        && let (Some(path), Some(_)) = (rule.path(), rule.method())
    {
        return (Some(op.clone()), path.to_owned());
    }
    let mut fitting = system.operations.iter().filter_map(|(op, rule)| {
        let pattern = rule.method().and(rule.path())?;
        system.makes(op, &request.seen.method, path).then_some((op, pattern))
    });
    match fitting.next() {
        Some((op, pattern)) => (Some(op.clone()), pattern.to_owned()),
        None => (None, without_ids(path, system)),
    }
}

fn without_ids(path: &str, system: &SystemFile) -> String {
    let shapes = system.log.ids.values().filter_map(|shape| regex::Regex::new(shape).ok());
    shapes.fold(path.to_owned(), |path, shape| shape.replace_all(&path, "*").into_owned())
}

/// The index of the step of the base that was being taken at a time.
fn during(numbers: &[usize], evidence: &Evidence, at: u64) -> usize {
    let over = evidence.steps.iter().take_while(|step| step.done.is_some_and(|done| done <= at)).count();
    numbers.iter().take_while(|number| **number <= over).count()
}
