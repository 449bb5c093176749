//! `quietdown try`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::sweep::budget;
use super::{BROKEN, FAILED, INCOMPLETE, PASSED, WRONG};
use crate::finding::Finding;
use crate::report::Terminal;
use crate::run::Runner;
use crate::tryout::{Clean, Client, Digest, Observation, Outcome, Symptom, Tryout, TryoutError, is_of_the_end};

/// Tries a server and its client without any file: boots them, watches what they do, then stops and kills the server, and closes, resets
/// and swallows connections at each phase of each kind of request, and says by cause what was wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  quietdown try --server 'uvicorn app:app --port ${port}' --client 'python client.py --url ${server}'
  quietdown try --server 'node server.js ${port}' --request 'POST /items {\"a\":1}' --request 'GET /items'

The commands are split into words as a shell does it; no shell runs them. ${port} is the server's port, ${server} the URL at which the
client reaches it. Both may also be environment variables: --env PORT='${port}'.

Exit codes: 0 nothing was found, 1 something was found, 2 wrong usage, or nothing could be tried, 3 the harness itself failed,
4 nothing was found, but the time was over before everything was tried.")]
pub struct Try {
    /// The command that starts the server.
    #[arg(long, value_name = "COMMAND", value_parser = words)]
    server: Words,
    /// The command that starts its client.
    #[arg(long, value_name = "COMMAND", value_parser = words, required_unless_present = "request")]
    client: Option<Words>,
    /// Instead of a client, a request that quietdown makes itself; also several, one after the other.
    #[arg(long, value_name = "METHOD PATH [BODY]", value_parser = request, conflicts_with = "client")]
    request: Vec<Request>,
    /// A variable of the environment of both, with ${port} and ${server}; also several.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// A path that is answered with 2xx when the server is ready; by default it is ready as soon as it listens.
    #[arg(long, value_name = "PATH")]
    ready: Option<String>,
    /// The signal that tells the server to stop.
    #[arg(long, value_name = "SIGNAL", default_value = "SIGTERM", value_parser = ["SIGTERM", "SIGINT"], ignore_case = true)]
    stop_signal: String,
    /// Within what a process must have ended, once it has to.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = budget)]
    bound: Duration,
    /// Begin nothing after this time.
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = budget)]
    budget: Duration,
    /// How many runs are made at once.
    #[arg(long, short)]
    jobs: Option<NonZeroUsize>,
    /// Write the system file, a scenario for each thing that was found, and one that passed, to this folder.
    #[arg(long, value_name = "FOLDER")]
    save: Option<PathBuf>,
}

/// A command, split into words.
#[derive(Debug, Clone)]
struct Words(Vec<String>);

/// A request of the harness's own client.
#[derive(Debug, Clone)]
struct Request(String, Option<String>);

fn words(text: &str) -> Result<Words, String> {
    match shlex::split(text) {
        Some(words) if !words.is_empty() => Ok(Words(words)),
        Some(_) => Err("a command has at least one word".to_owned()),
        None => Err("a quote is not closed, or a backslash ends it".to_owned()),
    }
}

fn request(text: &str) -> Result<Request, String> {
    let help = "write a method in capitals, a path that begins with /, and perhaps a body: 'POST /items {\"a\":1}'";
    let mut parts = text.trim().splitn(3, ' ');
    let (Some(method), Some(path)) = (parts.next(), parts.next()) else { return Err(help.to_owned()) };
    let plain = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    if !plain || !path.starts_with('/') {
        return Err(help.to_owned());
    }
    Ok(Request(format!("{method} {path}"), parts.next().map(str::to_owned)))
}

fn variable(text: &str) -> Result<(String, String), String> {
    let found = text.split_once('=').filter(|(name, _)| !name.is_empty());
    found.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| "write NAME=VALUE".to_owned())
}

/// How many lines of evidence are shown of each thing.
const EXCERPT: usize = 5;

impl Try {
    pub fn execute(self) -> u8 {
        match self.run() {
            Ok(code) => code,
            Err((code, why)) => {
                super::complain(format_args!("quietdown: {why}"));
                code
            }
        }
    }

