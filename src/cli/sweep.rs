//! `quietdown sweep`.

mod failures;
mod selection;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::report::html::{HtmlSweep, PointEnd};
use crate::report::{Console, Recorder, SweptPoints, Tally, Terminal, Verbosity, failed_point};
use crate::run::{Cost, Report, Runner, SuiteCase, drive, own_runs};
use crate::scenario::SweepFault;
use crate::sweep::{self, LEDGER_VERSION, Ledger, LedgerError, Outcome, Subject, SweepError, SweepPoint, Verdict};
use crate::system::System;
use clap::Args;

use super::files;
use super::reports::{Reports, Telling, write_page};
use super::{BROKEN, FAILED, INCOMPLETE, PASSED, WRONG};
use failures::Failures;
pub(super) use selection::budget;
use selection::{Shard, Which};

/// Sweeps a scenario: every fault at every place of every request of a clean run, each point a scenario of its own.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 every selected point passed, 1 a point failed, 2 wrong usage or a wrong file, 3 the harness itself failed,
4 nothing failed, but a fault did not fire or the budget was over before all points were run.")]
pub struct SweepArgs {
    /// The scenario, by name or path.
    scenario: String,
    /// The system to run on: a name (systems/NAME.toml, or the built-in `store`) or a path.
    #[arg(long)]
    system: Option<String>,
    /// The variant of the system to run on (`[variants.NAME]` of its file).
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Only these faults: fin, rst, hold, refuse, server-stop, server-kill, client-cancel, client-kill, client-stop, pause.
    #[arg(long, value_delimiter = ',')]
    faults: Vec<SweepFault>,
    /// Only these points: numbers, ranges (3-7), names of calls or operations, phases.
    #[arg(long, value_delimiter = ',')]
    points: Vec<Which>,
    /// How many run at once; default: twice the number of processors, because a point mostly waits.
    #[arg(long, short)]
    jobs: Option<NonZeroUsize>,
    /// Only the I-th of N parts of the selected points; the parts together are all of them.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// What decides the timelines of --random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Begin nothing after this time, such as 10m: no point, nor making a failure small. A later sweep with the same --folder goes on.
    #[arg(long, value_name = "TIME", value_parser = budget)]
    budget: Option<Duration>,
    /// Every byte of heads and bodies, instead of the first, the middle and the last.
    #[arg(long)]
    every_byte: bool,
    /// 2: also the requests that only a fault brings about, such as retries.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    generations: u8,
    /// Instead of single faults, N timelines of two to four faults, drawn from the seed.
    #[arg(long, value_name = "N", conflicts_with_all = ["every_byte", "generations"])]
    random: Option<NonZeroUsize>,
    /// Where the results are kept: a sweep that was ended goes on from there. Default: a new folder for temporary files.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Print the numbers of the selected points and what they are, and run none of them.
    #[arg(long)]
    list: bool,
    /// Print the scenarios of the selected points, and run none of them.
    #[arg(long, conflicts_with = "list")]
    print: bool,
    /// Plant a defect of the system; the clean run is made without it.
    #[arg(long, value_name = "NAME")]
    defect: Option<String>,
    /// Begin no more points once one has failed.
    #[arg(long)]
    fail_fast: bool,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    reports: Reports,
}

/// Why a sweep could not be made: its exit code, and what to say.
type Ended = (u8, String);

impl SweepArgs {
    pub fn execute(mut self) -> u8 {
        let html = self.reports.take_html();
        match self.sweep(html) {
            Ok(code) => code,
            Err((code, why)) => {
                super::complain(format_args!("quietdown: {why}"));
                code
            }
        }
    }

