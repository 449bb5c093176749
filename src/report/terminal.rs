//! Results for people at a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::tracebacks::{self, Group};
use crate::finding::{Finding, FindingKind};
use crate::log::printable;
use crate::run::{Counts, KnownFailure, Report};
use crate::scenario::NotApplicable;
use crate::transcript::Moving;

/// The most lines of evidence that are shown with one finding; all of them are in the run's folder.
const EXCERPT: usize = 24;

/// What is as it must be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What nobody may overlook, and is no failure.
pub(super) const MIXED: Style = AnsiColor::Yellow.on_default();
/// What is not as it must be.
pub(super) const WRONG: Style = AnsiColor::Red.on_default();
/// A failure as a whole.
pub(super) const BAD: Style = WRONG.bold();
const DIM: Style = Style::new().dimmed();
const TITLE: Style = Style::new().bold();
const PLACE: Style = AnsiColor::Cyan.on_default();

/// Writes results as text, with colours if asked.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Whether to use colours.
    pub colours: bool,
}

impl Terminal {
    /// One line for a scenario that has ended.
    pub fn verdict(self, report: &Report) -> String {
        let took = Duration::from_micros(report.evidence.took);
        let word = match (report.passed(), report.failed_as_expected()) {
            (true, _) => self.paint("pass", GOOD),
            (_, true) => self.paint("xfail", MIXED),
            _ => self.paint("FAIL", BAD),
        };
        let gap = if report.failed_as_expected() { " " } else { "  " };
        let name = report.label();
        let what = match report.findings.len() {
            _ if report.failed_as_expected() => format!("  {}", kinds(&report.findings)),
            0 => String::new(),
            1 => "  1 finding".to_owned(),
            count => format!("  {count} findings"),
        };
        let processes = &report.evidence.processes;
        let unjudged: Vec<&str> =
            processes.iter().filter(|process| process.traces_only).map(|process| process.name.as_str()).collect();
        let only = match unjudged.is_empty() {
            true => String::new(),
            false => format!("  (judged for stack traces only, its format has no levels: {})", unjudged.join(", ")),
        };
        format!("{word}{gap}{name:<38} {:>5.2} s{what}{only}", took.as_secs_f64())
    }

    /// Everything that is wrong with a scenario.
    pub fn failure(self, report: &Report) -> String {
        let mut text = format!("{}\n", self.paint(&format!("── {} ", report.label()), TITLE));
        match &report.expected {
            Some(KnownFailure { unlike: Some(why), .. }) => {
                let _ = writeln!(text, "  {} {}", self.paint("expected-failure", WRONG), printable(why));
            }
            Some(KnownFailure { reason, unlike: None }) => {
                let _ = writeln!(text, "  {} {}", self.paint("fails as expected:", MIXED), printable(reason));
            }
            None => {}
        }
        let is_traceback = |finding: &&Finding| finding.kind == FindingKind::Traceback;
        let mut groups = Vec::new();
        if report.findings.iter().any(|finding| is_traceback(&finding)) {
            groups = tracebacks::groups(&report.evidence);
        }
        // Findings are in their order, causes first; the tracebacks stand together where the first of them is.
        let mut groups = groups.iter().peekable();
        let mut rest = report.findings.iter().peekable();
        let mut last = None;
        for after_end in [false, true] {
            let of_part = |finding: &&Finding| finding.after_end == after_end;
            while let Some(finding) = rest.next_if(|finding| of_part(finding) && !is_traceback(finding)) {
                self.tell(finding, &mut last, &mut text);
            }
            while let Some(group) = groups.next_if(|group| group.ending.is_some() == after_end) {
                self.expect(FindingKind::Traceback, &mut last, &mut text);
                text.push_str(&self.traceback(group, report));
            }
            while let Some(finding) = rest.next_if(of_part) {
                if !is_traceback(&finding) {
                    self.tell(finding, &mut last, &mut text);
                }
            }
        }
        groups.for_each(|group| text.push_str(&self.traceback(group, report)));
        rest.filter(|finding| !is_traceback(finding)).for_each(|finding| self.tell(finding, &mut last, &mut text));
        self.context(report, &mut text);
        if let Some(folder) = &report.folder {
            let _ = writeln!(text, "  evidence: {}", folder.join("evidence.json").display());
        }
        text
    }

    /// A finding after what was expected instead.
    fn tell(self, finding: &Finding, last: &mut Option<FindingKind>, text: &mut String) {
        self.expect(finding.kind, last, text);
        text.push_str(&self.finding(finding));
    }

    /// What was expected; of several findings of one kind it is said once.
    fn expect(self, kind: FindingKind, last: &mut Option<FindingKind>, text: &mut String) {
        if last.replace(kind) != Some(kind) {
            let _ = writeln!(text, "  {}", self.paint(&format!("expected: {}", kind.expected()), DIM));
        }
    }

