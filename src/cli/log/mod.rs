//! `quietdown log`.

mod input;
mod period;
mod places;
mod verdict;
mod zstd;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::report::{self, LOG_RESULTS_VERSION, LogCounts, LogResult, LogResults, LogVerdict};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use quietdown_log::{Format, Level, Period, Summary, Survey};

use super::reports::Reports;
use super::{FAILED, NOT_UNDERSTOOD, PASSED, WRONG, graver};
use crate::report::machine::github::Silence;
use input::InputError;
use verdict::Judge;

/// Judges logs from anywhere: how much is understood, formats, levels, stack traces by cause.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 understood, no stack trace (and with --max-level nothing above it), 1 something was found, 2 a file cannot be\n\
read or --format fits none of it, 5 nothing was found, but too much was not understood. Of several: 1 before 2 before 5.")]
pub struct LogArgs {
    /// Log files of any size, folders, globs; `-`, or none, is standard input. gzip and zstd are read.
    files: Vec<PathBuf>,
    /// The format of the records, if it is to be no other; default: whatever each line fits.
    #[arg(long, value_parser = formats(), conflicts_with = "regex")]
    format: Option<Format>,
    /// A regular expression that the first line of each record matches, with groups `level`, `target`, `message`.
    #[arg(long, value_name = "EXPRESSION")]
    regex: Option<String>,
    /// A regular expression of what stands before each line; its group `source` tells sources apart.
    #[arg(long, value_name = "EXPRESSION")]
    prefix: Option<String>,
    /// What the frames of the application have in them, where rules cannot know: a package or a folder. May be repeated.
    #[arg(long, value_name = "PREFIX")]
    app: Vec<String>,
    /// Records above this level are findings, too.
    #[arg(long, value_enum, value_name = "LEVEL")]
    max_level: Option<Max>,
    /// How much may not be understood, in percent of all records.
    #[arg(long, value_name = "PERCENT", default_value = "25", value_parser = clap::value_parser!(u8).range(0..=100))]
    max_not_understood: u8,
    /// Only what was logged from then on: a time as `2026-11-25T22:00:00Z`, or how long ago, as `10m` or `1h30m`.
    #[arg(long, value_name = "TIME", value_parser = period::moment)]
    since: Option<i64>,
    /// Only what was logged until then.
    #[arg(long, value_name = "TIME", value_parser = period::moment)]
    until: Option<i64>,
    /// Only stack traces of kinds that this file does not have are findings; `--json=FILE` has written it.
    #[arg(long, value_name = "BASELINE")]
    new_since: Option<PathBuf>,
    /// How many lines to show of the first stack trace of each kind.
    #[arg(long, value_name = "N", default_value = "0")]
    lines: usize,
    /// Write one line of JSON for each kind of stack trace, instead of what people read.
    #[arg(long, conflicts_with_all = ["json", "tap"])]
    ndjson: bool,
    // Each file is a test in them; `--json` is a document of its own.
    #[command(flatten)]
    reports: Reports,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Max {
    Trace,
    Debug,
    Info,
    Warn,
}

impl From<Max> for Level {
    fn from(max: Max) -> Self {
        match max {
            Max::Trace => Self::Trace,
            Max::Debug => Self::Debug,
            Max::Info => Self::Info,
            Max::Warn => Self::Warn,
        }
    }
}

impl LogArgs {
    pub fn execute(mut self) -> u8 {
        if let Err(why) = self.reports.check() {
            super::complain(format_args!("quietdown: {why}"));
            return WRONG;
        }
        let known = match self.new_since.as_deref().map(baseline).transpose() {
            Ok(known) => known,
            Err(why) => {
                super::complain(format_args!("quietdown: {why}"));
                return WRONG;
            }
        };
        let format = match &self.regex {
            Some(expression) => Format::Regex(expression.clone()),
            None => self.format.clone().unwrap_or(Format::Auto),
        };
        let max_level = self.max_level.map(Level::from);
        let judge = Judge { format: &format, max_level, max_percent: self.max_not_understood, known: known.as_ref() };
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since > until
        {
            super::complain("quietdown: --since is later than --until");
            return WRONG;
        }
        let (paths, missing) = places::find(&self.files);
        missing.iter().for_each(|why| super::complain(format_args!("quietdown: {why}")));
        let mut code = if missing.is_empty() { PASSED } else { WRONG };
        let mut results = Vec::new();
        let silence = self.reports.silence().filter(|_| !self.takes_stdout());
        silence.iter().for_each(|silence| super::say(silence.begin()));
        for path in &paths {
            let (summary, failed) = match self.read(path, &format) {
                Ok(read) => read,
                Err(why) => {
                    super::complain(format_args!("quietdown: {why}"));
                    return WRONG;
                }
            };
            let result = judge.judge(&name(path), &summary, failed.as_ref());
            self.tell(&result, &summary, failed.as_ref(), paths.len() > 1);
            code = graver(code, code_of(result.verdict));
            results.push(result);
        }
        self.tell_all(results, code, silence.as_ref())
    }

