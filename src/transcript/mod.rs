//! The evidence as stable text: what a snapshot holds. And the one comparer of transcripts and snapshots.

mod moving;
mod process;
mod snapshot;

use std::fmt::Write as _;

use crate::evidence::{CallEffect, CallResult, Evidence};
use crate::log::{IdentifierError, Record, Redactor};
use crate::scenario::TranscriptRules;
use crate::system::SystemFile;

pub use moving::{Moving, moving};
pub use snapshot::{Comparison, OrphanSnapshot, compare, orphans, place, read, write};

/// The transcript of a run.
///
/// It is stable by construction: what differs from run to run is redacted to names that keep identity, numbered in the order of the
/// scenario's calls; teardown is left out; instances of one process are redacted apart and then sorted.
///
/// What the scenario does not pin is left out, sorted or folded as `rules` say.
///
/// # Errors
/// When an identifier's shape in the system file or in the rules is no regular expression.
pub fn transcript(
    evidence: &Evidence,
    system: &SystemFile,
    rules: &TranscriptRules,
) -> Result<String, IdentifierError> {
    let mut ids = system.log.ids.clone();
    ids.extend(rules.ids.clone());
    let mut redactor = Redactor::new(&ids)?;
    redactor.name(&evidence.folder, "<run>");
    for process in &evidence.processes {
        for boot in &process.boots {
            redactor.name_pid(boot.pid, &format!("pid-of-{}", process.name));
        }
    }
    for (process, port) in &evidence.ports {
        redactor.name_port(*port, &format!("port-of-{process}"));
    }
    // Workers are known only by what is said of them.
    for record in evidence.processes.iter().flat_map(|process| &process.records) {
        texts(record).for_each(|text| redactor.learn_pids(text));
    }
    for (number, address) in shared_addresses(evidence).into_iter().enumerate() {
        redactor.name(&address, &format!("<address-{}>", number + 1));
    }
    for call in &evidence.history {
        redactor.learn(&call.args.to_string());
        if let Some(value) = &call.value {
            redactor.learn(&value.to_string());
        }
    }
    let mut text = String::new();
    if !evidence.history.is_empty() {
        text.push_str("calls\n");
    }
    for call in &evidence.history {
        let result = call.result.map_or("never ended", CallResult::name);
        let effect = match call.effect {
            CallEffect::Applied => "applied",
            CallEffect::NotApplied => "not applied",
            CallEffect::Unknown => "effect unknown",
        };
        let _ = writeln!(text, "  {} {} {}: {result}, {effect}", call.process, call.op, call.name);
    }
    if !evidence.faults.is_empty() {
        text.push_str("faults\n");
    }
    for fault in &evidence.faults {
        let planned = if fault.planned { "planned" } else { "unplanned" };
        let at = fault.request.as_ref().map(|request| format!(" at {}", redactor.redact(request))).unwrap_or_default();
        let _ = writeln!(text, "  step {}: {} {}{at}, {planned}", fault.step, fault.action, fault.target);
    }
    for block in process::blocks(process::Source { evidence, system, rules }, &redactor) {
        text.push_str(&block);
    }
    Ok(without_numbers_of_secrets(&text))
}

/// Which secret came first is chance.
fn without_numbers_of_secrets(text: &str) -> String {
    let mut parts = text.split("<secret-");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        match rest.strip_prefix('>').filter(|_| rest.len() < part.len()) {
            Some(rest) => kept.extend(["<secret>", rest]),
            None => kept.extend(["<secret-", part]),
        }
    }
    kept
}

#[test]
fn secrets_have_no_numbers_in_a_transcript() {
    let text = "a <secret-1>, <secret-23>x <secret-> <secret-y> <secret-4";
    assert_eq!(without_numbers_of_secrets(text), "a <secret>, <secret>x <secret-> <secret-y> <secret-4");
}

/// The addresses that more than one process speaks of, in the order in which they are spoken of first: that they are the
/// same is part of the story. Those of one process only are mostly ports that were given by chance.
fn shared_addresses(evidence: &Evidence) -> Vec<String> {
    // By address: which process spoke of it first, and whether another did, too.
    let mut known: Vec<(String, usize, bool)> = Vec::new();
    for (process, of) in evidence.processes.iter().enumerate() {
        for record in &of.records {
            for text in texts(record) {
                for address in Redactor::addresses(text) {
                    match known.iter().position(|(found, ..)| found == address) {
                        Some(at) => known[at].2 |= known[at].1 != process,
                        // Nobody needs the names of thousands.
                        None if known.len() < 1000 => known.push((address.to_owned(), process, false)),
                        None => {}
                    }
                }
            }
        }
    }
    known.into_iter().filter(|(_, _, shared)| *shared).map(|(address, ..)| address).collect()
}

/// Everything that a record says.
fn texts(record: &Record) -> impl Iterator<Item = &String> {
    let fields = record.fields.iter().map(|(_, value)| value);
    std::iter::once(&record.message).chain(fields).chain(&record.continuation)
}

#[cfg(test)]
mod tests;
