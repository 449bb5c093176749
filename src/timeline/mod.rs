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
mod plan;
mod readiness;
mod remote;
mod stops;
mod template;
mod wait;
mod world;

use crate::evidence::Evidence;
use crate::scenario::Scenario;
use crate::system::System;

pub use plan::{Plan, Planted};

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
    /// The system file promises something that does not work.
    #[error("{0}")]
    System(String),
}

/// What to do when the machine is short of something.
fn advice(source: &std::io::Error) -> String {
    crate::process::shortage(source).map(|advice| format!("; {advice}")).unwrap_or_default()
}

impl HarnessError {
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
pub async fn play(scenario: &Scenario, system: &System, plan: &Plan) -> Result<Evidence, HarnessError> {
    let mut world = world::World::new(scenario, system, plan)?;
    if let Err(why) = world.open_remotes().await {
        world.close_remotes().await;
        return Err(why);
    }
    let failure = world.run_steps().await;
    world.end(failure).await;
    if let Some(why) = world.broken.take() {
        return Err(HarnessError::System(why));
    }
    Ok(world.into_evidence())
}
