//! The runners' side.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tracing::info;

use super::RunCommand;
use super::address::hold;
use super::child::PartProcess;
use super::course::{Course, status};
use crate::logging::STRATEGY;
use crate::process::{EndSignals, input_end};

/// The name of the first runner.
pub const FIRST: &str = "runner-1";

impl RunCommand {
    /// Runs runners against a server that others started, until all of them have ended or it is told to stop. They end by
    /// themselves when their server shuts down.
    pub(super) async fn runners_alone(self) -> io::Result<ExitCode> {
        let mut signals = EndSignals::catch()?;
        let input = input_end();
        let url = match &self.runner_url {
            Some(url) => url.clone(),
            None => self.url(hold(&self.host, self.port)?.0),
        };
        let mut runners = self.start_runners(self.runners, &url)?;
        let mut course = Course::default();
        let all_ended = async {
            let mut failed = false;
            for runner in &mut runners {
                failed |= !runner.ended().await.is_ok_and(|ended| ended.success());
            }
            failed
        };
        let ended = tokio::select! {
            failed = all_ended => Some(failed),
            _ = input => None,
            _ = signals.next() => None,
        };
        match ended {
            Some(failed) => course.failed = failed,
            None => stop_all(&mut runners, self.patience).await?,
        }
        Ok(course.code())
    }

    /// Starts so many runners for the server at this URL.
    pub(super) fn start_runners(&self, count: u32, url: &str) -> io::Result<Vec<PartProcess>> {
        let name = |number| format!("runner-{number}");
        (1..=count).map(name).map(|name| PartProcess::start(&name, self.runner_arguments(&name, url))).collect()
    }
}

/// Tells all runners to stop, and waits until they have.
///
/// # Errors
/// When one cannot be waited for.
pub async fn stop_all(runners: &mut [PartProcess], patience: Duration) -> io::Result<()> {
    info!(target: STRATEGY, "runners told to stop");
    for runner in runners.iter_mut() {
        runner.end_input();
    }
    for runner in runners {
        runner.insist(patience).await?;
    }
    info!(target: STRATEGY, "all runners stopped");
    Ok(())
}

/// Resolves when one of the runners ends: with its name and status.
pub async fn any_ended(runners: &mut [PartProcess]) -> (String, String) {
    let mut waits: Vec<_> = runners
        .iter_mut()
        .map(|runner| {
            let name = runner.name().to_owned();
            Box::pin(async move { (name, status(runner.ended().await)) })
        })
        .collect();
    std::future::poll_fn(|cx| {
        let ended = waits.iter_mut().map(|wait| wait.as_mut().poll(cx)).find(std::task::Poll::is_ready);
        ended.unwrap_or(std::task::Poll::Pending)
    })
    .await
}
