//! One scenario from its file to its report: the door for `cargo test`, here and in other projects.

mod folder;
mod program;
mod queue;
mod suite;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::evidence::Evidence;
use crate::finding::{Finding, FindingKind};
use crate::mutation::{Mutation, planted};
use crate::process::{ZygoteProcess, Zygotes};
use crate::remote::Remote;
use crate::scenario::{Scenario, instances};
use crate::system::{PLAIN, System};
use crate::timeline::{HarnessError, LOGS, OutputLog, Plan, Planted, Played, play};
use crate::transcript::{Comparison, compare, transcript};
use crate::verdict::{judge, unlike};
pub use folder::{FolderError, default_runs, own_runs};
pub use program::ProgramError;
pub use queue::{Cost, drive};
pub(crate) use suite::of_snapshot;
pub use suite::{Accept, Accepted, Counts, Ending, FailureReason, Reporter, Suite, SuiteCase};

/// The environment variable that names the quietdown program, for tests of other projects.
pub const PROGRAM: &str = "QUIETDOWN_BIN";

/// How scenarios are run.
#[derive(Debug, Clone)]
pub struct Runner {
    /// What `${quietdown}` means.
    program: Option<PathBuf>,
    /// What `${program.NAME}` means.
    programs: BTreeMap<String, PathBuf>,
    /// Nothing where the [default folder](default_runs) is meant.
    runs: Option<PathBuf>,
    keep: bool,
    planted: Option<Planted>,
    snapshots: bool,
    transcripts: bool,
    toxiproxy: Option<Remote>,
    /// Nothing where every process is to be started as if there were no zygotes.
    zygotes: Option<Zygotes>,
}

/// The outcome of a run. Its `Display` is everything that is wrong, as `quietdown run` shows it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// What was observed.
    #[doc(hidden)]
    pub evidence: Evidence,
    /// What is wrong; empty if the scenario passed.
    pub findings: Vec<Finding>,
    /// The evidence as stable text; empty for a pass [without transcripts](Runner::without_transcripts).
    pub transcript: String,
    /// The system file's declaration, if it declares that this scenario fails.
    pub expected: Option<KnownFailure>,
    /// The run's folder, if it was kept.
    pub folder: Option<PathBuf>,
    /// Why the evidence could not be saved there, if it could not. The findings are valid all the same.
    pub unsaved: Option<String>,
}

/// A failure that the system file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownFailure {
    /// Why it fails, as the system file says.
    pub reason: String,
    /// How the failure differs from the declaration; `None` if it does not.
    pub unlike: Option<String>,
}

impl Report {
    /// Whether nothing is wrong. A scenario that fails as declared has not passed.
    pub fn passed(&self) -> bool {
        self.findings.is_empty() && self.expected.is_none()
    }

    /// Whether it failed as its system file declares.
    pub fn failed_as_expected(&self) -> bool {
        self.expected.as_ref().is_some_and(|expected| expected.unlike.is_none())
    }

    /// The scenario's name, with that of the variant.
    pub fn label(&self) -> String {
        let variant = self.evidence.variant.as_ref().map(|variant| format!("+{variant}"));
        format!("{}{}", self.scenario, variant.unwrap_or_default())
    }

    /// The number of the step that a failure is about, from 1: the one that failed, or otherwise the last one with a fault.
    pub fn step(&self) -> Option<usize> {
        let failed = self.evidence.failure.as_ref().map(|failure| failure.step).filter(|step| *step > 0);
        failed.or_else(|| self.evidence.faults.last().map(|fault| fault.step))
    }

    /// Whether it failed as a control must. A run whose processes did not boot does not count: a release build, for example,
    /// refuses to run with a planted defect.
    pub fn fails_with(&self, wanted: FindingKind) -> bool {
        let booted = self.evidence.failure.as_ref().is_none_or(|failure| failure.step > 0);
        booted && self.findings.iter().any(|finding| finding.kind == wanted)
    }

