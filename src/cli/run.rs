//! `quietdown run`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use clap::Args;
use quietdown::finding::{Finding, FindingKind};
use quietdown::report::Terminal;
use quietdown::run::{Report, Runner, default_runs};
use quietdown::scenario::{Scenario, needs_embedded_proxy};
use quietdown::toxiproxy::{Remote, RemoteError};
use quietdown::transcript::{Comparison, moving};

use super::files::{self, Selected};
use super::{BROKEN, FAILED, PASSED, WRONG};

/// Runs scenarios in parallel, each with processes, ports and a folder of its own.
#[derive(Debug, Args)]
pub struct Run {
    /// Scenarios by name or path, folders too; all of scenarios/ when absent.
    scenarios: Vec<String>,
    /// How many run at once; default: twice the number of processors, because a scenario mostly waits.
    #[arg(long, short)]
    jobs: Option<NonZeroUsize>,
    /// The system to run on: a name (systems/NAME.toml, or the built-in `store`) or a path.
    #[arg(long)]
    system: Option<String>,
    /// Let a Toxiproxy server that already runs carry the traffic, such as http://127.0.0.1:8474. Scenarios that need the
    /// embedded proxy are not applicable then, and are counted.
    #[arg(long, value_name = "URL", conflicts_with_all = ["control", "accept", "accept_new"])]
    toxiproxy: Option<String>,
    /// Where the runs' folders go; default: `quietdown` in the folder for temporary files.
    #[arg(long, value_name = "FOLDER")]
    runs: Option<PathBuf>,
    /// Keep the folder of a scenario that passed, too.
    #[arg(long)]
    keep: bool,
    /// Run each scenario's control instead: it must fail with the finding that the control names.
    #[arg(long, conflicts_with_all = ["accept", "accept_new"])]
    control: bool,
    /// Take each transcript over as its snapshot, if nothing else is wrong, and show what changes. Not in CI.
    #[arg(long)]
    accept: bool,
    /// The same for scenarios that have no snapshot yet; the others are compared as usual. Not in CI.
    #[arg(long, conflicts_with = "accept")]
    accept_new: bool,
    /// Run everything so many times, stop at the first failure, and show the lines of transcripts that move.
    #[arg(long, value_name = "N", default_value = "1")]
    repeat: NonZeroUsize,
}

/// The transcripts of the first round, by scenario.
type Transcripts = Mutex<BTreeMap<PathBuf, String>>;

/// What came of one scenario.
enum Outcome {
    Passed(String),
    /// Nothing is wrong but that it is not as its snapshot, and more rounds come.
    Unlike(String, String),
    Failed(String, String),
    Broken(String),
    NotApplicable(String),
}

