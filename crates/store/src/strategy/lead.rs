//! The algorithm's side, with the server, and with the runners if it is both sides.

use std::io::{self, Write};
use std::process::{ExitCode, ExitStatus};

use tracing::{error, info};

use super::address::hold;
use super::child::PartProcess;
use super::course::Course;
use super::runners::{any_ended, stop_all};
use super::{Role, RunCommand, SERVER_PATIENCE, algorithm};
use crate::client::Reporting;
use crate::defects::{Defect, planted};
use crate::logging::STRATEGY;
use crate::process::{EndSignals, input_end};

/// What is said on standard output when the algorithm has finished.
pub const FINISHED: &str = "finished";

impl RunCommand {
    /// Runs server, algorithm and runners.
    pub(super) async fn lead(self) -> io::Result<ExitCode> {
        let mut signals = EndSignals::catch()?;
        let mut input = input_end();
        // The port stays taken until the server listens there itself.
        let (address, held) = hold(&self.host, self.port)?;
        let mut server = match self.managed_store {
            true => Some(PartProcess::start("server", self.server_arguments(address))?),
            false => None,
        };
        let client = self.client(address, Reporting::default())?;
        let mut course = Course::default();
        tokio::select! {
            () = client.wait_until_online() => {}
            ended = of(&mut server) => return Ok(course.server_ended(ended)),
            _ = signals.next() => {
                self.stop_server(&mut server, &mut course).await;
                return Ok(course.code());
            }
        }
        drop(held);
        let count = if self.role == Role::Both { self.runners } else { 0 };
        let mut runners = self.start_runners(count, &self.url(address))?;
        let mut released = false;
        let ended = tokio::select! {
            finished = algorithm::run(&client, self.tasks, self.finish_when_done) => {
                course.failed |= finished.is_err();
                None
            }
            _ = &mut input, if !self.finish_when_done || self.wait_for_release => {
                released = true;
                None
            }
            _ = signals.next() => None,
            ended = of(&mut server) => Some(ended),
            (runner, status) = any_ended(&mut runners) => {
                course.failed = true;
                error!(target: STRATEGY, runner, %status, "runner ended unexpectedly");
                None
            }
        };
        let gone = ended.is_some();
        match ended {
            Some(ended) => _ = course.server_ended(ended),
            None => info!(target: STRATEGY, "algorithm finished"),
        }
        if !gone && planted(Defect::ServerStoppedFirst) {
            self.stop_server(&mut server, &mut course).await;
            stop_all(&mut runners, self.patience).await?;
            return Ok(course.code());
        }
        if self.wait_for_release && !released && !gone {
            // Who reads it has a runner to stop before the server is; if nobody reads it, nobody has.
            let told = writeln!(io::stdout(), "{FINISHED}");
            if told.is_ok() {
                tokio::select! {
                    _ = input => {}
                    _ = signals.next() => {}
                }
            }
        }
        if self.role == Role::Both {
            stop_all(&mut runners, self.patience).await?;
        }
        if !gone {
            self.stop_server(&mut server, &mut course).await;
        }
        Ok(course.code())
    }

    async fn stop_server(&self, server: &mut Option<PartProcess>, course: &mut Course) {
        if let Some(server) = server {
            course.server_stopped(server.terminate(self.drain + SERVER_PATIENCE).await);
        }
    }
}

/// Resolves when the server ends, if it is ours.
async fn of(server: &mut Option<PartProcess>) -> io::Result<ExitStatus> {
    match server {
        Some(server) => server.ended().await,
        None => std::future::pending().await,
    }
}