    /// Removes the run's folder, for a failure that was expected.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn discard(self) -> std::io::Result<()> {
        self.folder.map_or(Ok(()), fs::remove_dir_all)
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::report::Terminal { colours: false }.failure(self))
    }
}

impl Default for Runner {
    /// Runs without the quietdown program: systems that name it with `${quietdown}` cannot be run.
    fn default() -> Self {
        Self {
            program: None,
            programs: BTreeMap::new(),
            runs: None,
            keep: false,
            planted: None,
            snapshots: true,
            transcripts: true,
            toxiproxy: None,
            zygotes: Some(Zygotes::default()),
        }
    }
}

impl Runner {
    /// Runs with this quietdown program, which `${quietdown}` in a system file means.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: Some(program.into()), ..Self::default() }
    }

    /// Runs with the quietdown program that `QUIETDOWN_BIN` names, or without one when the variable is not set: only a system that
    /// names it with `${quietdown}`, as the embedded store does, needs it.
    ///
    /// # Errors
    /// When the variable names no file, or a file that is not quietdown.
    pub fn from_env() -> Result<Self, HarnessError> {
        let Some(path) = std::env::var_os(PROGRAM).map(PathBuf::from) else { return Ok(Self::default()) };
        program::is_quietdown(&path).map_err(|why| HarnessError::Program { program: path.clone(), why })?;
        Ok(Self::new(path))
    }

    /// Names the program that `${program.NAME}` in a system file means. Programs without a name are looked up in PATH.
    ///
    /// In a test: `runner.with_program("shop", env!("CARGO_BIN_EXE_shop"))`.
    #[must_use]
    pub fn with_program(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.programs.insert(name.into(), path.into());
        self
    }

    /// Keeps the runs' folders under `runs`.
    #[must_use]
    pub fn runs(mut self, runs: impl Into<PathBuf>) -> Self {
        self.runs = Some(runs.into());
        self
    }

    /// Also keeps the folder of a scenario that passed.
    #[must_use]
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// Does not compare transcripts with snapshots.
    #[must_use]
    pub fn without_snapshots(mut self) -> Self {
        self.snapshots = false;
        self
    }

    /// Makes no transcript of a run that passes, and compares none: for thousands of runs of which only failures matter.
    #[must_use]
    pub fn without_transcripts(mut self) -> Self {
        self.transcripts = false;
        self.without_snapshots()
    }

    /// Starts every process as a program, even if the system file names a zygote.
    #[must_use]
    pub fn without_zygotes(mut self) -> Self {
        self.zygotes = None;
        self
    }

    /// Uses the links of a Toxiproxy server. It does not report which requests pass and what its toxics hit, which transcripts
    /// contain: so transcripts are not compared with snapshots.
    #[must_use]
    pub fn toxiproxy(mut self, server: Remote) -> Self {
        self.toxiproxy = Some(server);
        self.snapshots = false;
        self
    }

    /// Whether somebody else's proxy carries the links, which cannot all that the embedded one can.
    pub(crate) fn has_foreign_proxy(&self) -> bool {
        self.toxiproxy.is_some()
    }

    /// Plants what the scenario's control names; the transcript is then not compared with its snapshot.
    ///
    /// # Errors
    /// When the scenario has no control.
    pub fn control(mut self, scenario: &Scenario) -> Result<(Self, FindingKind), HarnessError> {
        let control = scenario.file.control.as_ref().map(crate::file::Spanned::as_ref);
        let control = control.ok_or_else(|| HarnessError::NoControl { scenario: scenario.path.clone() })?;
        self.planted = Some(
            control.defect.as_ref().map_or(Planted::WithoutFaults, |defect| Planted::Defect(defect.as_ref().clone())),
        );
        self.snapshots = false;
        Ok((self, *control.finding.as_ref()))
    }

    /// Plants a defect of the system.
    #[must_use]
    pub fn defect(mut self, name: impl Into<String>) -> Self {
        self.planted = Some(Planted::Defect(name.into()));
        self
    }

    /// Runs a scenario, on its own thread and runtime, and waits for its end.
    ///
    /// # Errors
    /// When the harness itself failed. What the system does wrong is in the report's findings.
    pub fn run(&self, scenario: &Scenario, system: &System) -> Result<Report, HarnessError> {
        self.has_what_it_names(system)?;
        let processes = instances(&scenario.file, &system.file).len();
        let _descriptors = crate::process::Descriptors::reserve(processes)?;
        crate::process::guard(self.program.as_deref()).map_err(HarnessError::io("starting the supervisor"))?;
        let zygotes = self.warm(scenario, system)?;
        let folder = self.make_folder(&system.label(&scenario.name))?;
        let plan = Plan {
            program: self.program.clone().unwrap_or_default(),
            programs: self.programs.clone(),
            folder: folder.clone(),
            planted: self.planted.clone(),
            toxiproxy: self.toxiproxy.clone(),
            zygotes,
        };
        // A thread of its own: the caller may be inside a runtime already, and a panic in here is no verdict on the system.
        let played = std::thread::scope(|scope| scope.spawn(|| play_alone(scenario, system, &plan)).join());
        let evidence = played.unwrap_or(Err(HarnessError::Panicked));
        let Played { evidence, mut logs } = evidence.inspect_err(|_| drop(fs::remove_dir_all(&folder)))?;
        // What is judged is what is saved: where a secret stands in one of the files, too, it is masked there.
        let masked = (evidence.scenario_source != scenario.source)
            .then(|| Scenario::parse(&scenario.path, &evidence.scenario_source));
        let masked = masked.and_then(Result::ok);
        let scenario = masked.as_ref().unwrap_or(scenario);
        let masked = (evidence.system_source != system.source).then(|| masked_system(&evidence, system)).flatten();
        let system = masked.as_ref().unwrap_or(system);
        let mut findings = judged(&evidence, scenario, system);
        let transcript = match self.transcripts || self.keep || !findings.is_empty() {
            true => told(&evidence, scenario, system)?,
            false => String::new(),
        };
        let expected = system.expected_failure(&scenario.name).filter(|_| self.planted.is_none());
        if self.snapshots && expected.is_none() && system.has_snapshots() && !planted(Mutation::SnapshotsUnread) {
            findings.extend(snapshot_finding(&scenario.path, &system.suffix(), &transcript)?);
        }
        let expected =
            expected.map(|rule| KnownFailure { reason: rule.reason.clone(), unlike: unlike(rule, &findings) });
        let as_it_must = expected.as_ref().map_or(findings.is_empty(), |expected| expected.unlike.is_none());
        let kept = self.keep || !as_it_must;
        let mut unsaved = None;
        if kept {
            let saved = save(&folder, &evidence, &findings, &transcript);
            let logs = logs.iter_mut().map(OutputLog::save).collect::<std::io::Result<Vec<()>>>();
            let logs = logs.map(drop).map_err(HarnessError::io(format!("writing {}", folder.join(LOGS).display())));
            unsaved = saved.and(logs).err().map(|why| why.to_string());
        } else {
            fs::remove_dir_all(&folder).map_err(HarnessError::io(format!("removing {}", folder.display())))?;
        }
        let folder = kept.then_some(folder);
        Ok(Report { scenario: scenario.name.clone(), evidence, findings, transcript, expected, folder, unsaved })
    }

    fn has_what_it_names(&self, system: &System) -> Result<(), HarnessError> {
        if self.program.is_some() || !system.names_program() {
            return Ok(());
        }
        Err(HarnessError::NoProgram { system: system.file.name.clone() })
    }

    /// The zygotes of the processes of a scenario. They are started here, before the clock of a run goes.
    fn warm(&self, scenario: &Scenario, system: &System) -> Result<BTreeMap<String, Arc<ZygoteProcess>>, HarnessError> {
        let Some(zygotes) = &self.zygotes else { return Ok(BTreeMap::new()) };
        let roles: BTreeSet<String> = instances(&scenario.file, &system.file).into_iter().map(|one| one.role).collect();
        let named = roles.iter().filter_map(|role| system.file.role(role)?.zygote.as_ref());
        let mut warm = BTreeMap::new();
        for name in named.map(|name| name.as_ref().clone()) {
            let Some(command) = system.zygote_command(&name, self.program.as_deref().unwrap_or(Path::new(""))) else {
                continue;
            };
            let zygote = zygotes.get(&command).map_err(HarnessError::Zygote)?;
            warm.insert(name, zygote);
        }
        Ok(warm)
    }

    fn make_folder(&self, name: &str) -> Result<PathBuf, HarnessError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let runs = match &self.runs {
            Some(runs) => runs.clone(),
            None => own_runs()?,
        };
        let folder = runs.join(format!("{name}-{}-{number}", std::process::id()));
        // A folder of an earlier process with the same id would be read as this run's.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&runs)
            .and_then(|()| fs::create_dir(&folder))
            .map_err(HarnessError::io(format!("making {}", folder.display())))?;
        folder.canonicalize().map_err(HarnessError::io(format!("finding {}", folder.display())))
    }
}

