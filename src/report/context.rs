//! What was around a failure: the lines of all processes in the order in which they came with the fault among them, the step, and
//! the command that runs just this again.

use std::path::{Path, PathBuf};

use super::tracebacks::described;
use crate::evidence::Evidence;
use crate::file::line_of;
use crate::finding::{Finding, FindingKind};
use crate::log::printable;
use crate::run::Report;
use crate::scenario::Scenario;

/// How many lines are shown before the one that the failure is about, and after it.
const BEFORE: usize = 6;
const AFTER: usize = 4;
/// How wide a line is.
const COLUMNS: usize = 79;
/// How many lines of a step are shown.
const STEP: usize = 5;

/// A line of a process, or a fault.
struct Told {
    at: u64,
    is_fault: bool,
    text: String,
}

/// The lines around the first finding, with the last fault before it.
pub(super) fn around(report: &Report) -> Vec<String> {
    let evidence = &report.evidence;
    let mut all: Vec<Told> =
        evidence.faults.iter().map(|fault| Told { at: fault.at, is_fault: true, text: described(fault) }).collect();
    let width = evidence.processes.iter().map(|process| process.name.chars().count()).max().unwrap_or(0);
    for process in &evidence.processes {
        all.extend(process.records.iter().map(|record| {
            let summary = record.summary();
            let line = summary.lines().next().unwrap_or_default();
            Told { at: record.at, is_fault: false, text: format!("{:width$}  {line}", process.name) }
        }));
    }
    all.sort_by_key(|told| (told.at, !told.is_fault));
    let about =
        report.findings.iter().filter(|finding| !of_snapshot(finding)).find_map(|finding| time(evidence, finding));
    let about = about.or_else(|| evidence.faults.last().map(|fault| fault.at));
    let Some(place) = about.and_then(|at| all.iter().rposition(|told| told.at <= at)) else { return Vec::new() };
    let from = place.saturating_sub(BEFORE);
    let to = (place + 1 + AFTER).min(all.len());
    let fault = all[..=place].iter().rposition(|told| told.is_fault);
    let mut lines = Vec::new();
    if let Some(fault) = fault.filter(|fault| *fault < from) {
        lines.push(line(&all[fault], false));
        lines.push("      …".to_owned());
    }
    lines.extend(all[from..to].iter().enumerate().map(|(index, told)| line(told, from + index == place)));
    lines
}

fn line(told: &Told, is_place: bool) -> String {
    let mark = match (told.is_fault, is_place) {
        (true, _) => "──",
        (_, true) => "> ",
        _ => "  ",
    };
    let text = printable(&told.text).into_owned();
    let whole = format!("{mark} {:>8.3} s  {text}", told.at as f64 / 1e6);
    if whole.chars().count() <= COLUMNS - 4 { whole } else { whole.chars().take(COLUMNS - 5).chain(['…']).collect() }
}

/// When the record was written that a finding is about.
fn time(evidence: &Evidence, finding: &Finding) -> Option<u64> {
    let processes = evidence.processes.iter().filter(|it| finding.process.as_ref().is_none_or(|name| *name == it.name));
    let said = |summary: &str| finding.excerpt.iter().any(|line| line == summary);
    let mut records = processes.flat_map(|process| &process.records);
    let of_record = records.find(|record| said(&record.summary())).map(|record| record.at);
    let call = finding.call.as_ref().and_then(|name| evidence.history.iter().find(|call| call.name == *name));
    of_record.or_else(|| call.and_then(|call| call.ended))
}

fn of_snapshot(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::SnapshotDiffers | FindingKind::SnapshotMissing)
}

/// The step that the failure is about: its number, its place, and its text.
pub(super) fn step(report: &Report) -> Option<(String, Vec<String>)> {
    let number = report.step()?;
    let path = report.evidence.scenario_path.as_ref()?;
    let scenario = Scenario::parse(Path::new(path), &report.evidence.scenario_source).ok()?;
    let span = scenario.file.steps.get(number.checked_sub(1)?)?.span();
    let line = line_of(&scenario.source, span.start);
    let text = scenario.source.get(span.start..).unwrap_or_default();
    // Up to the next table: the span of one in an array may be its header only.
    let lines = text.lines().enumerate().take_while(|(index, line)| *index == 0 || !line.starts_with('['));
    let lines: Vec<String> =
        lines.map(|(_, line)| line.trim_end().to_owned()).filter(|line| !line.is_empty()).take(STEP).collect();
    Some((format!("{number}, {path}:{line}"), lines))
}

