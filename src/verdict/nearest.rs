//! The records that come nearest to a line that is missing, and why each is not it.

use super::wanted::Wanted;
use crate::evidence::ProcessEvidence;
use crate::log::Record;

/// How many are shown.
const SHOWN: usize = 3;

/// The records that differ least, each with its differences. `late` says of a record that is the line why it does not count.
pub(super) fn nearest(
    wanted: Wanted<'_>,
    process: &ProcessEvidence,
    late: impl Fn(usize, &Record) -> Option<String>,
) -> Vec<String> {
    let mut near: Vec<(usize, usize, Vec<String>)> = process
        .records
        .iter()
        .enumerate()
        .filter(|(_, record)| wanted.is_of(process, record))
        .map(|(index, record)| {
            let mut differences = wanted.differences(record);
            if differences.is_empty() {
                differences.extend(late(index, record));
            }
            (differences.len(), index, differences)
        })
        .filter(|(count, ..)| *count > 0)
        .collect();
    // Of those that differ as much, the later ones: they are nearer to what went wrong.
    near.sort_by_key(|(count, index, _)| (*count, std::cmp::Reverse(*index)));
    let mut lines = Vec::new();
    for (_, index, differences) in near.into_iter().take(SHOWN) {
        lines.push(format!("near: {}", process.records[index].summary()));
        lines.extend(differences.into_iter().map(|difference| format!("      {difference}")));
    }
    if lines.is_empty() {
        lines.push("it logged nothing".to_owned());
    }
    lines
}