/// The system as it is saved in evidence, where that is another text.
fn masked_system(evidence: &Evidence, system: &System) -> Option<System> {
    let masked = System::parse(&system.path, &evidence.system_source).ok()?;
    masked.with_variant(evidence.variant.as_deref().unwrap_or(PLAIN)).ok()
}

fn play_alone(scenario: &Scenario, system: &System, plan: &Plan) -> Result<Played, HarnessError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(HarnessError::io("making a runtime"))?;
    let evidence = runtime.block_on(play(scenario, system, plan));
    // Whatever still waits belongs to nobody.
    runtime.shutdown_background();
    evidence
}

/// Judges evidence, new or saved: the findings but for the snapshot, and the transcript.
///
/// # Errors
/// When the system file's identifiers are wrong.
pub fn review(
    evidence: &Evidence,
    scenario: &Scenario,
    system: &System,
) -> Result<(Vec<Finding>, String), HarnessError> {
    Ok((judged(evidence, scenario, system), told(evidence, scenario, system)?))
}

fn judged(evidence: &Evidence, scenario: &Scenario, system: &System) -> Vec<Finding> {
    judge(crate::verdict::Case { evidence, scenario: &scenario.file, system: &system.file })
}

fn told(evidence: &Evidence, scenario: &Scenario, system: &System) -> Result<String, HarnessError> {
    Ok(transcript(evidence, &system.file, &scenario.file.expect.transcript)?)
}

