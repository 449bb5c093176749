//! From what was counted to what is written, and from there to the reports of test runs.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use super::{KindInLog, LogCounts, LogKind, LogResult, LogVerdict, MergedKind};
use crate::finding::{Finding, FindingKind};
use crate::log::{Kind, Summary, from_rfc3339, rfc3339};
use crate::report::{Recorder, Results, TestResult, TestStatus};
use crate::run::Counts;

impl LogCounts {
    pub(crate) fn of(summary: &Summary) -> Self {
        Self {
            bytes: summary.bytes,
            lines: summary.lines,
            records: summary.records(),
            not_understood: summary.not_understood,
            levels: summary.levels.clone(),
            without_level: summary.without_level,
            formats: summary.formats.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
            tracebacks: summary.traceback_count(),
            outside_period: summary.outside_period,
            undated: summary.undated,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.records += other.records;
        self.not_understood += other.not_understood;
        self.without_level += other.without_level;
        self.tracebacks += other.tracebacks;
        self.outside_period += other.outside_period;
        self.undated += other.undated;
        for (level, count) in &other.levels {
            *self.levels.entry(*level).or_default() += count;
        }
        for (name, count) in &other.formats {
            *self.formats.entry(name.clone()).or_default() += count;
        }
    }
}

impl LogKind {
    pub(crate) fn of(kind: &Kind) -> Self {
        let language = serde_json::to_value(kind.language).ok();
        Self {
            fingerprint: fingerprint(kind),
            new: None,
            count: kind.count,
            language: language.as_ref().and_then(|value| value.as_str()).unwrap_or_default().to_owned(),
            exception: kind.exception.clone(),
            frame: kind.frame.clone(),
            application: kind.application.clone(),
            cause: kind.cause.clone(),
            message: kind.message.clone(),
            record: kind.record.clone(),
            line: kind.line,
            first: kind.first.clone(),
            first_time: kind.first_time.map(rfc3339),
            last_time: kind.last_time.map(rfc3339),
        }
    }
}

/// The kinds of stack traces of several logs, each once, the most frequent first.
pub(crate) fn merge(files: &[LogResult]) -> Vec<MergedKind> {
    let mut merged: Vec<MergedKind> = Vec::new();
    let mut known: HashMap<(&str, Option<&str>), usize> = HashMap::new();
    for file in files {
        for kind in &file.tracebacks {
            let at = *known.entry((&kind.fingerprint, kind.place())).or_insert(merged.len());
            let here = KindInLog { file: file.file.clone(), count: kind.count, line: kind.line };
            let Some(all) = merged.get_mut(at) else {
                merged.push(MergedKind { kind: kind.clone(), files: vec![here] });
                continue;
            };
            all.kind.count += kind.count;
            let times = (&mut all.kind.first_time, &mut all.kind.last_time);
            *times.0 = times.0.take().into_iter().chain(kind.first_time.clone()).min_by_key(|time| moment(time));
            *times.1 = times.1.take().into_iter().chain(kind.last_time.clone()).max_by_key(|time| moment(time));
            match all.files.last_mut().filter(|last| last.file == here.file) {
                // Of one log several kinds may be the same in all that is told.
                Some(last) => last.count += here.count,
                None => all.files.push(here),
            }
        }
    }
    merged.sort_by_key(|merged| Reverse(merged.kind.count));
    merged
}

/// Fractions of different lengths do not compare as texts.
fn moment(time: &str) -> Option<i64> {
    from_rfc3339(time)
}

/// What tells a kind from others, in another log too: line numbers move with every change of the source.
fn fingerprint(kind: &Kind) -> String {
    let place = kind.place().unwrap_or_default();
    let place = place.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
    let cause = kind.cause.as_deref().and_then(|cause| cause.split([':', '\n']).next()).unwrap_or_default();
    let parts = [kind.language.name(), kind.exception.as_deref().unwrap_or_default(), place, cause.trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
}

/// The verdicts on logs in the form of those on scenarios: each log is a test.
pub(crate) fn results_of_logs(files: &[LogResult]) -> Results {
    let mut results = Recorder::default().finish(&Counts::default(), Duration::ZERO);
    results.tests = files.iter().map(test_of).collect();
    results.summary.passed = results.tests.iter().filter(|test| !test.is_bad()).count();
    results.summary.failed = results.tests.len() - results.summary.passed;
    results
}

fn test_of(log: &LogResult) -> TestResult {
    let found = log.tracebacks.iter().filter(|kind| kind.new != Some(false));
    let findings = found.map(|kind| {
        let exception = kind.exception.as_deref().unwrap_or("traceback");
        let message = format!("{} × {exception}: {} (line {})", kind.count, kind.message, kind.line);
        Finding::new(FindingKind::Traceback, message).excerpt(kind.first.iter().cloned())
    });
    let passed = log.verdict == LogVerdict::Passed;
    let status = if passed { TestStatus::Passed } else { TestStatus::Failed };
    // The place to look at first.
    let first = log.tracebacks.iter().filter(|kind| kind.new != Some(false)).map(|kind| kind.line).min();
    let first = first.or_else(|| log.examples.first().map(|example| example.line));
    TestResult {
        line: first.and_then(|line| line.try_into().ok()),
        reason: (!log.reasons.is_empty() && !passed).then(|| log.reasons.join("\n")),
        findings: findings.collect(),
        ..TestResult::new(&log.file, &log.file, "log", status)
    }
}