/// The command that runs just this again; nothing where there is no file of it.
pub(super) fn again(report: &Report) -> Option<String> {
    let evidence = &report.evidence;
    let path = evidence.scenario_path.as_ref().filter(|path| Path::new(path).is_file())?;
    let mut words = vec!["quietdown".to_owned(), "run".to_owned(), quoted(path)];
    let names_its_system =
        toml::from_str::<toml::Table>(&evidence.scenario_source).is_ok_and(|it| it.contains_key("system"));
    let system = evidence.system_path.as_ref().filter(|path| !path.starts_with('<') && !names_its_system);
    if let Some(system) = system {
        words.extend(["--system".to_owned(), quoted(system)]);
    }
    if let Some(variant) = &evidence.variant {
        words.extend(["--variant".to_owned(), quoted(variant)]);
    }
    if evidence.defect.is_some() || evidence.without_faults {
        words.push("--control".to_owned());
    }
    Some(words.join(" "))
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./+-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The line of the source that a frame names, where the file is there: as it is named, or from the system's folder.
pub(super) fn source_line(frame: &str, evidence: &Evidence) -> Option<String> {
    const MOST: u64 = 4 << 20;
    let mut parts = frame.split(':');
    let (file, number) = (parts.next()?, parts.next()?.trim().parse::<usize>().ok()?);
    let system =
        evidence.system_path.as_ref().and_then(|path| Path::new(path).parent()).map(|folder| folder.join(file));
    let places = [Some(PathBuf::from(file)), system];
    let text = places.into_iter().flatten().find_map(|path| crate::file::read_text(&path, MOST).ok())?;
    let line = text.lines().nth(number.checked_sub(1)?)?.trim();
    (!line.is_empty()).then(|| line.chars().take(COLUMNS - 10).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Fault, ProcessEvidence};
    use crate::log::{Format, Reader, Stream};

    fn report() -> Report {
        let process = |name: &str, lines: &[(u64, &str)]| {
            let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a reader");
            lines.iter().for_each(|(at, line)| reader.feed(*at, format!("{line}\n").as_bytes()));
            ProcessEvidence { name: name.to_owned(), records: reader.into_records(), ..ProcessEvidence::default() }
        };
        let busy: Vec<(u64, &str)> = (0..20).map(|at| (at * 1000, " INFO shop: busy")).collect();
        let fault = Fault {
            at: 500,
            step: 2,
            action: "stop".to_owned(),
            target: "server".to_owned(),
            planned: true,
            fired: None,
            request: None,
            calls: Vec::new(),
        };
        let loud = Finding::new(FindingKind::LevelAboveDebug, "ERROR after a fault")
            .process("a")
            .excerpt(["ERROR shop: \u{1b}[2Jlost a very long line of a log that is wider than a terminal is, by far, and then some more".to_owned()]);
        let mut a = process("a", &[(12_500, "ERROR shop: lost")]);
        a.records[0].message = loud.excerpt[0].strip_prefix("ERROR shop: ").expect("so").to_owned();
        let evidence = Evidence {
            faults: vec![fault],
            processes: vec![process("server", &busy), a],
            scenario_source: "summary = \"x\"\n[[step]]\ndo.start = { process = \"a\" }\n\n[[step]]\ndo.stop = { process = \"server\" }\n"
                .to_owned(),
            scenario_path: Some("no/such folder/x.toml".to_owned()),
            ..Evidence::default()
        };
        Report {
            scenario: "x".to_owned(),
            evidence,
            findings: vec![loud],
            transcript: String::new(),
            expected: None,
            folder: None,
            unsaved: None,
        }
    }

    #[test]
    fn the_lines_of_all_processes_are_merged_around_the_finding_with_the_fault_marked_and_nothing_obeyed() {
        let lines = around(&report());
        assert_eq!(lines[0], "──    0.001 s  step 2: stop server, planned");
        assert_eq!(lines[1], "      …");
        let place = lines.iter().position(|line| line.starts_with("> ")).expect("the record");
        assert!(lines[place].contains("a       ERROR shop: \\u{1b}[2Jlost"), "{}", lines[place]);
        assert_eq!((place, lines.len()), (2 + BEFORE, 2 + BEFORE + 1 + AFTER), "{lines:#?}");
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS - 4), "{lines:#?}");
    }

    #[test]
    fn the_step_is_told_with_file_and_line() {
        let (place, lines) = step(&report()).expect("a step");
        assert_eq!(place, "2, no/such folder/x.toml:5");
        assert_eq!(lines, ["[[step]]", "do.stop = { process = \"server\" }"]);
        assert_eq!(again(&report()), None, "there is no such file");
        assert_eq!(quoted("a b's"), r"'a b'\''s'");
    }

    #[test]
    fn the_line_of_a_frame_is_shown_where_its_file_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("cup.py"), "def spill():\n    raise Spill()\n").expect("written");
        let system_path = Some(folder.path().join("system.toml").display().to_string());
        let evidence = Evidence { system_path, ..Evidence::default() };
        assert_eq!(source_line("cup.py:2", &evidence).as_deref(), Some("raise Spill()"));
        for nothing in ["cup.py:9", "none.py:2", "cup.py", "spill", "/dev/zero:1"] {
            assert_eq!(source_line(nothing, &evidence), None, "{nothing}");
        }
    }
}
