//! The server's life: start, service, stop.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{self, SignalKind};
use tokio::task::{JoinHandle, JoinSet, LocalSet};
use tracing::{debug, error, info, warn};

use super::accept::accept;
use super::cors::Cors;
use super::shared::Server;
use super::signal::{Signal, Signals};
use super::stop::{ServerPhase, ServerStop, StopCounts};
use crate::data::{Data, Durability};
use crate::defects::{Defect, planted};
use crate::flag::{Flag, State};
use crate::logging::SERVER;

/// How long, after the drain time, the last answers may take to be written.
const FAREWELL: Duration = Duration::from_millis(500);

/// How the server is to be run.
#[derive(Debug)]
pub struct ServerOptions {
    /// The address to listen at.
    pub host: String,
    /// The port to listen at, or 0.
    pub port: u16,
    /// The database file, or memory.
    pub data: Option<PathBuf>,
    /// What a write in that file survives.
    pub durability: Durability,
    /// How long requests in flight may take after a stop has begun.
    pub drain: Duration,
    /// The shared flag's file.
    pub online_flag: Option<PathBuf>,
    /// How long to wait before listening.
    pub boot_delay: Duration,
    /// Whether to wait for SIGUSR1 before listening: a start that lasts exactly as long as a test wants.
    pub boot_on_signal: bool,
    /// The origins whose pages a browser may let read answers; `*` for all, none for no page.
    pub cors_origins: Vec<String>,
}

/// Serves until it is stopped, on this thread.
pub fn run(options: ServerOptions) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed("cannot start", &error),
    };
    LocalSet::new().block_on(&runtime, live(options))
}

async fn live(options: ServerOptions) -> ExitCode {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return failed("cannot listen to signals", &error),
    };
    let flag = match options.online_flag.as_deref().map(Flag::create).transpose() {
        Ok(flag) => flag,
        Err(error) => return failed("cannot write the flag", &error),
    };
    // Before the line: who reads it may signal at once.
    let go = match options.boot_on_signal.then(|| unix::signal(SignalKind::user_defined1())).transpose() {
        Ok(go) => go,
        Err(error) => return failed("cannot listen to signals", &error),
    };
    debug!(target: SERVER, "starting");
    let stop = Rc::new(ServerStop::default());
    if !options.boot_delay.is_zero() || go.is_some() {
        tokio::select! {
            () = may_listen(options.boot_delay, go) => {}
            signal = signals.next() => {
                begin_stop(&stop, &flag, signal);
                return stopped(&flag);
            }
        }
    }
    let data = match Data::open(options.data.as_deref(), options.durability) {
        Ok(data) => data,
        Err(error) => return failed("cannot open the data", error.as_ref()),
    };
    let (listener, address) = match listen(&options.host, options.port).await {
        Ok(listening) => listening,
        Err(error) => return failed("cannot listen", &error),
    };
    let server = Rc::new(Server { stop, data, cors: Cors::new(&options.cors_origins) });
    let accepting = tokio::task::spawn_local(accept(listener, Rc::clone(&server)));
    say(&flag, State::Online);
    info!(target: SERVER, addr = %address, "listening");

    let first = signals.next().await;
    take_in().await;
    if planted(Defect::FlagLate) {
        tear_down(accepting).await;
        info!(target: SERVER, signal = first.name(), "stop begun");
        tokio::time::sleep(options.drain).await;
        say(&flag, State::Stopping);
    } else {
        begin_stop(&server.stop, &flag, first);
        tokio::select! {
            () = drain(&server.stop, options.drain, accepting) => {}
            second = signals.next(), if !planted(Defect::HangOnStop) => {
                debug!(target: SERVER, signal = second.name(), "second signal, ending at once");
                // Destructors would flush and wait; what was acknowledged is safe without them.
                #[expect(clippy::disallowed_methods, reason = "the second signal must not wait for anything")]
                std::process::exit(second.status().into());
            }
        }
    }
    if planted(Defect::HangOnStop) {
        std::future::pending::<()>().await;
    }
    if let Err(error) = server.data.close() {
        return failed("cannot flush the data", &error);
    }
    stopped(&flag)
}

/// Waits as long as the options say.
async fn may_listen(delay: Duration, go: Option<unix::Signal>) {
    tokio::time::sleep(delay).await;
    if let Some(mut go) = go {
        go.recv().await;
    }
}

/// Takes in what had arrived when the signal did: a request that a client sent before it stopped the server is in flight,
/// even if the server was too busy to have looked at it. Each turn looks at all sockets once; a request on a new
/// connection takes three: to be accepted, to be read, to begin.
async fn take_in() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

/// From here on the stop is announced everywhere: the flag first, then health and every other answer, then the log.
fn begin_stop(stop: &ServerStop, flag: &Option<Flag>, signal: Signal) {
    say(flag, State::Stopping);
    stop.enter(ServerPhase::Stopping);
    info!(target: SERVER, signal = signal.name(), requests = stop.in_flight(), "stop begun");
}

/// Waits for what is in flight, within the drain time, and ends the rest.
async fn drain(stop: &ServerStop, time: Duration, accepting: JoinHandle<JoinSet<()>>) {
    let time = if planted(Defect::NoDrain) { Duration::ZERO } else { time };
    if tokio::time::timeout(time, stop.none(StopCounts::InFlight)).await.is_err() {
        debug!(target: SERVER, requests = stop.in_flight(), "drain time is over");
    }
    stop.enter(ServerPhase::Over);
    let Ok(mut connections) = accepting.await else { return };
    if planted(Defect::WaitsForIdleConnections) || planted(Defect::WaitsForSilentConnections) {
        while connections.join_next().await.is_some() {}
    }
    // Idle connections end by themselves once they know; what is left after that has a last answer to write.
    let last_answers = async {
        stop.none(StopCounts::InFlight).await;
        stop.none(StopCounts::Farewell).await;
    };
    let _ = tokio::time::timeout(FAREWELL, last_answers).await;
    connections.shutdown().await;
}

/// Ends everything without a word: the defect of a server that says `stopping` too late.
async fn tear_down(accepting: JoinHandle<JoinSet<()>>) {
    accepting.abort();
    let _ = accepting.await;
}

fn stopped(flag: &Option<Flag>) -> ExitCode {
    say(flag, State::Stopped);
    info!(target: SERVER, "stopped");
    if planted(Defect::ExitNonzeroOnStop) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn say(flag: &Option<Flag>, state: State) {
    if let Some(flag) = flag
        && let Err(error) = flag.set(state)
    {
        warn!(target: SERVER, %error, ?state, "cannot write the flag");
    }
}

/// Binds and listens, with SO_REUSEADDR. An address is taken as it is; a name costs a thread to look up.
async fn listen(host: &str, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = match host.parse::<IpAddr>() {
        Ok(address) => TcpListener::bind((address, port)).await?,
        Err(_) => TcpListener::bind((host, port)).await?,
    };
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn failed(what: &str, error: &(impl std::fmt::Display + ?Sized)) -> ExitCode {
    error!(target: SERVER, %error, "{what}");
    ExitCode::FAILURE
}