    /// What was around it, the step, and how to run it again: once, for the first finding.
    fn context(self, report: &Report, text: &mut String) {
        let only_snapshot = report.findings.iter().all(crate::run::of_snapshot);
        let around = if only_snapshot { Vec::new() } else { super::context::around(report) };
        if !around.is_empty() {
            let _ = writeln!(text, "  around it:");
            around.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
        if let Some((place, lines)) = super::context::step(report).filter(|_| !only_snapshot) {
            let _ = writeln!(text, "  step: {}", printable(&place));
            lines.iter().for_each(|line| text.push_str(&format!("    | {}\n", printable(line))));
        }
        if let Some(command) = super::context::again(report) {
            let _ = writeln!(text, "  again: {}", printable(&command));
        }
    }

    /// The tracebacks of one cause.
    fn traceback(self, group: &Group, report: &Report) -> String {
        let times = if group.count() == 1 { String::new() } else { format!("{} × ", group.count()) };
        let word = self.paint(&FindingKind::Traceback.to_string(), WRONG);
        let mut text = format!("  {word} {times}{}\n", printable(&group.title));
        for (name, value) in group.facts() {
            let _ = writeln!(text, "    {name:<9} {}", printable(&value));
            let source = (name == "at").then(|| super::context::source_line(&value, &report.evidence)).flatten();
            if let Some(line) = source {
                let _ = writeln!(text, "              {}", printable(&line));
            }
        }
        for line in group.first.iter().take(EXCERPT / 2) {
            let _ = writeln!(text, "    | {}", printable(line));
        }
        text
    }

    /// One finding with its evidence.
    pub fn finding(self, finding: &Finding) -> String {
        let process = finding.process.as_ref().map(|process| format!(" {process}:")).unwrap_or_default();
        let mut text =
            format!("  {}{process} {}\n", self.paint(&finding.kind.to_string(), WRONG), printable(&finding.message));
        let diff = finding.kind == FindingKind::SnapshotDiffers;
        // A message of several lines is as many lines here.
        let lines: Vec<&str> = finding.excerpt.iter().flat_map(|line| line.split('\n')).collect();
        for line in lines.iter().take(EXCERPT) {
            let line = if diff { self.diff_line(line) } else { printable(line).into_owned() };
            let _ = writeln!(text, "    | {line}");
        }
        if lines.len() > EXCERPT {
            let _ = writeln!(text, "    | … {} more lines in findings.json", lines.len() - EXCERPT);
        }
        text
    }

    /// One line for a scenario that has ended, with a word about why it failed.
    pub fn word_for(self, report: &Report, why: &str) -> String {
        format!("{}  {:<38} {why}", self.paint("FAIL", BAD), report.label())
    }

    /// A unified diff, with colours.
    pub fn diff(self, diff: &str) -> String {
        let lines: Vec<String> = diff.lines().map(|line| format!("      {}", self.diff_line(line))).collect();
        lines.join("\n")
    }

    /// The lines of a transcript that move between two runs, and what would settle it.
    pub fn moving(self, scenario: &str, moving: &Moving) -> String {
        let mut text = format!("{}\n", self.paint(&format!("── {scenario} "), TITLE));
        let _ = writeln!(text, "  {} two runs have different transcripts", self.paint("moves", WRONG));
        for line in moving.lines.iter().take(EXCERPT) {
            let _ = writeln!(text, "    | {}", self.diff_line(line));
        }
        if moving.lines.len() > EXCERPT {
            let _ = writeln!(text, "    | … {} more lines", moving.lines.len() - EXCERPT);
        }
        for hint in moving.hints.iter().take(EXCERPT / 2) {
            let _ = writeln!(text, "  {}", printable(hint));
        }
        text
    }

    fn diff_line(self, line: &str) -> String {
        let colour = match line.as_bytes().first() {
            Some(b'+') => GOOD,
            Some(b'-') => WRONG,
            Some(b'@') => PLACE,
            _ => return printable(line).into_owned(),
        };
        self.paint(&printable(line), colour)
    }

    /// The last line.
    pub fn summary(self, counts: &Counts, took: Duration) -> String {
        let &Counts { passed, failed, expected, broken, left_out: not_applicable, not_run, .. } = counts;
        let failed = failed + broken;
        let word = match (failed, not_applicable) {
            (0, _) if expected > 0 => self.paint("all as expected", GOOD),
            (0, 0) => self.paint("all passed", GOOD),
            (0, _) if passed > 0 => self.paint("all that apply passed", GOOD),
            (0, _) => self.paint("nothing was tested", BAD),
            _ => self.paint(&format!("{failed} failed"), BAD),
        };
        let all = passed + failed + expected + not_applicable + not_run;
        let scenarios = if all == 1 { "scenario" } else { "scenarios" };
        let left_out = if not_applicable > 0 { format!(", {not_applicable} not applicable") } else { String::new() };
        let known = if expected > 0 { format!(", {expected} failed as expected") } else { String::new() };
        let not_begun = if not_run > 0 { format!(", {not_run} not begun") } else { String::new() };
        let took = took.as_secs_f64();
        format!(
            "{all} {scenarios}, {passed} passed, {failed} failed{known}{left_out}{not_begun} in {took:.1} s: {word}"
        )
    }

    /// One line for a scenario that cannot be run this way.
    pub fn not_applicable(self, scenario: &str, why: &NotApplicable) -> String {
        format!("{}   {scenario:<38} {}", self.paint("n/a", MIXED), printable(&why.reason))
    }

    /// A word about what is not as it must be.
    pub fn bad(self, word: &str) -> String {
        self.paint(word, BAD)
    }

    pub(super) fn paint(self, text: &str, style: Style) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// The kinds of findings, each once.
fn kinds(findings: &[Finding]) -> String {
    let kinds: std::collections::BTreeSet<String> = findings.iter().map(|finding| finding.kind.to_string()).collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}
