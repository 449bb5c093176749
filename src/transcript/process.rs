//! What one process said, as a block of the transcript.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::file::Spanned;

use crate::evidence::{Asked, Evidence, ProcessEvidence};
use crate::log::{Level, Record, Redactor};
use crate::scenario::TranscriptRules;
use crate::system::{RoleKind, SystemFile};

/// What a transcript is made of.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) system: &'a SystemFile,
    pub(super) rules: &'a TranscriptRules,
}

impl Source<'_> {
    /// Whether a record is one of these named lines.
    fn is_one_of(&self, names: &[Spanned<String>], record: &Record) -> bool {
        names.iter().filter_map(|name| self.system.lines.get(name.as_ref())).any(|line| line.matches(record))
    }
}

/// The blocks of all processes, in order; those of several instances of one process sorted by what they say.
pub(super) fn blocks(source: Source<'_>, redactor: &Redactor) -> Vec<String> {
    let evidence = source.evidence;
    let mut blocks = Vec::new();
    // The harness's own client says nothing.
    let says =
        |process: &&ProcessEvidence| source.system.role(&process.role).is_none_or(|role| role.kind != RoleKind::Http);
    let processes: Vec<&ProcessEvidence> = evidence.processes.iter().filter(says).collect();
    let mut rest = processes.as_slice();
    while let Some(first) = rest.first() {
        let base = first.name.split('.').next().unwrap_or_default();
        let count = rest.iter().take_while(|process| process.name.split('.').next() == Some(base)).count();
        let (group, others) = rest.split_at(count);
        let mut texts: Vec<String> = group.iter().map(|process| body(source, process, redactor)).collect();
        texts.sort();
        for (index, text) in texts.into_iter().enumerate() {
            let number = if count > 1 { format!(" ({} of {count})", index + 1) } else { String::new() };
            blocks.push(format!("{base}{number}\n{text}"));
        }
        rest = others;
    }
    blocks
}

fn body(source: Source<'_>, process: &ProcessEvidence, redactor: &Redactor) -> String {
    let system = source.system;
    let mut text = String::new();
    for (index, boot) in process.boots.iter().enumerate() {
        let next = process.boots.get(index + 1).map_or(process.records.len(), |next| next.first_record);
        let end = boot.teardown_record.unwrap_or(next).min(next);
        // A server that was booted again only to read its data is no part of the story.
        if boot.teardown_record == Some(boot.first_record) && index > 0 {
            continue;
        }
        if index > 0 {
            text.push_str("  started again\n");
        }
        let records: Vec<&Record> = process.records[boot.first_record.min(end)..end]
            .iter()
            .filter(|record| is_shown(source, process, record))
            .collect();
        let parts = system.role(&process.role).map(|role| &role.parts).filter(|parts| !parts.is_empty());
        match parts {
            None => text.push_str(&lines(source, process, &records, redactor, "  ")),
            Some(_) => text.push_str(&part_blocks(source, process, &records, redactor)),
        }
        if boot.late || boot.late_stop.is_some() {
            text.push_str("  did not end in time\n");
        } else if let Some(exit) = boot.exit.as_ref().filter(|_| boot.asked != Some(Asked::Teardown)) {
            let _ = writeln!(text, "  ended with {exit}");
        }
    }
    text
}

/// The records of a composite process, one block for each of its threads or sub-processes, sorted by what they say.
fn part_blocks(source: Source<'_>, process: &ProcessEvidence, records: &[&Record], redactor: &Redactor) -> String {
    let system = source.system;
    let mut threads: Vec<Option<&str>> = records.iter().map(|record| record.thread.as_deref()).collect();
    threads.sort_unstable();
    threads.dedup();
    let mut blocks: Vec<String> = threads
        .into_iter()
        .map(|thread| {
            let own: Vec<&Record> =
                records.iter().filter(|record| record.thread.as_deref() == thread).copied().collect();
            let part = system.role(&process.role).and_then(|role| {
                role.parts
                    .iter()
                    .find(|(_, part)| thread.is_some_and(|thread| crate::file::fits(&part.thread, thread)))
                    .map(|(name, _)| name.as_str())
            });
            format!("  {}\n{}", part.or(thread).unwrap_or("unnamed"), lines(source, process, &own, redactor, "    "))
        })
        .collect();
    blocks.sort();
    blocks.concat()
}