impl Run {
    pub fn execute(self) -> u8 {
        let colours = super::colours(&std::io::stdout());
        let selected = match files::load(&self.scenarios, self.system.as_deref(), super::colours(&std::io::stderr())) {
            Ok(selected) => selected,
            Err(wrong) => {
                wrong.iter().for_each(|why| eprintln!("{why}\n"));
                return WRONG;
            }
        };
        if (self.accept || self.accept_new) && in_ci() {
            eprintln!("quietdown: CI is set: snapshots are not written here; run it where somebody reads them");
            return WRONG;
        }
        let orphans = if self.scenarios.is_empty() { orphans(&selected) } else { Vec::new() };
        let runner = match std::env::current_exe() {
            Ok(program) => Runner::new(program).runs(self.runs.clone().unwrap_or_else(default_runs)).keep(self.keep),
            Err(why) => {
                eprintln!("quietdown: cannot find its own program: {why}");
                return BROKEN;
            }
        };
        let runner = match self.toxiproxy.as_deref().map(find_toxiproxy).transpose() {
            Ok(Some(server)) => runner.toxiproxy(server),
            Ok(None) => runner,
            Err(why) => {
                eprintln!("quietdown: {why}");
                return if matches!(why, RemoteError::Url(_)) { WRONG } else { BROKEN };
            }
        };
        interrupt();
        let began = Instant::now();
        let (mut passed, mut details, mut broken, mut left_out) = (0, Vec::new(), 0, 0);
        let transcripts = Transcripts::default();
        for _ in 0..self.repeat.get() {
            let mut ended = false;
            for outcome in self.all(&selected, &runner, Terminal { colours }, &transcripts) {
                match outcome {
                    Outcome::Passed(_) => passed += 1,
                    Outcome::Unlike(_, detail) => details.push(detail),
                    Outcome::Failed(_, detail) => {
                        details.push(detail);
                        ended = true;
                    }
                    Outcome::Broken(_) => {
                        broken += 1;
                        ended = true;
                    }
                    Outcome::NotApplicable(_) => left_out += 1,
                }
            }
            if ended {
                break;
            }
        }
        details.iter().for_each(|detail| super::say(format_args!("\n{detail}")));
        super::say(Terminal { colours }.summary(passed, details.len() + broken, left_out, began.elapsed()));
        orphans.iter().for_each(|path| eprintln!("quietdown: {}: its scenario is gone; remove it", path.display()));
        match (broken, details.len()) {
            (1.., _) => BROKEN,
            (0, 1..) => FAILED,
            // Nothing was tested.
            (0, 0) if passed == 0 || !orphans.is_empty() => WRONG,
            (0, 0) => PASSED,
        }
    }

    fn all(
        &self,
        selected: &[Selected],
        runner: &Runner,
        terminal: Terminal,
        transcripts: &Transcripts,
    ) -> Vec<Outcome> {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = self.jobs.map_or(2 * processors, NonZeroUsize::get).min(selected.len());
        let waiting: Mutex<VecDeque<&Selected>> = Mutex::new(selected.iter().collect());
        let outcomes = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| {
                    loop {
                        let Some(next) = lock(&waiting).pop_front() else { return };
                        let outcome = self.one(next, runner.clone(), terminal, transcripts);
                        let mut outcomes = lock(&outcomes);
                        match &outcome {
                            Outcome::Passed(line)
                            | Outcome::Unlike(line, _)
                            | Outcome::Failed(line, _)
                            | Outcome::NotApplicable(line) => {
                                super::say(line);
                            }
                            Outcome::Broken(line) => eprintln!("{line}"),
                        }
                        outcomes.push(outcome);
                    }
                });
            }
        });
        outcomes.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn one(&self, selected: &Selected, runner: Runner, terminal: Terminal, transcripts: &Transcripts) -> Outcome {
        let Selected { scenario, system } = selected;
        if self.toxiproxy.is_some()
            && let Some(why) = needs_embedded_proxy(&scenario.file)
        {
            return Outcome::NotApplicable(terminal.not_applicable(&scenario.name, &why));
        }
        let (runner, wanted) = match self.control {
            false => (runner, None),
            true => match runner.control(scenario) {
                Ok((runner, finding)) => (runner, Some(finding)),
                Err(why) => return Outcome::Broken(format!("quietdown: {}: {why}", scenario.name)),
            },
        };
        let mut report = match runner.run(scenario, system) {
            Ok(report) => report,
            Err(why) => return Outcome::Broken(format!("quietdown: {}: {why}", scenario.name)),
        };
        if let Some(wanted) = wanted {
            return control_outcome(report, wanted, self.keep, terminal);
        }
        if let Some(first) = first_transcript(transcripts, &scenario.path, &report.transcript) {
            // How it relates to the snapshot was said of the first; here is what moves.
            report.findings.retain(|finding| !of_snapshot(finding));
            if let Some(moving) = moving(&first, &report.transcript) {
                let detail = terminal.moving(&report.scenario, &moving);
                return Outcome::Failed(terminal.word_for(&report, "its transcript moves"), detail);
            }
        }
        let wrong_only_in_snapshot = report.findings.iter().all(of_snapshot);
        let missing = report.findings.iter().any(|finding| finding.kind == FindingKind::SnapshotMissing);
        if wrong_only_in_snapshot && (self.accept || self.accept_new && missing) {
            match accept(scenario, &report.transcript, terminal) {
                Ok(shown) => shown.iter().for_each(super::say),
                Err(why) => {
                    return Outcome::Broken(format!(
                        "quietdown: {}: the snapshot cannot be written: {why}",
                        scenario.name
                    ));
                }
            }
            report.findings.clear();
            if let (false, Some(folder)) = (self.keep, report.folder.take()) {
                // What it shows was accepted.
                drop(std::fs::remove_dir_all(folder));
            }
        }
        let line = terminal.verdict(&report);
        match (report.passed(), wrong_only_in_snapshot && self.repeat.get() > 1) {
            (true, _) => Outcome::Passed(line),
            (false, true) => Outcome::Unlike(line, terminal.failure(&report)),
            (false, false) => Outcome::Failed(line, terminal.failure(&report)),
        }
    }
}

