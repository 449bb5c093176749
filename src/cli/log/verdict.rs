//! Judges what a log holds.

use std::collections::BTreeSet;

use crate::report::{self, LogCounts, LogExample, LogKind, LogResult, LogVerdict, MergedKind};
use quietdown_log::{Format, Guess, Level, Summary};

use super::input::InputError;

/// By what logs are judged.
#[derive(Debug)]
pub struct Judge<'a> {
    pub format: &'a Format,
    pub max_level: Option<Level>,
    /// How much may not be understood, in percent.
    pub max_percent: u8,
    /// The kinds of stack traces that are known already.
    pub known: Option<&'a BTreeSet<String>>,
}

impl Judge<'_> {
    /// Judges a log, of which the rest may not have been read.
    pub fn judge(&self, name: &str, summary: &Summary, failed: Option<&InputError>) -> LogResult {
        let tracebacks: Vec<LogKind> = summary.tracebacks.iter().map(|kind| self.kind(kind)).collect();
        let (verdict, reasons) = self.verdict(summary, &tracebacks, failed);
        LogResult {
            file: name.to_owned(),
            verdict,
            reasons,
            counts: LogCounts::of(summary),
            looks_like: summary.looks_like.as_ref().map(Guess::to_string),
            examples: summary.examples.iter().take(10).map(example).collect(),
            tracebacks,
            other_tracebacks: summary.other_tracebacks,
        }
    }

    fn kind(&self, kind: &quietdown_log::Kind) -> LogKind {
        let told = LogKind::of(kind);
        LogKind { new: self.known.map(|known| !known.contains(&told.fingerprint)), ..told }
    }

    fn verdict(
        &self,
        summary: &Summary,
        tracebacks: &[LogKind],
        failed: Option<&InputError>,
    ) -> (LogVerdict, Vec<String>) {
        let mut reasons: Vec<String> = failed.iter().map(|why| why.to_string()).collect();
        let above = self.max_level.and_then(|level| report::above(summary, level));
        let found = tracebacks.iter().any(|kind| kind.new != Some(false)) || summary.other_tracebacks > 0;
        let is_found = found || above.is_some();
        reasons.extend(above);
        let understood = summary.records() - summary.not_understood.min(summary.records());
        let levels_wanted = self.max_level.filter(|_| summary.levels.is_empty() && understood > 0);
        let levels_missing = levels_wanted.filter(|_| summary.traceback_count() == 0);
        if let Some(level) = self.max_level.filter(|_| summary.without_level > 0) {
            let count = summary.without_level;
            reasons.push(match count {
                1 => format!("1 record has no level: nobody knows whether it is above {level}"),
                _ => format!("{count} records have no level: nobody knows whether they are above {level}"),
            });
        }
        let share = summary.share_not_understood() * 100.0;
        let verdict = match failed {
            _ if is_found => LogVerdict::Failed,
            Some(InputError::Unreadable { .. }) => LogVerdict::Wrong,
            Some(InputError::Binary { .. } | InputError::Broken { .. }) => LogVerdict::NotUnderstood,
            None if self.is_misnamed(summary) => {
                reasons.push(misnamed(summary));
                LogVerdict::Wrong
            }
            None if share > f64::from(self.max_percent) || levels_missing.is_some() => LogVerdict::NotUnderstood,
            None => LogVerdict::Passed,
        };
        if verdict == LogVerdict::NotUnderstood && share > f64::from(self.max_percent) {
            reasons.push(format!(
                "{share:.0} % was not understood, more than the {} % that may be (--max-not-understood)",
                self.max_percent
            ));
        }
        (verdict, reasons)
    }

    /// Whether the format that was said fits nothing.
    fn is_misnamed(&self, summary: &Summary) -> bool {
        let said = !matches!(self.format, Format::Auto | Format::Raw);
        said && summary.not_understood > 0 && summary.not_understood == summary.records()
    }
}

fn misnamed(summary: &Summary) -> String {
    let looks = summary.looks_like.as_ref().map(|guess| format!("it looks like {guess}"));
    format!("the format that was said fits no line; {}", looks.unwrap_or_else(|| "nor does any other".to_owned()))
}

fn example(example: &quietdown_log::Example) -> LogExample {
    LogExample {
        line: example.line,
        text: example.text.clone(),
        looks_like: example.looks_like.as_ref().map(Guess::to_string),
    }
}

/// All logs in a line, and what is counted of them.
pub fn totals(files: &[LogResult], totals: &LogCounts, kinds: &[MergedKind]) -> String {
    let of = |verdict| files.iter().filter(|file| file.verdict == verdict).count();
    let kinds = match (totals.tracebacks, kinds.len()) {
        (0, _) => String::new(),
        (_, 1) => " of 1 kind".to_owned(),
        (_, kinds) => format!(" of {kinds} kinds"),
    };
    format!(
        "{} files: {} passed, {} with findings, {} not understood, {} wrong; {} records, {} not understood, {} tracebacks{kinds}\n",
        files.len(),
        of(LogVerdict::Passed),
        of(LogVerdict::Failed),
        of(LogVerdict::NotUnderstood),
        of(LogVerdict::Wrong),
        totals.records,
        totals.not_understood,
        totals.tracebacks
    )
}
