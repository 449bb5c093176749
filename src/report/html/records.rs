//! The records of a process, as far as there is room for them.

use std::collections::BTreeSet;

use super::model::RecordsView;
use super::texts::Texts;
use crate::evidence::{Evidence, ProcessEvidence};
use crate::log::{Level, Record};

/// How much of all runs is shown in one page: what is more is counted.
#[derive(Debug)]
pub(super) struct Allowance {
    /// Records.
    pub records: usize,
    /// Bytes of texts.
    pub bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { records: 200_000, bytes: 12 * 1024 * 1024 }
    }
}

/// How many records of one process are shown where something is wrong.
const IN_FULL: usize = 20_000;
/// And where nothing is.
const IN_SHORT: usize = 2_000;

/// How many further lines of a record are shown.
const LINES: usize = 60;

/// The records that are shown, and which of the evidence they are.
pub(super) fn records(
    evidence: &Evidence,
    process: &ProcessEvidence,
    texts: &mut Texts,
    allowance: &mut Allowance,
    in_full: bool,
) -> (RecordsView, Vec<usize>) {
    let room = if texts.bytes() < allowance.bytes { allowance.records } else { 0 };
    let kept = chosen(evidence, process, room.min(if in_full { IN_FULL } else { IN_SHORT }));
    allowance.records -= kept.len();
    let mut view = RecordsView { left_out: process.records.len() - kept.len(), ..RecordsView::default() };
    for (index, record) in kept.iter().map(|kept| &process.records[*kept]).enumerate() {
        view.at.push(record.at);
        view.level.push(level(record, process.traces_only));
        view.target.push(texts.id(record.target.as_deref().unwrap_or_default()));
        let fields: String = record.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        view.text.push(texts.id(&format!("{}{fields}", record.message)));
        if let Some(more) = further(record) {
            view.more.insert(index, texts.id(&more));
        }
        if !record.tracebacks.is_empty() {
            view.traces.push(index);
        }
    }
    (view, kept)
}

/// Those above INFO and those with stack traces first, then those that are nearest to a fault.
fn chosen(evidence: &Evidence, process: &ProcessEvidence, most: usize) -> Vec<usize> {
    let all = 0..process.records.len();
    if all.len() <= most {
        return all.collect();
    }
    let weight = |index: &usize| {
        let record = &process.records[*index];
        let told = record.level.is_none_or(|level| level > Level::Info) || !record.tracebacks.is_empty();
        let far = evidence.faults.iter().map(|fault| fault.at.abs_diff(record.at)).min().unwrap_or(record.at);
        (!told, far)
    };
    let mut ordered: Vec<usize> = all.collect();
    ordered.sort_by_cached_key(weight);
    ordered.truncate(most);
    ordered.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn level(record: &Record, without_levels: bool) -> u8 {
    match record.level {
        Some(Level::Trace) => 1,
        Some(Level::Debug) => 2,
        Some(Level::Info) => 3,
        Some(Level::Warn) => 4,
        Some(Level::Error) => 5,
        None if without_levels || !record.outside => 6,
        None => 0,
    }
}

/// The lines after the first, those of stack traces too.
fn further(record: &Record) -> Option<String> {
    let traces = record.tracebacks.iter().flat_map(|traceback| &traceback.lines);
    let lines: Vec<&str> = record.continuation.iter().chain(traces).map(String::as_str).collect();
    let shown = lines.iter().take(LINES).copied().collect::<Vec<_>>().join("\n");
    match lines.len() {
        0 => None,
        1..=LINES => Some(shown),
        all => Some(format!("{shown}\n… {} more lines", all - LINES)),
    }
}