/// The transcript that a scenario had in the first round; nothing if this is the first.
fn first_transcript(transcripts: &Transcripts, scenario: &Path, transcript: &str) -> Option<String> {
    let mut known = lock(transcripts);
    match known.get(scenario) {
        Some(first) => Some(first.clone()),
        None => {
            known.insert(scenario.to_owned(), transcript.to_owned());
            None
        }
    }
}

fn of_snapshot(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::SnapshotDiffers | FindingKind::SnapshotMissing)
}

/// Writes the snapshot, and says what changes.
fn accept(scenario: &Scenario, transcript: &str, terminal: Terminal) -> std::io::Result<Option<String>> {
    let place = quietdown::transcript::place(&scenario.path);
    let shown = match quietdown::transcript::compare(&scenario.path, transcript)? {
        Comparison::Same => return Ok(None),
        Comparison::Missing(_) => format!("new   {}", place.display()),
        Comparison::Differs(diff) => format!("taken {}\n{}", place.display(), terminal.diff(&diff)),
    };
    quietdown::transcript::write(&place, transcript)?;
    Ok(Some(shown))
}

/// The snapshots beside these scenarios whose scenario is gone.
fn orphans(selected: &[Selected]) -> Vec<PathBuf> {
    let folders: BTreeSet<&Path> = selected.iter().filter_map(|one| one.scenario.path.parent()).collect();
    folders.into_iter().flat_map(|folder| quietdown::transcript::orphans(folder).unwrap_or_default()).collect()
}

/// Whether this is a run that nobody watches, as all services for it say with `CI`.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

fn control_outcome(report: Report, wanted: FindingKind, keep: bool, terminal: Terminal) -> Outcome {
    let name = report.scenario.clone();
    if report.fails_with(wanted) {
        return match if keep { Ok(()) } else { report.discard() } {
            Ok(()) => Outcome::Passed(format!("pass  {name:<38} fails under its control, with {wanted}")),
            Err(why) => Outcome::Broken(format!("quietdown: {name}: the run's folder cannot be removed: {why}")),
        };
    }
    let found: Vec<String> = report.findings.iter().map(|finding| finding.kind.to_string()).collect();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let line = format!("FAIL  {name:<38} its control must fail with {wanted}; found: {found}");
    Outcome::Failed(line, terminal.failure(&report))
}

fn find_toxiproxy(url: &str) -> Result<Remote, RemoteError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let not_there = |why: std::io::Error| RemoteError::NotThere { url: url.to_owned(), why: why.to_string() };
    runtime.map_err(not_there)?.block_on(Remote::find(url))
}

/// Ctrl-C ends the harness with everything that it started: the watchdog does the work, whoever dies and how.
pub(super) fn interrupt() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            quietdown::process::marked(&format!("{}/", quietdown::process::mark()))
                .iter()
                .for_each(quietdown::process::Marked::kill);
            std::process::exit(130);
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic in another scenario's thread does not make these values wrong.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
