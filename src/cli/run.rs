//! `quietdown run`.

mod outcome;
mod snapshots;

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use clap::Args;
use quietdown::finding::FindingKind;
use quietdown::remote::{Remote, RemoteError};
use quietdown::report::Terminal;
use quietdown::run::{Runner, default_runs};
use quietdown::scenario::{NotApplicable, needs_embedded_proxy};
use quietdown::transcript::{moving, place};

use super::files::{self, Purpose, Selected};
use super::{BROKEN, WRONG};
use outcome::{Outcome, Tally, control_outcome};
use snapshots::{Transcripts, accept, first_transcript, of_snapshot, orphans};

/// The environment variable that makes what is left out a failure: `all`.
const REQUIRE: &str = "QUIETDOWN_REQUIRE";

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
    /// The variant of the system to run on (`[variants.NAME]` of its file), also several: `plain` is the system without one, `all`
    /// are all.
    #[arg(long, value_name = "NAME", requires = "system")]
    variant: Vec<String>,
    /// Let a Toxiproxy server that already runs carry the traffic, such as http://127.0.0.1:8474. Scenarios that need the
    /// embedded proxy are not applicable then, and are counted.
    #[arg(long, value_name = "URL", conflicts_with_all = ["control", "accept", "accept_new"])]
    toxiproxy: Option<String>,
    /// Start every process as if the system had no zygotes.
    #[arg(long)]
    no_zygote: bool,
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

impl Run {
    pub fn execute(self) -> u8 {
        let colours = super::colours(&std::io::stdout());
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(why) => {
                eprintln!("quietdown: cannot find its own program: {why}");
                return BROKEN;
            }
        };
        let purpose = Purpose {
            system: self.system.clone(),
            variants: self.variant.clone(),
            control: self.control,
            program: Some(program.clone()),
        };
        let selected = match files::load(&self.scenarios, purpose, super::colours(&std::io::stderr())) {
            Ok(selected) => selected,
            Err(wrong) => {
                wrong.iter().for_each(|why| eprintln!("{why}\n"));
                return WRONG;
            }
        };
        let required = match all_required() {
            Ok(required) => required,
            Err(why) => {
                eprintln!("quietdown: {why}");
                return WRONG;
            }
        };
        if (self.accept || self.accept_new) && in_ci() {
            eprintln!("quietdown: CI is set: snapshots are not written here; run it where somebody reads them");
            return WRONG;
        }
        let stale = if self.scenarios.is_empty() { stale(&selected) } else { Vec::new() };
        let runner = Runner::new(program).runs(self.runs.clone().unwrap_or_else(default_runs)).keep(self.keep);
        let runner = match self.toxiproxy.as_deref().map(find_toxiproxy).transpose() {
            Ok(Some(server)) => runner.toxiproxy(server),
            Ok(None) => runner,
            Err(why) => {
                eprintln!("quietdown: {why}");
                return if matches!(why, RemoteError::Url(_)) { WRONG } else { BROKEN };
            }
        };
        let runner = if self.no_zygote { runner.without_zygotes() } else { runner };
        interrupt();
        let began = Instant::now();
        let mut tally = Tally::default();
        let transcripts = Transcripts::default();
        for _ in 0..self.repeat.get() {
            let outcomes = self.all(&selected, &runner, Terminal { colours }, &transcripts);
            let mut more = true;
            for (name, outcome) in outcomes {
                more &= tally.count(&name, outcome);
            }
            if !more {
                break;
            }
        }
        tally.known.values().for_each(|detail| super::say(format_args!("\n{detail}")));
        tally.details.iter().for_each(|detail| super::say(format_args!("\n{detail}")));
        super::say(Terminal { colours }.summary(tally.counts(), began.elapsed()));
        let missed = tally.missed(required);
        if !missed.is_empty() {
            eprintln!("quietdown: {REQUIRE}=all, and this was left out without being declared by its system file:");
            missed.iter().for_each(|name| eprintln!("  {name}"));
        }
        stale.iter().for_each(|why| eprintln!("quietdown: {why}"));
        tally.code(required, !stale.is_empty())
    }

    fn all(
        &self,
        selected: &[Selected],
        runner: &Runner,
        terminal: Terminal,
        transcripts: &Transcripts,
    ) -> Vec<(String, Outcome)> {
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
                            | Outcome::Expected(line, _)
                            | Outcome::Unlike(line, _)
                            | Outcome::Failed(line, _)
                            | Outcome::LeftOut(line, _) => {
                                super::say(line);
                            }
                            Outcome::Broken(line) => eprintln!("{line}"),
                        }
                        outcomes.push((next.system.label(&next.scenario.name), outcome));
                    }
                });
            }
        });
        outcomes.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn one(&self, selected: &Selected, runner: Runner, terminal: Terminal, transcripts: &Transcripts) -> Outcome {
        let Selected { scenario, system, left_out } = selected;
        let needs = self.toxiproxy.as_ref().and_then(|_| needs_embedded_proxy(&scenario.file));
        let needs =
            needs.map(|why| NotApplicable { reason: format!("needs the embedded proxy: {why}"), declared: false });
        if let Some(why) = left_out.clone().or(needs) {
            return Outcome::LeftOut(terminal.not_applicable(&system.label(&scenario.name), &why), why);
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
        if let Some(first) = first_transcript(transcripts, &place(&scenario.path, &system.suffix()), &report.transcript)
        {
            // How it relates to the snapshot was said of the first; here is what moves.
            report.findings.retain(|finding| !of_snapshot(finding));
            if report.expected.is_none()
                && system.has_snapshots()
                && let Some(moving) = moving(&first, &report.transcript)
            {
                let detail = terminal.moving(&report.scenario, &moving);
                return Outcome::Failed(terminal.word_for(&report, "its transcript moves"), detail);
            }
        }
        if let Some(expected) = &report.expected {
            let (line, detail) = (terminal.verdict(&report), terminal.failure(&report));
            return match &expected.unlike {
                None => Outcome::Expected(line, detail),
                Some(_) => Outcome::Failed(terminal.word_for(&report, "not as its system file expects"), detail),
            };
        }
        let wrong_only_in_snapshot = report.findings.iter().all(of_snapshot);
        let missing = report.findings.iter().any(|finding| finding.kind == FindingKind::SnapshotMissing);
        if wrong_only_in_snapshot && (self.accept || self.accept_new && missing) {
            match accept(scenario, &system.suffix(), &report.transcript, terminal) {
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

/// What is left of scenarios and variants that are gone.
fn stale(selected: &[Selected]) -> Vec<String> {
    let orphans = orphans(selected);
    orphans.iter().map(ToString::to_string).chain(files::declared_for_nothing(selected)).collect()
}

/// Whether nothing may be left out that a system file does not declare.
fn all_required() -> Result<bool, String> {
    match std::env::var(REQUIRE) {
        Ok(value) if value == "all" => Ok(true),
        Ok(value) if !value.is_empty() => Err(format!("{REQUIRE}={value}: it can only be `all`")),
        _ => Ok(false),
    }
}

/// Whether this is a run that nobody watches, as all services for it say with `CI`.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
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
            #[expect(clippy::disallowed_methods, reason = "what was started is ended by then, and threads may still wait")]
            std::process::exit(130);
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic in another scenario's thread does not make these values wrong.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