    fn run(&self) -> Result<u8, (u8, String)> {
        let broken = |why: &dyn std::fmt::Display| (BROKEN, why.to_string());
        let folder = std::env::current_dir().map_err(|why| broken(&format_args!("the working directory: {why}")))?;
        let program = std::env::current_exe().map_err(|why| broken(&format_args!("its own program: {why}")))?;
        if let Some(save) = self.save.as_ref().filter(|save| save.join("system.toml").exists()) {
            return Err((WRONG, format!("{} has a system.toml already; name another folder", save.display())));
        }
        let tryout = self.tryout(folder);
        super::run::interrupt();
        let began = Instant::now();
        let runner = Runner::new(program).without_snapshots();
        let clean = tryout.clean(&runner).map_err(|why| self.cannot(&why))?;
        self.introduce(&clean, began.elapsed());
        let experiments = tryout.experiments(&clean);
        let count = experiments.len();
        let outcomes = tryout.make(&runner, &clean, experiments, began + self.budget, |outcome| {
            // Whoever waits sees that it goes on.
            let Ok(report) = &outcome.result else { return };
            let findings: Vec<Finding> =
                report.findings.iter().filter(|finding| !is_of_the_end(finding)).cloned().collect();
            if !findings.is_empty() {
                let (fault, when) = (outcome.experiment.fault.name(), &outcome.experiment.when);
                super::complain(format_args!("  {fault} at {when}: {}", crate::sweep::headline(&findings)));
            }
        });
        let digest = Digest::new(&clean, &outcomes);
        self.tell(&digest, &outcomes, count, began.elapsed());
        if let Some(save) = &self.save {
            save_all(save, &tryout, &clean, &digest, &outcomes)
                .map_err(|why| (BROKEN, format!("{}: {why}", save.display())))?;
            super::say(format_args!(
                "written: {0}; to see it again: quietdown run {0}/scenarios --system {0}/system.toml",
                save.display()
            ));
        }
        outcomes.into_iter().filter_map(|outcome| outcome.result.ok()).for_each(|report| drop(report.discard()));
        drop(clean.report.discard());
        Ok(match (&digest, count) {
            (digest, _) if !digest.broken.is_empty() => BROKEN,
            (digest, _) if !digest.observations.is_empty() => FAILED,
            (digest, count) if digest.quiet + digest.untested.len() < count => INCOMPLETE,
            (digest, _) if digest.quiet == 0 => INCOMPLETE,
            _ => PASSED,
        })
    }

    fn tryout(&self, folder: PathBuf) -> Tryout {
        let prefixed = |words: &Words| match self.env.is_empty() {
            true => words.0.clone(),
            false => {
                let variables = self.env.iter().map(|(name, value)| format!("{name}={value}"));
                std::iter::once("env".to_owned()).chain(variables).chain(words.0.iter().cloned()).collect()
            }
        };
        let client = match &self.client {
            Some(client) => Client::Command(prefixed(client)),
            None => Client::Requests(self.request.iter().map(|it| (it.0.clone(), it.1.clone())).collect()),
        };
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Tryout {
            server: prefixed(&self.server),
            client,
            folder,
            ready: self.ready.clone(),
            interrupt: self.stop_signal.eq_ignore_ascii_case("SIGINT"),
            bound: self.bound,
            jobs: self.jobs.unwrap_or(processors.saturating_add(1)),
        }
    }

    fn cannot(&self, why: &TryoutError) -> (u8, String) {
        let terminal = Terminal { colours: super::colours(&std::io::stderr()) };
        match why {
            TryoutError::DoesNotBoot { report, .. } | TryoutError::NoRequests { report, .. } => {
                (WRONG, format!("{why}\n\n{}", terminal.failure(report)))
            }
            TryoutError::Wrong(_) => (WRONG, why.to_string()),
            TryoutError::Harness(_) => (BROKEN, why.to_string()),
        }
    }

