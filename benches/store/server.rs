//! A server as a process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::bare;

/// A server that listens.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// The store, with these arguments, quiet.
    pub fn store(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
        command.args(["store", "serve", "--log", "info"]).args(args);
        Self::start(command)
    }

    /// The control.
    pub fn bare() -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a program"));
        command.arg(bare::ARGUMENT);
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listening addr=")?.1.trim().parse().ok())
            .expect("an address");
        // It must be able to go on writing.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// Its resident memory, in kB.
    pub fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Stops it by SIGTERM: how long that took.
    pub fn stop(mut self) -> Duration {
        let begun = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it lives");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
        begun.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
