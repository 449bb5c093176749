//! `quietdown run`.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::remote::{Remote, RemoteError};
use crate::report::{Progress, Recorder};
use crate::run::{Accept, Counts, Runner, Suite, SuiteCase};
use crate::system::System;
use crate::transcript::OrphanSnapshot;
use clap::Args;

use super::files::{self, Purpose};
use super::reports::{HtmlFile, Reports, Telling};
use super::{BROKEN, FAILED, PASSED, WRONG};

/// The environment variable that makes what is left out a failure: `all`.
const REQUIRE: &str = "QUIETDOWN_REQUIRE";

/// Runs scenarios in parallel, each with processes, ports and a folder of its own.
#[derive(Debug, Args)]
pub struct RunArgs {
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
    /// Where the runs' folders go; default: `quietdown` in $XDG_RUNTIME_DIR, else `quietdown-USER` in the folder
    /// for temporary files.
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
    /// Only scenarios whose names have this in them; `*` is anything, `!TEXT` those that have not. May be repeated: each must hold.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Begin no more scenarios once one has failed.
    #[arg(long)]
    fail_fast: bool,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    reports: Reports,
}

impl RunArgs {
    pub fn execute(mut self) -> u8 {
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(why) => {
                super::complain(format_args!("quietdown: cannot find its own program: {why}"));
                return BROKEN;
            }
        };
        if let Err(why) = self.reports.check() {
            super::complain(format_args!("quietdown: {why}"));
            return WRONG;
        }
        let purpose = Purpose {
            system: self.system.clone(),
            variants: self.variant.clone(),
            control: self.control,
            program: Some(program.clone()),
        };
        let mut selected = match files::load(&self.scenarios, purpose, super::colours(&std::io::stderr())) {
            Ok(selected) => selected,
            Err(wrong) => {
                wrong.iter().for_each(|why| super::complain(format_args!("{why}\n")));
                return WRONG;
            }
        };
        let required = match all_required() {
            Ok(required) => required,
            Err(why) => {
                super::complain(format_args!("quietdown: {why}"));
                return WRONG;
            }
        };
        if (self.accept || self.accept_new) && in_ci() {
            super::complain(format_args!(
                "quietdown: CI is set: snapshots are not written here; run it where somebody reads them"
            ));
            return WRONG;
        }
        let stale = if self.scenarios.is_empty() { stale(&selected) } else { Vec::new() };
        let all = selected.len();
        selected.retain(|case| self.filter.iter().all(|filter| is_meant(filter, &case.label())));
        if selected.is_empty() {
            super::complain(format_args!(
                "quietdown: --filter leaves none of {all} scenarios; `quietdown list` names all"
            ));
            return WRONG;
        }
        let runner = Runner::new(program).keep(self.keep);
        let runner = match &self.runs {
            Some(runs) => runner.runs(runs),
            None => runner,
        };
        let runner = match self.toxiproxy.as_deref().map(find_toxiproxy).transpose() {
            Ok(Some(server)) => runner.toxiproxy(server),
            Ok(None) => runner,
            Err(why) => {
                super::complain(format_args!("quietdown: {why}"));
                return if matches!(why, RemoteError::Url(_)) { WRONG } else { BROKEN };
            }
        };
        let runner = if self.no_zygote { runner.without_zygotes() } else { runner };
        interrupt();
        let began = Instant::now();
        let suite = Suite {
            cases: &selected,
            runner,
            jobs: self.jobs,
            repeat: self.repeat,
            control: self.control,
            keep: self.keep,
            accept: match (self.accept, self.accept_new) {
                (true, _) => Accept::Always,
                (false, true) => Accept::Missing,
                (false, false) => Accept::Never,
            },
            fail_fast: self.fail_fast,
        };
        let console = self.reports.console(self.telling.verbosity());
        let (mut progress, mut recorder) = (Progress::new(console), Recorder::default());
        let silence = self.reports.silence();
        silence.iter().for_each(|silence| progress.say(silence.begin()));
        progress.begin(selected.len() * self.repeat.get());
        let mut html = self.reports.take_html().map(HtmlFile::new);
        let counts = suite.run(&mut (&mut progress, &mut (&mut recorder, &mut html)));
        let took = began.elapsed();
        progress.finish(&counts, took);
        silence.iter().for_each(|silence| progress.say(silence.end()));
        let results = recorder.finish(&counts, took);
        let mut unwritten = self.reports.write(&results);
        unwritten.extend(html.and_then(|html| html.write("run", &results).err()));
        unwritten.iter().for_each(|why| super::complain(format_args!("quietdown: {why}")));
        let missed = if required { counts.undeclared.as_slice() } else { &[] };
        if !missed.is_empty() {
            super::complain(format_args!(
                "quietdown: {REQUIRE}=all, and this was left out without being declared by its system file:"
            ));
            missed.iter().for_each(|name| super::complain(format_args!("  {name}")));
        }
        stale.iter().for_each(|why| super::complain(format_args!("quietdown: {why}")));
        if unwritten.is_empty() { code(&counts, !missed.is_empty(), !stale.is_empty()) } else { BROKEN }
    }
}

/// The exit code.
fn code(counts: &Counts, missed: bool, stale: bool) -> u8 {
    match counts {
        Counts { broken: 1.., .. } | Counts { unsaved: 1.., .. } => BROKEN,
        Counts { failed: 1.., .. } => FAILED,
        _ if missed => FAILED,
        // Nothing was tested.
        Counts { passed: 0, expected: 0, .. } => WRONG,
        _ if stale => WRONG,
        _ => PASSED,
    }
}

/// Whether a filter means a scenario of this name.
fn is_meant(filter: &str, name: &str) -> bool {
    match filter.strip_prefix('!') {
        Some(filter) => !has(filter, name),
        None => has(filter, name),
    }
}

/// Whether the parts of a pattern are in a name, one behind the other.
fn has(pattern: &str, name: &str) -> bool {
    let mut rest = name;
    pattern.split('*').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// What is left of scenarios and variants that are gone.
fn stale(selected: &[SuiteCase]) -> Vec<String> {
    let orphans = orphans(selected);
    orphans.iter().map(ToString::to_string).chain(files::declared_for_nothing(selected)).collect()
}

/// The snapshots beside these scenarios whose scenario or variant is gone.
fn orphans(selected: &[SuiteCase]) -> Vec<OrphanSnapshot> {
    let folders: BTreeSet<&Path> = selected.iter().filter_map(|one| one.scenario.path.parent()).collect();
    let mut known = System::known();
    known.extend(selected.iter().map(|one| one.system.clone()));
    let is_made = |suffix: &str| System::makes_snapshots(&known, suffix);
    folders.into_iter().flat_map(|folder| crate::transcript::orphans(folder, is_made).unwrap_or_default()).collect()
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

/// Ctrl-C ends the harness with everything that it started: their subreapers do the work, whoever dies and how.
pub(super) fn interrupt() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            #[expect(
                clippy::disallowed_methods,
                reason = "what was started is ended by then, and threads may still wait"
            )]
            std::process::exit(130);
        }
    });
}

#[test]
fn a_filter_is_a_part_of_a_name_or_parts_in_order_or_what_is_not_in_it() {
    for (filter, name, meant) in [
        ("stop", "stop-mid-body", true),
        ("stop*body", "stop-mid-body", true),
        ("body*stop", "stop-mid-body", false),
        ("!stop", "stop-mid-body", false),
        ("!stop", "idle", true),
        ("*", "idle", true),
        ("idle+fixed", "idle", false),
    ] {
        assert_eq!(is_meant(filter, name), meant, "{filter} {name}");
    }
}
