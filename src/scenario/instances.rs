//! The processes of a scenario, one by one.

use super::{Process, ScenarioFile, Via};
use crate::system::{HTTP, RoleKind, SystemFile};

/// The name of the server's process.
pub const SERVER: &str = "server";

/// One process of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its own name: the process's, with its number when there are several.
    pub name: String,
    /// The name of the process in the scenario.
    pub process: String,
    /// Its role.
    pub role: String,
    /// What that role is.
    pub kind: RoleKind,
    /// Whether it has a link of its own.
    pub linked: bool,
    /// Whether it boots by itself.
    pub boots: bool,
}

/// The most instances of one process.
pub(super) const MOST_INSTANCES: u32 = 64;

/// The processes of a scenario in the order of their boot: what listens, then the others by name.
///
/// A server that the scenario does not name is there nevertheless, unless a composite role brings its own.
/// Processes of unknown roles are left out: [`check`](super::Scenario::check) reports them.
pub fn instances(scenario: &ScenarioFile, system: &SystemFile) -> Vec<Instance> {
    let mut all: Vec<Instance> = Vec::new();
    let silent = Process::default();
    for (name, process) in &scenario.processes {
        all.extend(instances_of(name.as_ref(), process, system));
    }
    let named = scenario.processes.keys().any(|name| name.as_ref() == HTTP);
    let mut actions = scenario.steps.iter().filter_map(|step| step.as_ref().action.as_ref());
    if !named && actions.any(|action| action.as_ref().own_client().is_some()) {
        all.extend(instances_of(HTTP, &silent, system));
    }
    let has_server = all.iter().any(|one| matches!(one.kind, RoleKind::Server | RoleKind::Composite));
    if !has_server {
        all.extend(instances_of(SERVER, &silent, system));
    }
    all.sort_by_key(|one| !matches!(one.kind, RoleKind::Server | RoleKind::Composite));
    all
}

fn instances_of(name: &str, process: &Process, system: &SystemFile) -> Vec<Instance> {
    let role = role_name(name, process);
    let Some(kind) = system.role(role).map(|role| role.kind) else { return Vec::new() };
    let count = process.count.unwrap_or(1);
    let one = |own: String| Instance {
        name: own,
        process: name.to_owned(),
        role: role.to_owned(),
        kind,
        linked: kind != RoleKind::Server && process.via == Via::Proxy,
        boots: process.boot.unwrap_or(true) && kind != RoleKind::Http,
    };
    match count {
        1 => vec![one(name.to_owned())],
        // More is reported by the check; it must not be made first.
        _ => (1..=count.min(MOST_INSTANCES)).map(|number| one(format!("{name}.{number}"))).collect(),
    }
}

/// The role of a process: as it says, else by its name.
pub(super) fn role_name<'a>(name: &str, process: &'a Process) -> &'a str {
    match &process.role {
        Some(role) => role.as_ref(),
        None if name == SERVER => SERVER,
        None if name == HTTP => HTTP,
        None => "client",
    }
}
