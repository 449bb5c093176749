//! Where and how a run is made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::process::ZygoteProcess;
use crate::remote::Remote;

/// What is done to a run so that it must fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planted {
    /// A defect of the system.
    Defect(String),
    /// The faults of the timeline are left out.
    WithoutFaults,
}

/// Where and how a run is made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The quietdown program, for `${quietdown}`; empty where the system does not name it.
    pub program: PathBuf,
    /// The programs that `${program.NAME}` means; one that is not here is found by PATH, under its name.
    pub programs: BTreeMap<String, PathBuf>,
    /// The run's folder; it exists and is empty.
    pub folder: PathBuf,
    /// What is planted.
    pub planted: Option<Planted>,
    /// A Toxiproxy server that carries the links, instead of the embedded proxy.
    pub toxiproxy: Option<Remote>,
    /// The zygotes that fork the processes of this run, by the names of the system file. What has none is started.
    pub zygotes: BTreeMap<String, Arc<ZygoteProcess>>,
}
