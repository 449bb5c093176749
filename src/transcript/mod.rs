//! The evidence as stable text: what a snapshot holds. And the one comparer of transcripts and snapshots.

mod process;
mod snapshot;

use std::fmt::Write as _;

use crate::evidence::{CallEffect, CallResult, Evidence};
use crate::log::Redactor;
use crate::system::SystemFile;

pub use snapshot::{Comparison, compare, place, read, write};

/// The transcript of a run.
///
/// It is stable by construction: what differs from run to run is redacted to names that keep identity, numbered in the order of the
/// scenario's calls; teardown is left out; instances of one process are redacted apart and then sorted.
///
/// # Errors
/// When an identifier's shape in the system file is no regular expression.
pub fn transcript(evidence: &Evidence, system: &SystemFile) -> Result<String, String> {
    let mut redactor = Redactor::new(&system.log.ids)?;
    redactor.name(&evidence.folder, "<run>");
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
    for block in process::blocks(evidence, system, &redactor) {
        text.push_str(&block);
    }
    Ok(text)
}
