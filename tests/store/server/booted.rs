//! A booted server: its log as it is written, its address, its flag, its end.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use quietdown_store::flag::{self, State};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::http::{Connection, Response};

/// How long any event may take before a test is given up: a watchdog, not an expectation.
const WATCHDOG: Duration = Duration::from_secs(60);

pub struct Booted {
    child: Child,
    lines: Receiver<String>,
    /// All lines so far, for whoever must explain a failure.
    pub log: Vec<String>,
    looked_at: usize,
    address: Option<SocketAddr>,
    folder: Rc<tempfile::TempDir>,
}

impl Booted {
    /// A server with its data and its flag in a new folder, listening.
    pub fn with(args: &[&str]) -> Self {
        let mut booted = Self::start(Rc::new(tempfile::tempdir().expect("a folder")), args, None);
        booted.listening();
        booted
    }

    /// As [`with`](Self::with), with a planted defect.
    pub fn defective(defect: &str, args: &[&str]) -> Self {
        let mut booted = Self::start(Rc::new(tempfile::tempdir().expect("a folder")), args, Some(defect));
        booted.listening();
        booted
    }

    /// Starts a server in this folder, and does not wait for anything.
    pub fn start(folder: Rc<tempfile::TempDir>, args: &[&str], defect: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
        command.args(["store", "serve", "--data"]).arg(folder.path().join("store.db"));
        command.arg("--online-flag").arg(folder.path().join("online")).args(args);
        command.env_remove("QUIETDOWN_STORE_DEFECT").envs(defect.map(|name| ("QUIETDOWN_STORE_DEFECT", name)));
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the server starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, log: Vec::new(), looked_at: 0, address: None, folder }
    }

    /// Boots another server on the same data.
    pub fn again(&self, args: &[&str]) -> Self {
        let mut booted = Self::start(Rc::clone(&self.folder), args, None);
        booted.listening();
        booted
    }

    /// Waits until it listens.
    pub fn listening(&mut self) -> SocketAddr {
        let line = self.line("listening addr=");
        let address = line.rsplit('=').next().expect("an address").trim().parse().expect("an address");
        self.address = Some(address);
        address
    }

    /// The folder of its data and its flag.
    pub fn folder(&self) -> Rc<tempfile::TempDir> {
        Rc::clone(&self.folder)
    }

    pub fn address(&self) -> SocketAddr {
        self.address.expect("it listens")
    }

    /// Waits for a line with this text, after the last one that was waited for.
    pub fn line(&mut self, text: &str) -> String {
        loop {
            while self.looked_at < self.log.len() {
                self.looked_at += 1;
                if self.log[self.looked_at - 1].contains(text) {
                    return self.log[self.looked_at - 1].clone();
                }
            }
            match self.lines.recv_timeout(WATCHDOG) {
                Ok(line) => self.log.push(line),
                Err(error) => panic!("no line {text:?} ({error}):\n{}", self.log.join("\n")),
            }
        }
    }

    /// How many lines, up to its end, have this text. It must have ended.
    pub fn count(&self, text: &str) -> usize {
        self.log.iter().filter(|line| line.contains(text)).count()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it lives");
    }

    /// SIGTERM, up to the line that says that the stop has begun.
    pub fn begin_stop(&mut self) {
        self.signal(Signal::TERM);
        self.line("stop begun signal=\"SIGTERM\"");
    }

    /// Waits for its end.
    pub fn exit(&mut self) -> ExitStatus {
        loop {
            match self.lines.recv_timeout(WATCHDOG) {
                Ok(line) => self.log.push(line),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().expect("reaped"),
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.log.join("\n")),
            }
        }
    }

    /// Waits for its end, which must be that of a graceful stop, with nothing above INFO.
    pub fn exit_gracefully(&mut self) {
        let status = self.exit();
        let log = self.log.join("\n");
        assert_eq!(status.code(), Some(0), "{log}");
        assert_eq!(self.state(), Some(State::Stopped), "{log}");
        for loud in [" WARN ", " ERROR ", "panicked"] {
            assert_eq!(self.count(loud), 0, "{loud}: {log}");
        }
        assert!(self.log.last().is_some_and(|last| last.ends_with("stopped")), "{log}");
    }

    /// Stops it, and waits for its graceful end.
    pub fn stop(mut self) {
        self.begin_stop();
        self.exit_gracefully();
    }

    /// What its flag says.
    pub fn state(&self) -> Option<State> {
        flag::read(&self.folder.path().join("online")).map(|seen| seen.state)
    }

    pub fn connect(&self) -> Connection {
        Connection::to(self.address())
    }

    /// One request on a connection of its own.
    pub fn ask(&self, method: &str, path: &str, body: impl Into<Option<Value>>) -> Response {
        let mut connection = self.connect();
        connection.send(method, path, "", body.into().map(|body| body.to_string()).unwrap_or_default().as_bytes());
        connection.response()
    }

    /// Enqueues a rollout with this input and returns its id.
    pub fn enqueue(&self, input: Value) -> String {
        let answer = self.ask("POST", "/queues/rollouts/enqueue", json!({ "rollouts": [{ "input": input }] }));
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()[0]["rollout_id"].as_str().expect("an id").to_owned()
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        // It has ended already if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