    /// What a log holds, and why not more of it could be read.
    fn read(&self, path: &Path, format: &Format) -> Result<(Summary, Option<InputError>), String> {
        let mut survey = Survey::new(format).map_err(|why| why.to_string())?.with_applications(self.app.clone());
        survey = survey.with_zone(period::ahead);
        if self.since.is_some() || self.until.is_some() {
            survey = survey.with_period(Period { since: self.since, until: self.until });
        }
        if let Some(expression) = &self.prefix {
            survey = survey.with_prefix(expression).map_err(|why| why.to_string())?;
        }
        let failed = input::read(path, |bytes| survey.feed(bytes)).err();
        Ok((survey.finish(), failed))
    }

    /// Says what one log holds; of several the kinds of stack traces come at the end, once.
    fn tell(&self, result: &LogResult, summary: &Summary, failed: Option<&InputError>, one_of_several: bool) {
        if let Some(why) = failed {
            super::complain(format_args!("quietdown: {why}"));
        }
        if self.ndjson {
            for kind in &result.tracebacks {
                super::say_exactly(
                    serde_json::json!({ "version": LOG_RESULTS_VERSION, "file": result.file, "traceback": kind }),
                );
            }
        } else if !self.takes_stdout() && (failed.is_none() || summary.lines > 0) {
            super::say(report::survey(result, summary, (!one_of_several).then_some(self.lines)).trim_end());
        }
    }

    /// Writes what is about all logs together.
    fn tell_all(&mut self, files: Vec<LogResult>, code: u8, silence: Option<&Silence>) -> u8 {
        let mut totals = LogCounts::default();
        files.iter().for_each(|file| totals.add(&file.counts));
        let kinds = report::merge(&files);
        if files.len() > 1 && !self.ndjson && !self.takes_stdout() {
            let shown = report::merged(&kinds, self.lines);
            super::say(format_args!("\n{}{shown}", verdict::totals(&files, &totals, &kinds)).to_string().trim_end());
        }
        silence.into_iter().for_each(|silence| super::say(silence.end()));
        let json = self.reports.take_json();
        let code = self.report(&files, code);
        let Some(path) = &json else { return code };
        let verdict = match code {
            PASSED => LogVerdict::Passed,
            FAILED => LogVerdict::Failed,
            NOT_UNDERSTOOD => LogVerdict::NotUnderstood,
            _ => LogVerdict::Wrong,
        };
        let tool = concat!("quietdown ", env!("CARGO_PKG_VERSION")).to_owned();
        let results = LogResults { version: LOG_RESULTS_VERSION, tool, verdict, totals, kinds, files };
        let text = match serde_json::to_string_pretty(&results) {
            Ok(text) => text + "\n",
            Err(why) => {
                super::complain(format_args!("quietdown: {why}"));
                return super::BROKEN;
            }
        };
        match super::reports::write_whole(path, &text) {
            Ok(()) => code,
            Err(why) if path == Path::new("-") => {
                report::note_loss(Err(why));
                code
            }
            Err(why) => {
                super::complain(format_args!("quietdown: {}: the report cannot be written: {why}", path.display()));
                super::BROKEN
            }
        }
    }

    /// Writes the reports that test runs have, too.
    fn report(&self, files: &[LogResult], code: u8) -> u8 {
        let failed = self.reports.write(&report::results_of_logs(files));
        failed.iter().for_each(|why| super::complain(format_args!("quietdown: {why}")));
        if failed.is_empty() { code } else { super::BROKEN }
    }

    fn takes_stdout(&self) -> bool {
        self.reports.take_stdout()
    }
}

fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.to_string_lossy().into_owned() }
}

fn code_of(verdict: LogVerdict) -> u8 {
    match verdict {
        LogVerdict::Passed => PASSED,
        LogVerdict::Failed => FAILED,
        LogVerdict::NotUnderstood => NOT_UNDERSTOOD,
        LogVerdict::Wrong => WRONG,
    }
}

/// A baseline that cannot be used.
#[derive(Debug, thiserror::Error)]
enum BaselineError {
    #[error("{path}: the baseline cannot be read: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: this is no baseline: {source}; `quietdown log --json={path} …` writes one")]
    Wrong { path: PathBuf, source: serde_json::Error },
    #[error("{path}: the baseline has version {version}, and only {LOG_RESULTS_VERSION} is known")]
    Version { path: PathBuf, version: u32 },
}

/// The kinds of stack traces that a baseline has.
fn baseline(path: &Path) -> Result<BTreeSet<String>, BaselineError> {
    let path = path.to_owned();
    let bytes = std::fs::read(&path).map_err(|source| BaselineError::Unreadable { path: path.clone(), source })?;
    let results: LogResults =
        serde_json::from_slice(&bytes).map_err(|source| BaselineError::Wrong { path: path.clone(), source })?;
    if results.version != LOG_RESULTS_VERSION {
        return Err(BaselineError::Version { path, version: results.version });
    }
    Ok(results.files.into_iter().flat_map(|file| file.tracebacks).map(|kind| kind.fingerprint).collect())
}

/// The formats by their names.
fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::NAMED.iter().map(|(name, _)| *name))
        .map(|name| Format::named(&name).unwrap_or(Format::Auto))
}