/// Records as lines: first what is about no call, in order; then by call, in the order of the calls. Two calls at once log in any
/// order, each of them does not.
fn lines(
    source: Source<'_>,
    process: &ProcessEvidence,
    records: &[&Record],
    redactor: &Redactor,
    indent: &str,
) -> String {
    // Each block numbers what only it has seen by itself: else the order of the blocks would show.
    let mut redactor = redactor.clone();
    let number =
        |record: &Record| record.field(&source.system.log.call_field).and_then(|number| number.parse::<u64>().ok());
    let mut ordered = records.to_vec();
    ordered.sort_by_key(|record| number(record).unwrap_or(0));
    // By what they say without numbers: those are given in the order that comes of it.
    let unordered = |record: &&Record| source.is_one_of(&source.rules.unordered, record);
    for run in ordered.chunk_by_mut(|one, next| unordered(one) && unordered(next)).filter(|run| run.len() > 1) {
        run.sort_by_cached_key(|record| {
            let text = line(source, process, record, &mut redactor.clone());
            text.replace(|c: char| c.is_ascii_digit(), "")
        });
    }
    let mut text = String::new();
    let mut last = String::new();
    let mut folded = BTreeSet::new();
    for record in ordered {
        let line = line(source, process, record, &mut redactor);
        let again = source.is_one_of(&source.rules.fold, record) && !folded.insert(line.clone());
        // Repeats fold, without a number: how often is a matter of time.
        if line != last && !again {
            for part in line.lines() {
                let _ = writeln!(text, "{indent}{part}");
            }
            last = line;
        }
    }
    text
}

fn line(source: Source<'_>, process: &ProcessEvidence, record: &Record, redactor: &mut Redactor) -> String {
    let Source { evidence, system, .. } = source;
    let level = record.level.map_or("-----".to_owned(), |level| level.to_string());
    let target = record.target.as_ref().map(|target| format!("{target}: ")).unwrap_or_default();
    let fields: String = record
        .fields
        .iter()
        .filter(|(name, _)| !system.log.transcript_omits_fields.contains(name))
        .map(|(name, value)| {
            let call = (*name == system.log.call_field).then(|| {
                evidence
                    .history
                    .iter()
                    .find(|call| call.process == process.name && call.number.to_string() == *value)
                    .map(|call| call.name.clone())
            });
            format!(" {name}={}", call.flatten().unwrap_or_else(|| value.clone()))
        })
        .collect();
    let mut text = redactor.redact(&format!("{level:<5} {target}{}{fields}", record.message));
    for line in &record.continuation {
        text.push_str("\n  | ");
        text.push_str(&redactor.redact(line));
    }
    for traceback in &record.tracebacks {
        let said = format!("traceback: {}: {}", traceback.exception.as_deref().unwrap_or("?"), traceback.message);
        text.push_str("\n  ! ");
        text.push_str(&redactor.redact(&said).replace('\n', " "));
    }
    text
}

/// DEBUG only from the targets that the system declares, and not what it leaves out. Everything above always, but for lifecycle
/// lines that it leaves out: those it may say at any time, or not at all.
fn is_shown(source: Source<'_>, process: &ProcessEvidence, record: &Record) -> bool {
    let system = source.system;
    if !record.tracebacks.is_empty() {
        return true;
    }
    if source.is_one_of(&source.rules.optional, record) {
        return false;
    }
    let role = system.role(system.role_of_record(&process.role, record));
    let left_out = |name: &&crate::file::Spanned<String>| {
        system.lines.get(name.as_ref().as_str()).is_some_and(|line| line.matches(record))
    };
    let mut left_out = system.log.transcript_omits.iter().filter(left_out).map(AsRef::as_ref);
    if record.level.is_none_or(|level| level > Level::Debug) {
        let lifecycle = role.map(|role| role.lifecycle.as_slice()).unwrap_or_default();
        return !left_out.any(|name: &String| lifecycle.iter().any(|allowed| allowed.as_ref() == name));
    }
    let targets = role.and_then(|role| role.transcript_targets.as_ref()).unwrap_or(&system.log.transcript_targets);
    let declared = record.target.as_ref().is_some_and(|target| targets.contains(target));
    declared && left_out.next().is_none()
}