    /// What the clean run has shown.
    fn introduce(&self, clean: &Clean, took: Duration) {
        let shapes: Vec<String> = clean
            .shapes
            .iter()
            .map(|shape| if shape.count > 1 { format!("{shape} ×{}", shape.count) } else { shape.to_string() })
            .collect();
        super::say(format_args!("undisturbed, {:.1} s: {}", took.as_secs_f64(), shapes.join(", ")));
        if self.client.is_some() {
            let how = if clean.client_ends { "ends by itself" } else { "goes on until it is ended" };
            super::say(format_args!("  the client {how}"));
        }
        for process in clean.report.evidence.processes.iter().filter(|process| process.traces_only) {
            super::say(format_args!(
                "  {}: what it writes is of no log format that is known, so it is judged for stack traces only",
                process.name
            ));
        }
    }

    fn tell(&self, digest: &Digest, outcomes: &[Outcome], count: usize, took: Duration) {
        let loud = outcomes.len() - digest.quiet - digest.untested.len() - digest.broken.len();
        super::say(format_args!(
            "\n{} of {count} experiments in {:.0} s: {loud} with findings, {} without, {} had nothing to strike{}",
            outcomes.len(),
            took.as_secs_f64(),
            digest.quiet,
            digest.untested.len(),
            if outcomes.len() < count {
                format!("; {} not tried: the time was over", count - outcomes.len())
            } else {
                String::new()
            }
        ));
        for (experiment, why) in &digest.broken {
            super::complain(format_args!(
                "{} at {}: the harness failed: {why}",
                experiment.fault.name(),
                experiment.when
            ));
        }
        let mut headline = None;
        for observation in &digest.observations {
            if headline != Some(observation.symptom) {
                super::say(format_args!("\n── {}", observation.symptom.headline()));
                headline = Some(observation.symptom);
            }
            self.show(observation);
        }
        if digest.observations.is_empty() {
            super::say("nothing was found");
        }
    }

    fn show(&self, observation: &Observation) {
        let finding = &observation.finding;
        let process = finding.process.as_ref().map(|process| format!("{process}: ")).unwrap_or_default();
        super::say(format_args!("  {process}{}", finding.message));
        // What is open says more than what was logged.
        let (logged, telling): (Vec<&String>, Vec<&String>) =
            finding.excerpt.iter().partition(|line| line.contains("` logged: "));
        for line in telling.iter().chain(&logged).take(EXCERPT) {
            super::say(format_args!("    | {line}"));
        }
        if finding.excerpt.len() > EXCERPT {
            super::say(format_args!("    | … {} lines more", finding.excerpt.len() - EXCERPT));
        }
        if observation.symptom != Symptom::Undisturbed {
            super::say(format_args!("    seen at {}", observation.places()));
        }
    }
}

/// Writes the system, a scenario for each thing that was found, and one that passed, with its snapshot.
fn save_all(
    folder: &Path,
    tryout: &Tryout,
    clean: &Clean,
    digest: &Digest,
    outcomes: &[Outcome],
) -> std::io::Result<()> {
    let scenarios = folder.join("scenarios");
    std::fs::create_dir_all(&scenarios)?;
    std::fs::write(folder.join("system.toml"), &clean.system.source)?;
    let write = |experiment: &crate::tryout::Experiment, head: &str| {
        let path = scenarios.join(format!("{}.toml", experiment.name()));
        std::fs::write(&path, format!("{head}{}", tryout.scenario(clean, experiment))).map(|()| path)
    };
    for observation in &digest.observations {
        if let Some(experiment) = observation.example() {
            let message = observation.finding.message.lines().next().unwrap_or_default().to_owned();
            write(
                experiment,
                &format!("# Found: {}: {}\n", observation.symptom.headline(), crate::report::inert(&message, false)),
            )?;
        }
    }
    let passed = outcomes.iter().find_map(|outcome| {
        let report = outcome.result.as_ref().ok()?;
        let struck = report.evidence.faults.iter().any(|fault| fault.fired.is_some());
        (report.findings.is_empty() && struck).then_some((&outcome.experiment, report))
    });
    if let Some((experiment, _)) = passed {
        write(experiment, "# Nothing was found.\n")?;
    }
    Ok(())
}
