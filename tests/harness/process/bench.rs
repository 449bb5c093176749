//! A folder with a system of shell scripts, and what to do with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use quietdown::finding::{Finding, FindingKind};
use quietdown::run::Runner;
use quietdown::scenario::Scenario;
use quietdown::system::System;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quietdown");

/// `PATH` is the folder; every script can use the words below.
const SYSTEM: &str = r#"
name = "scripts"
summary = "Shell scripts"

[log]
format = "tracing"

[roles.server]
kind = "server"
command = ["sh", "-c", ". FOLDER/words; . FOLDER/server"]
env = { BENCH = "FOLDER" }
ready = { line = "up" }
stop = { by = "sigterm", within = "SPAN" }
exit = "graceful"
lifecycle = ["up"]

[roles.client]
kind = "driven"
command = ["sh", "-c", ". FOLDER/words; . FOLDER/client"]
env = { BENCH = "FOLDER" }
ready = { driver = true }
stop = { by = "stdin-eof", within = "SPAN" }
exit = "success"

[operations]
noop = {}

[lines]
up = { level = "INFO", message = "listening" }
never = { level = "INFO", message = "never said" }

[exits]
success = { status = [0] }
graceful = { status = [0] }
"#;

/// A shell runs a trap only between commands, so `serve` waits for a child that ends with it. It listens only when the trap is set.
const WORDS: &str = r#"
listening() { echo '2026-11-25T03:11:22.123456Z  INFO server: listening'; }
serve() { sleep 3600 & child=$!; trap 'kill $child; exit 0' TERM; listening; while :; do wait $child; done; }
ready() { echo '{"ready":true}'; }
answer() { echo "{\"call\":$1,\"result\":\"ok\",\"value\":null}"; }
"#;

pub struct Bench {
    folder: PathBuf,
    /// Removed with the bench, if it is its own.
    _own: Option<tempfile::TempDir>,
}

impl Bench {
    pub fn new() -> Self {
        let own = tempfile::tempdir().expect("a folder");
        let bench = Self { folder: own.path().canonicalize().expect("it is there"), _own: Some(own) };
        bench.file("words", WORDS);
        bench.within("10s");
        bench
    }

    /// The bench of another process.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _own: None }
    }

    /// How long a process may take to end.
    pub fn within(&self, span: &str) {
        self.file("system.toml", &SYSTEM.replace("FOLDER", &self.path().display().to_string()).replace("SPAN", span));
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("a file");
    }

    /// What the process of a role does.
    pub fn script(&self, role: &str, text: &str) {
        self.file(role, text);
    }

    pub fn scenario(&self, name: &str, text: &str) {
        self.file(
            &format!("{name}.toml"),
            &format!("summary = \"A test of the harness\"\nsystem = \"scripts\"\n{text}\n"),
        );
    }

    /// The program, in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        // Whoever runs the tests may ignore hang-ups (nohup, a job in the background), and children inherit that.
        let mut command = Command::new("env");
        command.args(["--default-signal=HUP", PROGRAM]).args(arguments).current_dir(self.path());
        if arguments.first() == Some(&"run") {
            command.args(["--system", "system.toml"]);
            if !arguments.contains(&"--runs") {
                command.args(["--runs", "runs"]);
            }
        }
        // A service that builds sets it, and then nothing is accepted.
        command.env_remove("CI");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What is wrong with a run, as a library user gets it; the snapshot is left out.
    pub fn findings(&self, name: &str) -> Vec<Finding> {
        self.findings_with(Runner::new(PROGRAM), name)
    }

    /// The same, with this runner.
    pub fn findings_with(&self, runner: Runner, name: &str) -> Vec<Finding> {
        let scenario = Scenario::load(&self.path().join(format!("{name}.toml"))).expect("a scenario");
        let system = System::load(&self.path().join("system.toml").display().to_string()).expect("a system");
        scenario.check(&system).expect("a scenario in order");
        let runner = runner.runs(self.path().join("runs")).without_snapshots();
        runner.run(&scenario, &system).expect("a run").findings
    }

    /// Runs the program in a shell that sets a limit first.
    pub fn limited(&self, limit: &str, arguments: &[&str]) -> std::process::Output {
        let program = self.command(arguments);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limit}; exec env \"$@\""), "sh"]).args(program.get_args());
        command.current_dir(self.path()).env_remove("CI").stdin(Stdio::null());
        command.output().expect("it runs")
    }

    /// Waits until so many processes have their working directory in a run's folder of this bench, whatever their environment says.
    pub fn await_inhabitants(&self, wanted: usize) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let runs = self.path().join("runs");
        loop {
            let entries = fs::read_dir("/proc").expect("it is there").flatten().map(|entry| entry.path());
            let ours = entries.filter(|path| fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&runs)));
            let ours: Vec<PathBuf> = ours.collect();
            if ours.len() == wanted {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{wanted} processes are wanted in {}, these are there: {ours:?}",
                runs.display()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The folder of the one run of a scenario.
    pub fn run_folder(&self, scenario: &str) -> PathBuf {
        let runs = fs::read_dir(self.path().join("runs")).expect("runs").flatten().map(|entry| entry.path());
        let mut of_it: Vec<PathBuf> = runs
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(scenario)))
            .collect();
        assert_eq!(of_it.len(), 1, "{of_it:?}");
        of_it.remove(0)
    }

    /// Waits until so many processes carry this bench's mark. Their ends tell nobody but their parents, so they are looked for.
    pub fn await_family(&self, wanted: usize) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let family = self.family();
            if family.len() == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "{wanted} processes are wanted, these are there: {family:#?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The command lines of all living processes that a role of this bench has started.
    fn family(&self) -> Vec<String> {
        let mark = format!("BENCH={}", self.path().display());
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let is_ours = |path: &Path| {
            let environ = fs::read(path.join("environ")).unwrap_or_default();
            environ.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        };
        let ours = entries.flatten().map(|entry| entry.path()).filter(|path| is_ours(path));
        ours.map(|path| String::from_utf8_lossy(&fs::read(path.join("cmdline")).unwrap_or_default()).replace('\0', " "))
            .collect()
    }
}

pub fn count_of(findings: &[Finding], kind: FindingKind) -> usize {
    findings.iter().filter(|finding| finding.kind == kind).count()
}
