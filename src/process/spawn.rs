//! What is said of a child before it is there, and what is heard of it afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;

use super::subreaper::Subreaper;
use super::zygote::ZygoteProcess;
use crate::log::Stream;

/// The standard input of a child.
pub type Input = tokio::net::unix::pipe::Sender;

/// What a child shows of itself.
#[derive(Debug)]
pub enum Output {
    /// It wrote something.
    Bytes(Stream, Vec<u8>),
    /// Nobody can write to this stream any more.
    Closed(Stream),
    /// It has ended and was reaped. An error says why its exit status is unknown: the zygote that was its parent is gone, too.
    Exited(Result<ExitStatus, String>),
}

/// How to start a child.
#[derive(Debug)]
pub struct Spawn<'a> {
    /// The program and its arguments.
    pub command: &'a [String],
    /// Variables to add to the environment.
    pub env: &'a BTreeMap<String, String>,
    /// Its mark, by which its descendants are known.
    pub mark: &'a str,
    /// Its working directory.
    pub folder: &'a Path,
    /// Whether it is given an open standard input.
    pub stdin: bool,
    /// Who forks it, instead of a start of the program: its first word, the interpreter, is left out then.
    pub zygote: Option<Arc<ZygoteProcess>>,
    /// Whose child it becomes, if no zygote forks it.
    pub subreaper: &'a Arc<Subreaper>,
}