    fn sweep(&self, html: Option<PathBuf>) -> Result<u8, Ended> {
        self.reports.check().map_err(|why| (WRONG, why.to_owned()))?;
        let began = Instant::now();
        let deadline = self.budget.map(|budget| began + budget);
        let SuiteCase { scenario, system, .. } = self.load()?;
        let mut console = self.reports.console(self.telling.verbosity());
        let terminal = console.terminal;
        let mut recorder = Recorder::default();
        let folder = self.folder.clone().map_or_else(|| new_folder(&scenario.name), Ok)?;
        let program = std::env::current_exe().map_err(|why| (BROKEN, format!("cannot find its own program: {why}")))?;
        let clean = Runner::new(program).runs(folder.join("runs"));
        let runner = match &self.defect {
            Some(defect) => clean.clone().defect(defect),
            None => clean.clone(),
        };
        super::run::interrupt();
        let subject = self.subject(&scenario.source, &system);
        let known =
            self.folder.as_ref().and_then(|folder| Ledger::subject_in(folder)).filter(|known| known.is_of(&subject));
        let requests = match known {
            Some(known) => known.requests,
            None => sweep::Sweep::record(&scenario, &system, &clean, self.every_byte)
                .and_then(|sweep| if self.generations == 2 { sweep.with_second_generation() } else { Ok(sweep) })
                .map_err(|why| cannot_sweep(&why, terminal))?
                .requests()
                .to_vec(),
        };
        let sweep = sweep::Sweep::with_requests(&scenario, &system, &runner, self.every_byte, requests);
        let sweep = sweep.until(deadline);
        let points = self.selected(&sweep, &scenario)?;
        if self.list || self.print {
            points.iter().for_each(|point| self.show(&sweep, point));
            return Ok(PASSED);
        }
        let ledger = Ledger::open(&folder, Subject { requests: sweep.requests().to_vec(), ..subject });
        let mut ledger = ledger.map_err(|why| match why {
            LedgerError::Other { .. } | LedgerError::Busy { .. } => (WRONG, why.to_string()),
            LedgerError::Newer { .. } => (WRONG, why.to_string()),
            _ => (BROKEN, why.to_string()),
        })?;
        let silence = self.reports.silence();
        silence.iter().for_each(|silence| console.say(silence.begin()));
        let done = points.iter().filter(|point| ledger.known.contains_key(&point.number)).count();
        let before = if done > 0 { format!(", {done} of them done before") } else { String::new() };
        console.say(format_args!(
            "{}: {} points of {} requests{before}\nresults: {}",
            scenario.name,
            points.len(),
            sweep.requests().len(),
            folder.display()
        ));
        let swept_html = html.as_ref().map(|_| Mutex::new(HtmlSweep::default()));
        let costs = self.run(&sweep, &points, &mut ledger, deadline, (&mut console, swept_html.as_ref()));
        console.finish();
        let costs = costs?;
        let failures = Failures::new(&sweep, &points, &ledger.known, &folder);
        let (shown_by, written) = failures.write(&console);
        if self.random.is_none() && console.verbosity > Verbosity::Quiet {
            console.say(format_args!("\n{}", terminal.matrix(&points, sweep.requests(), &ledger.known)));
        }
        if console.verbosity > Verbosity::Quiet {
            console.say(terminal.costs(&costs));
            sweep.schedules().iter().for_each(|schedule| console.say(schedule));
        }
        let code = self.end(&points, &ledger, &folder, &console);
        silence.iter().for_each(|silence| console.say(silence.end()));
        let swept = SweptPoints { sweep: &sweep, points: &points, outcomes: &ledger.known, shown_by: &shown_by };
        let counts = swept.record(&mut recorder);
        let mut unwritten = self.reports.write(&recorder.finish(&counts, began.elapsed()));
        if let (Some(path), Some(page)) = (html, swept_html) {
            let page = page.into_inner().unwrap_or_else(PoisonError::into_inner);
            let ends: Vec<PointEnd<'_>> =
                points.iter().map(|point| PointEnd { point, outcome: ledger.known.get(&point.number) }).collect();
            let title = format!("sweep {}", scenario.name);
            let file = |point: &SweepPoint| shown_by.get(&point.number).cloned();
            let page = page.page(&title, &ends, sweep.requests(), began.elapsed(), self.random.is_none(), file);
            unwritten.extend(write_page(&path, page).err());
        }
        unwritten.iter().for_each(|why| super::complain(format_args!("quietdown: {why}")));
        written?;
        Ok(if unwritten.is_empty() { code } else { BROKEN })
    }

