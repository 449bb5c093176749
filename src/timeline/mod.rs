//! Runs the steps of a scenario: events in, actions out, history kept.

mod act;
mod answers;
mod boot;
mod client;
mod driver;
mod end;
mod events;
mod final_read;
mod gates;
mod names;
mod observed;
mod output_log;
mod plan;
mod readiness;
mod remote;
mod secrets;
mod stops;
mod template;
mod wait;
mod world;

use std::path::PathBuf;

use crate::evidence::Evidence;
use crate::log::IdentifierError;
use crate::process::OpenFilesError;
use crate::remote::RemoteProxyError;
use crate::run::{FolderError, ProgramError};
use crate::scenario::Scenario;
use crate::system::System;

pub use output_log::{ARRIVALS, LOGS, OutputLog, file_of};
pub use plan::{Plan, Planted};

/// What a run has shown.
#[derive(Debug)]
pub struct Played {
    /// What was observed, with secrets masked.
    pub evidence: Evidence,
    /// What each process has written, not saved yet.
    pub logs: Vec<OutputLog>,
}

/// Why a run could not even be made. What goes wrong in a run is evidence, not this.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HarnessError {
    /// Something that the run needs could not be had.
    #[error("{what}: {source}{}", advice(source))]
    Io {
        /// What was attempted.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The program that `QUIETDOWN_BIN` names cannot be used.
    #[error("QUIETDOWN_BIN={}: {why}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// What is wrong with it.
        why: ProgramError,
    },
    /// The system starts the quietdown program, and the runner has none.
    #[error(
        "the system `{system}` starts ${{quietdown}}, and nobody has said where that is: set QUIETDOWN_BIN to the quietdown program, or give it to Runner::new"
    )]
    NoProgram {
        /// The system.
        system: String,
    },
    /// What was asked for needs a `[control]`, and the scenario has none.
    #[error("{} has no [control]", scenario.display())]
    NoControl {
        /// The scenario's file.
        scenario: PathBuf,
    },
    /// This process may not have as many open files as the run needs.
    #[error(transparent)]
    OpenFiles(#[from] OpenFilesError),
    /// The default folder for runs is not safe to use.
    #[error("{} cannot keep runs: {why}; remove it, or name another folder with --runs", folder.display())]
    RunsFolder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        why: FolderError,
    },
    /// A zygote cannot be started.
    #[error("{0}")]
    Zygote(String),
    /// A Toxiproxy server does not do what the run needs.
    #[error(transparent)]
    Remote(#[from] RemoteProxyError),
    /// The scenario has a process whose role the system does not have.
    #[error("no role `{0}`")]
    UnknownRole(String),
    /// Something that is not the system under test failed in the middle of the run: the machine, a zygote, a subreaper.
    #[error("{0}")]
    Interrupted(String),
    /// A pattern of `[log] secrets` is no expression.
    #[error("a pattern of [log] secrets: {0}")]
    Secrets(crate::log::ExpressionError),
    /// An identifier of the transcript has a wrong expression.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// Something cannot be written as JSON.
    #[error("{what} cannot be written as JSON: {why}")]
    Json {
        /// What was to be written.
        what: &'static str,
        /// What serde says.
        why: String,
    },
    /// The thread of a run has panicked.
    #[error("the harness itself panicked; that is a defect of quietdown")]
    Panicked,
}

/// What to do when the machine is short of something.
fn advice(source: &std::io::Error) -> String {
    crate::process::shortage(source).map(|advice| format!("; {advice}")).unwrap_or_default()
}

impl HarnessError {
    pub(crate) fn json(what: &'static str) -> impl Fn(serde_json::Error) -> Self {
        move |why| Self::Json { what, why: why.to_string() }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// Boots the processes of a scenario, runs its steps, ends everything, and gives what was observed.
///
/// Every process is gone when it returns. It must run on a current-thread runtime, whose thread spawns the processes.
///
/// # Errors
/// When the run could not be made.
pub async fn play(scenario: &Scenario, system: &System, plan: &Plan) -> Result<Played, HarnessError> {
    let mut world = world::World::new(scenario, system, plan)?;
    if let Err(why) = world.open_remotes().await {
        world.close_remotes().await;
        return Err(why);
    }
    let failure = world.run_steps().await;
    world.end(failure).await;
    if let Some(why) = world.broken.take() {
        return Err(HarnessError::Interrupted(world.secrets.mask(&why).into_owned()));
    }
    Ok(world.into_played())
}
