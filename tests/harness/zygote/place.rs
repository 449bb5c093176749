//! A folder with Python scripts, and processes that run them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quietdown::finding::Finding;
use quietdown::process::{Child, Output, Spawn, Subreaper, ZygoteCommand, ZygoteProcess};
use quietdown::run::Runner;
use quietdown::scenario::Scenario;
use quietdown::system::System;
use quietdown_log::Stream;
use rustix::process::Pid;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quietdown");

const SYSTEM: &str = r#"
name = "warm"
summary = "Python scripts"
[log]
format = "tracing"
[zygotes.warm]
command = ["python3", "${zygote}", "--import", "costly"]
env = { PYTHONPATH = "${system}", PLACE = "${system}" }
[roles.server]
kind = "server"
zygote = "warm"
command = ["python3", "${system}/server.py"]
env = { PYTHONPATH = "${system}", PLACE = "${system}" }
ready = { line = "up" }
exit = "four"
lifecycle = ["up"]
[roles.client]
kind = "driven"
zygote = "warm"
command = ["python3", "${system}/client.py"]
env = { PLACE = "${system}" }
ready = { driver = true }
stop = { by = "stdin-eof" }
exit = "success"
[operations]
noop = {}
[lines]
up = { message = "up" }
never = { message = "never said" }
[exits]
four = { status = [4] }
success = { status = [0] }
"#;

const CLIENT: &str = r#"
import json, sys
print('{"ready":true}', flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"call": asked["call"], "result": "ok", "value": {"asked": asked["op"]}}), flush=True)
"#;

pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        place.write("costly.py", "");
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().expect("it is there").join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    pub fn read(&self, path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
    }

    /// A system whose roles a zygote forks.
    pub fn system(&self) {
        self.write("system.toml", SYSTEM);
        self.write("client.py", CLIENT);
    }

    /// A zygote that imports these modules, also from this folder. It runs here.
    pub fn zygote(&self, modules: &[&str]) -> ZygoteCommand {
        let mut command =
            ["sh", "-c", "cd \"$PLACE\" && exec python3 \"$0\" \"$@\"", "${zygote}"].map(str::to_owned).to_vec();
        command.extend(modules.iter().flat_map(|module| ["--import".to_owned(), (*module).to_owned()]));
        let place = self.path("").display().to_string();
        ZygoteCommand {
            name: format!("of-{}", self.0.path().file_name().unwrap_or_default().to_string_lossy()),
            command,
            env: BTreeMap::from([("PYTHONPATH", place.clone()), ("PLACE", place)].map(|(k, v)| (k.to_owned(), v))),
            within: Duration::from_secs(60),
        }
    }

    /// The files of this name in the folder.
    pub fn found(&self, name: &str) -> Vec<PathBuf> {
        [self.path(name)].into_iter().filter(|path| path.exists()).collect()
    }

    /// The mark of the scripts.
    pub fn mark(&self) -> String {
        format!("{}/{}/script", quietdown::process::mark(), self.path("run").display())
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.path("")).env_remove("CI").args(["--runs", "runs"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn findings(&self, name: &str) -> Vec<Finding> {
        let scenario = Scenario::load(&self.path(name)).expect("a scenario");
        let system = System::load(&self.path("system.toml").display().to_string()).expect("a system");
        scenario.check(&system).expect("a scenario in order");
        let runner = Runner::new(PROGRAM).runs(self.path("runs")).without_snapshots();
        runner.run(&scenario, &system).expect("a run").findings
    }

    /// Waits until so many processes of this place live, zygotes too. Their ends tell nobody but their parents.
    pub fn await_family(&self, wanted: usize) {
        let variable = format!("PLACE={}", self.path("").display());
        let variable = variable.trim_end_matches('/');
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let entries = fs::read_dir("/proc").expect("it is there").flatten().map(|entry| entry.path());
            let ours = entries.filter(|path| {
                let environ = fs::read(path.join("environ")).unwrap_or_default();
                environ.split(|byte| *byte == 0).any(|found| found == variable.as_bytes())
            });
            let family: Vec<String> = ours
                .map(|path| fs::read_to_string(path.join("cmdline")).unwrap_or_default().replace('\0', " "))
                .collect();
            if family.len() == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "{wanted} processes are wanted, these are there: {family:#?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A process to run.
pub struct Python<'a> {
    place: &'a Place,
    arguments: Vec<String>,
    zygote: Option<Arc<ZygoteProcess>>,
    /// What it is given on its standard input.
    pub input: Option<&'static str>,
}

/// How it ended, and every byte that it wrote.
#[derive(Debug, PartialEq)]
pub struct End {
    pub stdout: String,
    pub stderr: String,
    pub status: ExitStatus,
}

/// One that runs.
#[derive(Debug)]
pub struct Running {
    pub child: Child,
    events: mpsc::Receiver<Output>,
    /// What it wrote to its standard output so far.
    pub output: String,
    errors: String,
}

impl<'a> Python<'a> {
    pub fn new(place: &'a Place, arguments: &[&str], zygote: Option<Arc<ZygoteProcess>>) -> Self {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Self { place, arguments, zygote, input: None }
    }

    /// `script.py` of the place.
    pub fn script(place: &'a Place, zygote: Option<Arc<ZygoteProcess>>) -> Self {
        Self::new(place, &[&place.path("script.py").display().to_string(), "an argument"], zygote)
    }

    pub async fn try_start(&self, stdin: bool) -> std::io::Result<Running> {
        let command: Vec<String> =
            std::iter::once("python3".to_owned()).chain(self.arguments.iter().cloned()).collect();
        let env = BTreeMap::from([
            ("SAID".to_owned(), "ä word".to_owned()),
            ("PYTHONPATH".to_owned(), self.place.path("").display().to_string()),
        ]);
        let (sender, events) = mpsc::channel(16);
        let mark = self.place.mark();
        let folder = self.place.path("");
        let subreaper = Arc::new(Subreaper::new()?);
        let (zygote, subreaper) = (self.zygote.clone(), &subreaper);
        let spawn = Spawn { command: &command, env: &env, mark: &mark, folder: &folder, stdin, zygote, subreaper };
        let child = spawn.start(&sender, |output| output).await?;
        Ok(Running { child, events, output: String::new(), errors: String::new() })
    }

    pub async fn start(&self, stdin: bool) -> Running {
        self.try_start(stdin).await.expect("it starts")
    }

    /// Runs it to its end.
    pub async fn end(&self) -> End {
        let mut running = self.start(self.input.is_some()).await;
        if let (Some(input), Some(mut stdin)) = (self.input, running.child.take_stdin()) {
            stdin.write_all(input.as_bytes()).await.expect("it reads");
        }
        running.end().await
    }
}

impl Running {
    /// The next thing that it shows; its end, if that is it.
    async fn next(&mut self) -> Option<Result<ExitStatus, String>> {
        let next = tokio::time::timeout(Duration::from_secs(60), self.events.recv()).await.expect("it goes on");
        match next.expect("its end comes last") {
            Output::Bytes(Stream::Stdout, bytes) => self.output.push_str(&String::from_utf8_lossy(&bytes)),
            Output::Bytes(Stream::Stderr, bytes) => self.errors.push_str(&String::from_utf8_lossy(&bytes)),
            Output::Closed(_) => {}
            Output::Exited(status) => return Some(status),
        }
        None
    }

    /// Waits until it has written this.
    pub async fn said(&mut self, text: &str) {
        while !self.output.contains(text) {
            if let Some(status) = self.next().await {
                panic!("it ended with {status:?}: {}", self.errors);
            }
        }
    }

    pub async fn exit(&mut self) -> Result<ExitStatus, String> {
        loop {
            if let Some(status) = self.next().await {
                return status;
            }
        }
    }

    pub async fn end(&mut self) -> End {
        let status = self.exit().await.expect("it ends by itself");
        End { stdout: self.output.clone(), stderr: self.errors.clone(), status }
    }

    /// Waits until the kernel says that it is in this state; nobody is told.
    pub fn is(&self, state: char) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while stat(self.child.pid()).and_then(|rest| rest.chars().next()) != Some(state) {
            assert!(Instant::now() < deadline, "{:?}", stat(self.child.pid()));
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn stat(pid: Pid) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

pub fn lives(pid: Pid) -> bool {
    stat(pid).is_some_and(|rest| !rest.starts_with(['Z', 'X']))
}

pub fn parent(pid: Pid) -> Pid {
    let parent = stat(pid).and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    Pid::from_raw(parent.expect("it has one")).expect("a process id")
}

pub fn await_gone(pid: Pid) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while lives(pid) {
        assert!(Instant::now() < deadline, "{:?}", stat(pid));
        std::thread::sleep(Duration::from_millis(1));
    }
}
