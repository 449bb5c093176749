//! The parts that the bench plays, each in a process of its own.

use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The hidden first argument by which the bench starts itself in another part.
pub const MARK: &str = "--role";

/// A part that runs. Dropping it ends it.
pub struct Role {
    child: Child,
    pub addr: SocketAddr,
    /// Kept open: who writes to a closed pipe fails.
    _output: BufReader<ChildStdout>,
}

impl Role {
    /// Starts a part, and waits until it says where it listens.
    pub fn start(name: &str, arguments: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(MARK).arg(name).args(arguments).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        let read = output.read_line(&mut line);
        let addr = line.split_whitespace().find_map(|word| word.trim_start_matches("http://").parse().ok());
        match (read, addr) {
            (Ok(_), Some(addr)) => Ok(Self { child, addr, _output: output }),
            (read, _) => {
                let _ = child.kill();
                let _ = child.wait();
                read.and(Err(io::Error::other(format!("the {name} did not start; it said {line:?}"))))
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tells the bench where this part listens.
pub fn listens(addr: SocketAddr) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{addr}")?;
    output.flush()
}
