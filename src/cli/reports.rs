//! Reports for programs, beside what the terminal shows.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::report::html::HtmlReport;
use crate::report::machine::{ctrf, github, junit, tap};
use crate::report::{Console, ProgressStream, Results, Terminal, Verbosity};
use crate::run::{Ending, Reporter, SuiteCase};
use clap::Args;

/// The files to write, also several.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub struct Reports {
    /// Write JUnit XML, for Jenkins, GitLab and most others.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write JSON (schema/results.json; of `log` schema/log.json); without FILE to standard output, and what people read to standard error.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Write CTRF, the Common Test Report Format.
    #[arg(long, value_name = "FILE")]
    ctrf: Option<PathBuf>,
    /// Write TAP 14; `-` is standard output, and what people read goes to standard error.
    #[arg(long, value_name = "FILE")]
    tap: Option<PathBuf>,
    /// Write a page for people: findings, timelines, the matrix of a sweep; one file, without network.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Annotate the scenarios and write the summary of the step for GitHub Actions; on by itself where GITHUB_ACTIONS is set.
    #[arg(long)]
    github: bool,
}

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("{path}: the report cannot be written: {source}")]
    Unwritten { path: PathBuf, source: std::io::Error },
    #[error("{path}: the results are no XML: {source}")]
    Xml { path: PathBuf, source: quick_junit::SerializeError },
}

impl Reports {
    /// Takes the file of the JSON away, for a command that has one of its own.
    pub fn take_json(&mut self) -> Option<PathBuf> {
        self.json.take()
    }

    /// Refuses what cannot be, and says what.
    ///
    /// # Errors
    /// Two of them want standard output.
    pub fn check(&self) -> Result<(), &'static str> {
        match self.clash() {
            true => Err("--json and --tap cannot both go to standard output; name a file for one of them"),
            false => Ok(()),
        }
    }

    /// Where people read beside them.
    pub fn console(&self, verbosity: Verbosity) -> Console {
        let (stream, colours) = match self.take_stdout() {
            true => (ProgressStream::Stderr, super::colours(&std::io::stderr())),
            false => (ProgressStream::Stdout, super::colours(&std::io::stdout())),
        };
        Console::new(Terminal { colours }, stream, verbosity)
    }

    /// Whether standard output belongs to a report.
    pub fn take_stdout(&self) -> bool {
        [&self.json, &self.tap].into_iter().flatten().any(|path| is_stdout(path))
    }

    /// Whether both want standard output, where only one can be.
    fn clash(&self) -> bool {
        [&self.json, &self.tap].into_iter().flatten().filter(|path| is_stdout(path)).count() > 1
    }

    /// Evidence that is printed under GitHub Actions must not be carried out there.
    pub fn silence(&self) -> Option<github::Silence> {
        self.for_github().then(github::Silence::default)
    }

    /// Takes the file of the page away, for a command that fills it with timelines; else it is written without any.
    pub fn take_html(&mut self) -> Option<PathBuf> {
        self.html.take()
    }

    fn for_github(&self) -> bool {
        self.github || std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
    }

    /// Writes all that was asked for. What fails does not keep the others from being written.
    pub fn write(&self, results: &Results) -> Vec<ReportError> {
        let mut failed = Vec::new();
        let mut put = |path: &Option<PathBuf>, text: &dyn Fn(&Path) -> Result<String, ReportError>| {
            let Some(path) = path else { return };
            let unwritten = |source| ReportError::Unwritten { path: path.clone(), source };
            failed.extend(text(path).and_then(|text| write_whole(path, &text).map_err(unwritten)).err());
        };
        put(&self.junit, &|path| {
            junit::write(results).map_err(|source| ReportError::Xml { path: path.to_owned(), source })
        });
        put(&self.json, &|path| {
            let unwritten =
                |why: serde_json::Error| ReportError::Unwritten { path: path.to_owned(), source: why.into() };
            serde_json::to_string_pretty(results).map(|text| text + "\n").map_err(unwritten)
        });
        put(&self.ctrf, &|_| Ok(ctrf::write(results)));
        put(&self.tap, &|_| Ok(tap::write(results)));
        // Of a command that has no timelines, such as `log`.
        put(&self.html, &|path| {
            let unwritten =
                |why: serde_json::Error| ReportError::Unwritten { path: path.to_owned(), source: why.into() };
            HtmlReport::default().page("log", results).map_err(unwritten)
        });
        if self.for_github() {
            let to_stderr = self.take_stdout();
            for line in github::annotations(results) {
                // Both streams are read there.
                if to_stderr { super::complain(line) } else { super::say(line) }
            }
            if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from) {
                let append = || OpenOptions::new().append(true).create(true).open(&path);
                let appended = append().and_then(|mut file| file.write_all(github::summary(results).as_bytes()));
                failed.extend(appended.err().map(|source| ReportError::Unwritten { path, source }));
            }
        }
        failed
    }
}

/// The page that was asked for, while it is filled.
#[derive(Debug)]
pub struct HtmlFile {
    path: PathBuf,
    /// What it shows.
    pub report: HtmlReport,
}

impl HtmlFile {
    /// A page that is to be written there.
    pub fn new(path: PathBuf) -> Self {
        Self { path, report: HtmlReport::default() }
    }

    /// Writes it.
    pub fn write(self, title: &str, results: &Results) -> Result<(), ReportError> {
        write_page(&self.path, self.report.page(title, results))
    }
}

/// Writes a page.
pub(super) fn write_page(path: &Path, page: serde_json::Result<String>) -> Result<(), ReportError> {
    let written = page.map_err(std::io::Error::from).and_then(|page| write_whole(path, &page));
    written.map_err(|source| ReportError::Unwritten { path: path.to_owned(), source })
}

impl Reporter for HtmlFile {
    fn ended(&mut self, case: &SuiteCase, ending: &Ending) {
        self.report.ended(case, ending);
    }
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Beside the file first, so that nobody reads half of it.
pub(super) fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    if is_stdout(path) {
        return std::io::stdout().write_all(text.as_bytes());
    }
    // A pipe or a device cannot be replaced.
    if std::fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        return std::fs::write(path, text);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    std::fs::write(&part, text)
        .and_then(|()| std::fs::rename(&part, path))
        .inspect_err(|_| drop(std::fs::remove_file(&part)))
}

/// How much people want to read.
#[derive(Debug, Args)]
pub struct Telling {
    /// Tell only what is wrong, and the last line.
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Tell also what begins.
    #[arg(long, short)]
    verbose: bool,
}

impl Telling {
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Usual,
        }
    }
}