    fn load(&self) -> Result<SuiteCase, Ended> {
        let wrong = |why: String| (WRONG, why);
        let found = files::find(std::slice::from_ref(&self.scenario)).map_err(|why| wrong(why.join("\n")))?;
        let [path] = found.as_slice() else {
            return Err(wrong(format!("{}: one scenario is swept at a time; name a file", self.scenario)));
        };
        let colours = super::colours(&std::io::stderr());
        let variants = self.variant.iter().cloned().collect();
        let purpose = files::Purpose { system: self.system.clone(), variants, ..files::Purpose::default() };
        let mut all = files::Files::new(purpose, colours).load(path).map_err(wrong)?;
        if all.len() > 1 {
            return Err(wrong("one variant is swept at a time; name it".to_owned()));
        }
        let selected = all.remove(0);
        if let Some(why) = &selected.left_out {
            return Err(wrong(format!(
                "{} cannot be swept on {}: {}",
                selected.scenario.name, selected.system.file.name, why.reason
            )));
        }
        if let Some(defect) = &self.defect {
            let known = selected.system.file.defects.as_ref().is_some_and(|known| known.names.contains_key(defect));
            if !known {
                return Err(wrong(format!("the system `{}` declares no defect `{defect}`", selected.system.file.name)));
            }
        }
        Ok(selected)
    }

    /// What the numbers of this sweep count.
    fn subject(&self, scenario: &str, system: &System) -> Subject {
        let numbers = match (self.random, self.every_byte) {
            (Some(_), _) => format!("timelines of seed {} with {:?}", self.seed, self.faults),
            (None, true) => format!("every byte, {} generations", self.generations),
            (None, false) => format!("points, {} generations", self.generations),
        };
        Subject {
            version: LEDGER_VERSION,
            scenario: scenario.to_owned(),
            system: system.source.clone(),
            variant: system.variant.clone(),
            numbers,
            defect: self.defect.clone(),
            requests: Vec::new(),
        }
    }

    /// The points that are meant, in their order.
    fn selected(
        &self,
        sweep: &sweep::Sweep<'_>,
        scenario: &crate::scenario::Scenario,
    ) -> Result<Vec<SweepPoint>, Ended> {
        let rules = scenario.file.sweep.clone().map(crate::file::Spanned::into_inner).unwrap_or_default();
        let declared =
            |faults: &Vec<crate::file::Spanned<SweepFault>>| faults.iter().map(|fault| *fault.as_ref()).collect();
        let faults: Vec<SweepFault> = match (&rules.faults, self.faults.is_empty()) {
            (_, false) => self.faults.clone(),
            (Some(faults), true) => declared(faults),
            (None, true) => SweepFault::ALL.to_vec(),
        };
        let all: Vec<SweepPoint> = match self.random {
            Some(count) => (1..=count.get()).filter_map(|number| sweep.timeline(self.seed, number, &faults)).collect(),
            None => sweep.points(),
        };
        let of_file = self.points.is_empty() && self.random.is_none();
        let (calls, phases) = (rules.calls.as_ref().filter(|_| of_file), rules.phases.as_ref().filter(|_| of_file));
        let meant = |point: &SweepPoint| {
            let Some(strike) = point.strikes.last() else { return false };
            let request = &sweep.requests()[strike.request];
            let declared = calls
                .is_none_or(|calls| calls.iter().any(|call| Some(call.as_ref()) == request.call.as_ref()))
                && phases.is_none_or(|phases| phases.iter().any(|phase| *phase.as_ref() == strike.place.phase));
            let asked =
                self.points.is_empty() || self.points.iter().any(|which| which.means(point.number, strike, request));
            declared && asked && (self.random.is_some() || faults.contains(&strike.fault))
        };
        let mut mine: Vec<SweepPoint> = all.into_iter().filter(meant).collect();
        if let Some(shard) = self.shard {
            let part = shard.part(mine.iter().map(|point| point.number).collect());
            mine.retain(|point| part.contains(&point.number));
        }
        if mine.is_empty() {
            return Err((
                WRONG,
                "no point is meant by --faults, --points and --shard; --list shows those that there are".to_owned(),
            ));
        }
        Ok(mine)
    }

    fn show(&self, sweep: &sweep::Sweep<'_>, point: &SweepPoint) {
        if self.print {
            match sweep.scenario_of(point) {
                Some(composition) => super::say(composition.text),
                None => super::say(format_args!("# {}: needs the answer of a call that is struck", point.number)),
            }
            return;
        }
        super::say(format_args!("{:>6}  {}", point.number, point.describe(sweep.requests())));
    }

