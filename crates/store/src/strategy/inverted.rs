//! Both sides, with the runner in the main process, where a debugger can be attached to it, and the algorithm with the server
//! in a child.

use std::io;
use std::process::ExitCode;

use tracing::{error, info};

use super::address::hold;
use super::child::PartProcess;
use super::course::{Course, status};
use super::lead::FINISHED;
use super::runners::FIRST;
use super::{RunCommand, SERVER_PATIENCE};
use crate::client::{Client, ClientConfig, Reporting};
use crate::logging::STRATEGY;
use crate::process::{EndSignals, input_end};
use crate::runner::{Reason, RolloutRunner, RunnerStop};

impl RunCommand {
    /// Runs the runner, until the algorithm has finished or it is told to stop; only then is the server stopped.
    pub(super) async fn inverted(self) -> io::Result<ExitCode> {
        let mut signals = EndSignals::catch()?;
        let input = input_end();
        let (address, held) = hold(&self.host, self.port)?;
        let mut course = Course::default();
        let (mut algorithm, mut output) = PartProcess::start_heard("algorithm", self.algorithm_arguments(address))?;
        let client = self.client(address, Reporting::OncePerOutage)?;
        tokio::select! {
            () = client.wait_until_online() => {}
            ended = algorithm.ended() => {
                error!(target: STRATEGY, status = %status(ended), "algorithm ended unexpectedly");
                course.failed = true;
                return Ok(course.code());
            }
            _ = signals.next() => {
                algorithm.end_input();
                let ended = algorithm.insist(self.patience).await;
                course.failed = !ended.is_ok_and(|ended| ended.success());
                return Ok(course.code());
            }
        }
        drop(held);
        let client = match &self.runner_url {
            Some(url) => {
                let server = url.parse().map_err(io::Error::other)?;
                let reporting = Reporting::OncePerOutage;
                Client::new(ClientConfig { flag: self.online_flag.clone(), reporting, ..ClientConfig::new(server) })
            }
            None => client,
        };
        let stop = RunnerStop::untold();
        let runner = RolloutRunner {
            client,
            worker: FIRST.to_owned(),
            work: self.work,
            heartbeat: self.heartbeat,
            poll: self.poll,
            spans: 1,
            stop: stop.clone(),
        };
        let until_told = async {
            tokio::select! {
                line = output.next_line() => match line {
                    Ok(Some(line)) if line == FINISHED => {}
                    _ => {
                        error!(target: STRATEGY, "algorithm ended unexpectedly");
                        course.failed = true;
                    }
                },
                _ = input, if !self.finish_when_done => {}
                _ = signals.next() => {}
            }
            info!(target: STRATEGY, "runners told to stop");
            stop.ask(Reason::Strategy);
        };
        tokio::join!(runner.live(), until_told);
        info!(target: STRATEGY, "all runners stopped");
        algorithm.end_input();
        let ended = algorithm.insist(self.drain + SERVER_PATIENCE).await;
        course.failed |= !ended.is_ok_and(|ended| ended.success());
        Ok(course.code())
    }
}
