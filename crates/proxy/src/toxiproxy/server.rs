//! The server's life: start, service, end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinSet, LocalSet};

use super::address::{every_family, look_up};
use super::handle::{Api, handle};
use super::metrics;
use super::proxies::Proxies;
use crate::descriptors::{self, reserve};

/// The pause after a failed accept: the usual cause is a lack of file descriptors, which only time cures.
const PAUSE: Duration = Duration::from_millis(50);

/// How many file descriptors the traffic leaves to the API.
const FOR_THE_API: u64 = 32;

/// How the server is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address or name to listen at; 127.0.0.1 when empty.
    pub host: String,
    /// The port to listen at, or 0.
    pub port: u16,
    /// A file of proxies that are created at the start: the body of a `POST /populate`.
    pub config: Option<PathBuf>,
    /// What decides whatever toxics leave to chance.
    pub seed: u64,
    /// Whether `GET /metrics` tells the bytes of each proxy.
    pub proxy_metrics: bool,
    /// Whether `GET /metrics` tells what the process uses.
    pub runtime_metrics: bool,
}

/// Why the server could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The runtime or the handlers of signals cannot be had.
    #[error("cannot start: {0}")]
    Start(io::Error),
    /// The address cannot be listened at.
    #[error("cannot listen at {host}:{port}: {error}; is another server there? `--port 0` takes a free one")]
    Listen {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
        /// Why.
        error: io::Error,
    },
    /// The file of proxies cannot be read, or is wrong.
    #[error("{}: {problem}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A proxy of the file cannot listen.
    #[error("{}: {problem}", path.display())]
    Populate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// Serves until SIGINT or SIGTERM, on this thread. `listening` is called with the address once requests are answered there.
///
/// # Errors
/// When it cannot start; nothing is left listening then.
pub fn serve(options: Options, listening: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServeError::Start)?;
    LocalSet::new().block_on(&runtime, live(options, listening))
}

async fn live(options: Options, listening: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    reserve(FOR_THE_API);
    // Before the address is told: who reads it may signal at once.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Start)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Start)?;
    let (listener, addr) = listen(&options.host, options.port).await.map_err(|error| ServeError::Listen {
        host: options.host.clone(),
        port: options.port,
        error,
    })?;
    let metrics = metrics::Wanted { proxies: options.proxy_metrics, runtime: options.runtime_metrics };
    let api = Rc::new(Api { proxies: Proxies::new(options.seed), metrics });
    if let Some(path) = options.config {
        populate(&api.proxies, path).await?;
    }
    listening(addr);
    tokio::select! {
        () = accept(listener, &api) => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

async fn populate(proxies: &Proxies, path: PathBuf) -> Result<(), ServeError> {
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) => return Err(ServeError::Config { path, problem: error.to_string() }),
    };
    match proxies.populate(&text).await.error {
        None => Ok(()),
        Some(error) if error.status() == 500 => Err(ServeError::Populate { path, problem: error.to_string() }),
        Some(error) => {
            let problem = error.to_string();
            // There is no request here.
            let problem = problem.strip_prefix("bad request body: ").unwrap_or(&problem).to_owned();
            Err(ServeError::Config { path, problem })
        }
    }
}

/// Accepts and serves connections. Never ends; dropping the future ends them all.
async fn accept(listener: TcpListener, api: &Rc<Api>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn_local(connection(stream, Rc::clone(api)))),
                Err(why) => {
                    descriptors::note(&why);
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, api: Rc<Api>) {
    // Without it an answer is late by a delayed acknowledgement at worst; nothing depends on it.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| handle(Rc::clone(&api), request));
    // A client that goes away, or speaks no HTTP, has been answered as far as possible.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn listen(host: &str, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let addr = match host {
        "" => (Ipv4Addr::LOCALHOST, port).into(),
        host => every_family(look_up(host, port).await?),
    };
    let listener = TcpListener::bind(addr).await?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}