    /// Runs what is not done, one kind of fault after the other.
    fn run(
        &self,
        sweep: &sweep::Sweep<'_>,
        points: &[SweepPoint],
        ledger: &mut Ledger,
        deadline: Option<Instant>,
        (console, html): (&mut Console, Option<&Mutex<HtmlSweep>>),
    ) -> Result<BTreeMap<SweepFault, Cost>, Ended> {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = self.jobs.or(NonZeroUsize::new(2 * processors)).unwrap_or(NonZeroUsize::MIN);
        let mut kinds: BTreeMap<SweepFault, Vec<&SweepPoint>> = BTreeMap::new();
        for point in points.iter().filter(|point| !ledger.known.contains_key(&point.number)) {
            if let Some(strike) = point.strikes.last() {
                kinds.entry(strike.fault).or_default().push(point);
            }
        }
        console.begin(kinds.values().map(Vec::len).sum());
        let console = &*console;
        let name = |number: usize| format!("point {number}");
        let mut costs = BTreeMap::new();
        let (mut failure, mut goes_on) = (None, true);
        for (fault, kind) in kinds {
            let run = |point: &SweepPoint| {
                console.begun(&name(point.number));
                let (outcome, report) = sweep.run(point);
                if let (Some(html), Some(report)) = (html, &report) {
                    let mut html = html.lock().unwrap_or_else(PoisonError::into_inner);
                    html.keep(point.number, &report.evidence, &report.findings, &report.transcript);
                }
                // A scenario file will show it again: thousands of folders would show it no better.
                let _ = report.map(Report::discard);
                outcome
            };
            let done = |outcome: Outcome| {
                let failed = matches!(outcome.verdict, Verdict::Failed | Verdict::Broken);
                console.ended(&name(outcome.number), failed);
                if let (true, Some(point)) = (failed, points.iter().find(|point| point.number == outcome.number)) {
                    let what = failed_point(point, sweep.requests(), &outcome);
                    console.say(format_args!("{}  {what}", console.terminal.bad("FAIL")));
                }
                failure = ledger.add(&outcome).err();
                console.show(|| console.terminal.matrix(points, sweep.requests(), &ledger.known));
                goes_on = failure.is_none() && !(failed && self.fail_fast);
                goes_on
            };
            let cost = drive(kind, jobs, deadline, run, done);
            costs.insert(fault, cost);
            if let Some(why) = failure {
                return Err((BROKEN, why.to_string()));
            }
            if !goes_on {
                break;
            }
        }
        Ok(costs)
    }

    fn end(&self, points: &[SweepPoint], ledger: &Ledger, folder: &std::path::Path, console: &Console) -> u8 {
        let mut tally = Tally::default();
        points.iter().for_each(|point| tally.add(ledger.known.get(&point.number)));
        for point in points {
            if let Some(outcome) = ledger.known.get(&point.number).filter(|it| it.verdict == Verdict::NotFired) {
                let why = outcome.findings.first().map_or("it has no request", |finding| finding.message.as_str());
                console.say(format_args!("unmet point {}: {why}", point.number));
            }
        }
        let Tally { passed, failed, not_fired, broken, not_run } = tally;
        console.say(format_args!(
            "{} points: {passed} passed, {failed} failed, {not_fired} did not fire, {broken} broken, {not_run} not run",
            points.len()
        ));
        if not_run > 0 {
            console.say(format_args!("to go on: add --folder {}", folder.display()));
        }
        match tally {
            Tally { broken: 1.., .. } => BROKEN,
            Tally { failed: 1.., .. } => FAILED,
            Tally { not_fired: 1.., .. } | Tally { not_run: 1.., .. } => INCOMPLETE,
            _ => PASSED,
        }
    }
}

fn cannot_sweep(why: &SweepError, terminal: Terminal) -> Ended {
    match why {
        SweepError::Fails { report, .. } => (FAILED, format!("{why}\n\n{}", terminal.failure(report))),
        SweepError::NoRequests { .. } => (WRONG, why.to_string()),
        _ => (BROKEN, why.to_string()),
    }
}

fn new_folder(name: &str) -> Result<PathBuf, Ended> {
    let runs = own_runs().map_err(|why| (BROKEN, why.to_string()))?;
    Ok(runs.join(format!("sweep-{name}-{}", std::process::id())))
}
