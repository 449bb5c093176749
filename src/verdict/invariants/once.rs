//! Operations that are carried out once for each call: what the proxy saw of its requests tells.

use super::item_effects::line;
use crate::evidence::{Call, SeenRequest};
use crate::finding::{Finding, FindingKind};
use crate::system::{Once, Operation};
use crate::verdict::Case;

pub(super) fn judge(case: Case<'_>, rule: &Once, findings: &mut Vec<Finding>) {
    for call in &case.evidence.history {
        let named = rule.operations.iter().any(|op| *op.as_ref() == call.op);
        let operation = case.system.operations.get(&call.op);
        let Some(operation) = operation.filter(|operation| named && operation.path.is_some()) else { continue };
        // Whose request it was is not known where calls of one operation overlap.
        let overlap = |other: &Call| {
            let ended = |call: &Call| call.ended.unwrap_or(u64::MAX);
            !std::ptr::eq(other, call) && other.begun <= ended(call) && call.begun <= ended(other)
        };
        let same = |other: &&Call| {
            other.process == call.process
                && case.system.operations.get(&other.op).is_some_and(|one| same_request(one, operation))
        };
        if case.evidence.history.iter().filter(same).any(overlap) {
            continue;
        }
        let done: Vec<&SeenRequest> = case
            .evidence
            .requests
            .iter()
            .filter(|request| {
                request.process == call.process && (call.begun..=call.ended.unwrap_or(u64::MAX)).contains(&request.at)
            })
            .filter(|request| case.system.makes(&call.op, &request.seen.method, &request.seen.path))
            .filter(|request| request.seen.status.is_some_and(|status| (200..300).contains(&status)))
            .collect();
        // A server that honours the key repeats its answer.
        let first = done.first().and_then(|request| request.seen.key.as_ref());
        let one_key = first.is_some() && done.iter().all(|request| request.seen.key.as_ref() == first);
        if done.len() < 2 || one_key {
            continue;
        }
        let message = format!("one call of {}, and the server carried out {} requests of it", call.op, done.len());
        let requests = done.iter().map(|request| {
            let (at, seen) = (request.at as f64 / 1e3, &request.seen);
            let key = seen.key.as_ref().map_or_else(|| "no idempotency key".to_owned(), |key| format!("key {key}"));
            let status = seen.status.unwrap_or_default();
            let answer = if seen.finished { "" } else { ", an answer that the client did not get whole" };
            format!("{at:.1} ms  {} {} with {key} -> {status}{answer}", seen.method, seen.path)
        });
        let finding = Finding::new(FindingKind::AppliedTwice, message).process(&call.process).call(&call.name);
        findings.push(finding.excerpt(std::iter::once(line(call)).chain(requests)));
    }
}

fn same_request(one: &Operation, other: &Operation) -> bool {
    (&one.method, &one.path) == (&other.method, &other.path)
}
