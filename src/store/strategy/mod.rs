//! The execution strategy: a server, its runners and the algorithm, from one command.
//!
//! The order in which it ends is the point: the algorithm finishes, the runners are told and have stopped, and only then
//! is the server stopped, so that nobody's last words meet a closed door.

mod algorithm;
mod child;

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use clap::Args;
use tokio::net::TcpSocket;
use tracing::{error, info};
use tracing_subscriber::filter::LevelFilter;

use super::client::{Address, Client, Config};
use super::defects::{Defect, planted};
use super::duration::duration;
use super::logging::STRATEGY;
use super::process::{self, EndSignals, input_end};
use child::Part;

/// How long a server may take, beyond its drain time, to end.
const SERVER_PATIENCE: Duration = Duration::from_secs(5);

/// A server, its runners and an algorithm that hands out tasks.
#[derive(Debug, Args)]
pub struct RunCommand {
    /// How many runners.
    #[arg(long, value_name = "N", default_value_t = 1)]
    runners: u32,
    /// The port at which the server listens; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The server's database file; without it the data lives in memory.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The file of the shared online flag, for all of them.
    #[arg(long, value_name = "FILE")]
    online_flag: Option<PathBuf>,
    /// The URL by which the runners reach the server, if it is another than the server's own.
    #[arg(long, value_name = "URL")]
    runner_url: Option<String>,
    /// How many rollouts the algorithm enqueues.
    #[arg(long, value_name = "N", default_value_t = 1)]
    tasks: u32,
    /// How long the work on one rollout takes.
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = duration)]
    work: Duration,
    /// The time between two heartbeats of a runner.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    heartbeat: Duration,
    /// The pause of a runner after an empty queue.
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = duration)]
    poll: Duration,
    /// Finish when all rollouts are finished, instead of when standard input ends.
    #[arg(long)]
    finish_when_done: bool,
    /// How long requests in flight may take when the server stops.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    drain: Duration,
    /// How long a runner may take to stop before the next means is tried.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration)]
    patience: Duration,
    /// The level of all their logs.
    #[arg(long, default_value = "debug")]
    log: LevelFilter,
}

impl RunCommand {
    /// Runs until the algorithm has finished. Fails when a part ended by itself or the algorithm failed.
    pub fn execute(self) -> ExitCode {
        process::run("algorithm", self.log, move || async move {
            match self.run().await {
                Ok(code) => code,
                Err(error) => {
                    error!(target: STRATEGY, %error, "cannot run");
                    ExitCode::FAILURE
                }
            }
        })
    }

    async fn run(self) -> io::Result<ExitCode> {
        let mut signals = EndSignals::catch()?;
        let mut input = input_end();
        // The port stays taken until the server listens there itself.
        let (address, held) = hold(self.port)?;
        let mut server = Part::start("server", self.server_arguments(address.port()))?;
        let client = self.client(address)?;
        let mut course = Course { failed: false };
        tokio::select! {
            () = client.wait_until_online() => {}
            ended = server.ended() => return Ok(course.server_ended(ended)),
            _ = signals.next() => {
                course.server_stopped(server.terminate(self.drain + SERVER_PATIENCE).await);
                return Ok(course.code());
            }
        }
        drop(held);
        let own_url = format!("http://{address}");
        let url = self.runner_url.as_deref().unwrap_or(&own_url);
        let mut runners = Vec::new();
        for number in 1..=self.runners {
            let name = format!("runner-{number}");
            runners.push(Part::start(&name, self.runner_arguments(&name, url))?);
        }
        let ended = tokio::select! {
            finished = algorithm::run(&client, self.tasks, self.finish_when_done) => {
                course.failed |= finished.is_err();
                None
            }
            _ = &mut input, if !self.finish_when_done => None,
            _ = signals.next() => None,
            ended = server.ended() => Some(ended),
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
            course.server_stopped(server.terminate(self.drain + SERVER_PATIENCE).await);
            self.stop_runners(&mut runners).await?;
            return Ok(course.code());
        }
        self.stop_runners(&mut runners).await?;
        if !gone {
            course.server_stopped(server.terminate(self.drain + SERVER_PATIENCE).await);
        }
        Ok(course.code())
    }

    async fn stop_runners(&self, runners: &mut [Part]) -> io::Result<()> {
        info!(target: STRATEGY, "runners told to stop");
        for runner in runners.iter_mut() {
            runner.end_input();
        }
        for runner in runners {
            runner.insist(self.patience).await?;
        }
        info!(target: STRATEGY, "all runners stopped");
        Ok(())
    }

    fn client(&self, address: SocketAddr) -> io::Result<Client> {
        let server: Address = format!("http://{address}").parse().map_err(io::Error::other)?;
        Ok(Client::new(Config { flag: self.online_flag.clone(), ..Config::new(server) }))
    }

    fn server_arguments(&self, port: u16) -> Vec<OsString> {
        let mut arguments = Arguments::of("serve");
        arguments.give("--port", port.to_string());
        arguments.give_if("--data", self.data.clone());
        arguments.give_if("--online-flag", self.online_flag.clone());
        arguments.give("--drain", milliseconds(self.drain));
        arguments.give("--log", self.log.to_string());
        arguments.0
    }

    fn runner_arguments(&self, name: &str, url: &str) -> Vec<OsString> {
        let mut arguments = Arguments::of("runner");
        arguments.give("--url", url);
        arguments.give("--worker-id", name);
        arguments.give_if("--online-flag", self.online_flag.clone());
        arguments.give("--work", milliseconds(self.work));
        arguments.give("--heartbeat", milliseconds(self.heartbeat));
        arguments.give("--poll", milliseconds(self.poll));
        arguments.give("--log", self.log.to_string());
        arguments.0.push("--stop-on-stdin-eof".into());
        arguments.0
    }
}

/// How the run goes.
struct Course {
    failed: bool,
}

impl Course {
    fn server_ended(&mut self, ended: io::Result<ExitStatus>) -> ExitCode {
        error!(target: STRATEGY, status = %status(ended), "server ended unexpectedly");
        self.failed = true;
        self.code()
    }

    fn server_stopped(&mut self, ended: io::Result<ExitStatus>) {
        if !ended.as_ref().is_ok_and(ExitStatus::success) {
            error!(target: STRATEGY, status = %status(ended), "server did not stop in good order");
            self.failed = true;
        }
    }

    fn code(&self) -> ExitCode {
        if self.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

fn status(ended: io::Result<ExitStatus>) -> String {
    ended.map_or_else(|error| error.to_string(), |status| status.to_string())
}

/// Resolves when one of the runners ends: with its name and status.
async fn any_ended(runners: &mut [Part]) -> (String, String) {
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

/// The server's address, and for a port of our choice the socket that keeps it ours.
fn hold(port: u16) -> io::Result<(SocketAddr, Option<TcpSocket>)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if port != 0 {
        return Ok((address, None));
    }
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok((socket.local_addr()?, Some(socket)))
}

/// A command line in the making.
struct Arguments(Vec<OsString>);

impl Arguments {
    fn of(command: &str) -> Self {
        Self(vec![command.into()])
    }

    fn give(&mut self, option: &str, value: impl Into<OsString>) {
        self.0.extend([option.into(), value.into()]);
    }

    fn give_if(&mut self, option: &str, value: Option<impl Into<OsString>>) {
        if let Some(value) = value {
            self.give(option, value);
        }
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{}ms", time.as_millis())
}
