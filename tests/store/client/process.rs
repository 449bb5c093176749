//! The real binary as child processes whose output is awaited line by line.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// A bound that only a hanging test meets.
const WATCHDOG: Duration = Duration::from_secs(60);

/// A process of the store. Killed with its group, if it is not at its end by then, when it is dropped.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    log: Receiver<String>,
    /// All of the log that was looked at.
    pub seen: Vec<String>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts `quietdown store` with `arguments`, and with a planted defect if there is one.
    pub fn start(arguments: &[&str], defect: Option<&str>) -> Self {
        Self::start_with(arguments, defect.map(|defect| ("QUIETDOWN_STORE_DEFECT", defect)).as_slice())
    }

    /// Starts `quietdown store` with `arguments`, in this environment.
    pub fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
        command.arg("store").args(arguments).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_remove("QUIETDOWN_STORE_DEFECT").env("RUST_BACKTRACE", "0");
        command.envs(environment.iter().copied());
        let mut child = command.spawn().expect("it starts");
        let (output, one) = lines(child.stdout.take().expect("piped"));
        let (log, other) = lines(child.stderr.take().expect("piped"));
        Self { input: child.stdin.take(), child, output, log, seen: Vec::new(), readers: vec![one, other] }
    }

    /// A server, once it listens, and its URL.
    pub fn server(arguments: &[&str]) -> (Self, String) {
        let mut server = Self::start(&[&["serve"], arguments].concat(), None);
        let line = server.log_line("server: listening");
        let address = line.split("addr=").nth(1).expect("an address").trim().to_owned();
        (server, format!("http://{address}"))
    }

    /// A driven client, once it is ready.
    pub fn client(url: &str, arguments: &[&str], defect: Option<&str>) -> Self {
        let mut client = Self::start(&[&["client", "--url", url], arguments].concat(), defect);
        assert_eq!(client.answer()["ready"], true);
        client
    }

    pub fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n")).expect("it reads");
    }

    /// The next line of its standard output, as JSON.
    pub fn answer(&mut self) -> Value {
        let line =
            self.output.recv_timeout(WATCHDOG).unwrap_or_else(|_| panic!("no answer; its log: {:#?}", self.all()));
        serde_json::from_str(&line).expect("JSON")
    }

    /// Tells it a line and gives the next answer.
    pub fn ask(&mut self, line: &str) -> Value {
        self.tell(line);
        self.answer()
    }

    /// Waits for a line of its log that contains `text`.
    pub fn log_line(&mut self, text: &str) -> String {
        loop {
            let line = self.log.recv_timeout(WATCHDOG);
            let line = line.unwrap_or_else(|_| panic!("no `{text}` in {:#?}", self.seen));
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn end_input(&mut self) {
        self.input = None;
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.id(), signal).expect("it is there");
    }

    /// Waits for its end: its status, and all that it logged.
    pub fn end(mut self) -> (std::process::ExitStatus, Vec<String>) {
        let status = self.child.wait().expect("it ends");
        for reader in self.readers.drain(..) {
            reader.join().expect("it reads to the end");
        }
        let log = self.all();
        (status, log)
    }

    fn id(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_raw(self.child.id() as i32).expect("a pid is not zero")
    }

    fn all(&mut self) -> Vec<String> {
        self.seen.extend(self.log.try_iter());
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = rustix::process::kill_process_group(self.id(), rustix::process::Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

fn lines(stream: impl std::io::Read + Send + 'static) -> (Receiver<String>, JoinHandle<()>) {
    let (sender, receiver) = channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    (receiver, reader)
}

/// The lines of a log that are above INFO, or no record at all.
pub fn loud(log: &[String]) -> Vec<&str> {
    let quiet = |line: &&String| [" INFO ", " DEBUG "].iter().any(|level| line.contains(level));
    log.iter().filter(|line| !quiet(line)).map(String::as_str).collect()
}