fn snapshot_finding(scenario: &Path, suffix: &str, transcript: &str) -> Result<Option<Finding>, HarnessError> {
    let compared = compare(scenario, suffix, transcript)
        .map_err(HarnessError::io(format!("reading the snapshot of {}", scenario.display())))?;
    Ok(match compared {
        Comparison::Same => None,
        Comparison::Missing(path) => Some(
            Finding::new(
                FindingKind::SnapshotMissing,
                format!("there is no {}; read the transcript, then `quietdown run --accept-new NAME` writes it where CI is not set, and it is committed", path.display()),
            )
            .excerpt(transcript.lines().map(str::to_owned)),
        ),
        Comparison::Differs(diff) => Some(
            Finding::new(
                FindingKind::SnapshotDiffers,
                "the transcript differs from its snapshot; `quietdown run --accept NAME` takes it over, where CI is not set",
            )
            .excerpt(diff.lines().map(str::to_owned)),
        ),
    })
}

fn save(folder: &Path, evidence: &Evidence, findings: &[Finding], transcript: &str) -> Result<(), HarnessError> {
    let json = |value: serde_json::Result<Vec<u8>>| value.map_err(HarnessError::json("the evidence"));
    let files = [
        ("evidence.json", json(serde_json::to_vec_pretty(evidence))?),
        ("findings.json", json(serde_json::to_vec_pretty(findings))?),
        ("transcript.txt", transcript.as_bytes().to_vec()),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(HarnessError::io(format!("writing {}", path.display())))?;
    }
    Ok(())
}
