//! `quietdown store serve`: the server as a process.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;

use super::data::Durability;
use super::duration::duration;
use super::server::{self, ServerOptions};
use super::{defects, logging};

/// The server's command line.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The address to listen at
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port to listen at; 0 takes a free one, which the line `listening` names
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The database file; without it the data lives in memory
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// What an acknowledged write survives, with a database file
    #[arg(long, value_name = "WHAT", default_value = "process", requires = "data")]
    durability: Durability,
    /// How long requests in flight may take after a stop has begun
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    drain: Duration,
    /// The shared flag that says what the server is about
    #[arg(long, value_name = "FILE")]
    online_flag: Option<PathBuf>,
    /// How long to wait before listening
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    boot_delay: Duration,
    /// Wait for SIGUSR1 before listening
    #[arg(long)]
    boot_on_signal: bool,
    /// An origin whose pages a browser may let read answers, such as https://example.org; repeat it for several, `*` for all
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    cors_origins: Vec<String>,
    /// The level of the log on standard error
    #[arg(long, value_name = "LEVEL", default_value = "debug")]
    log: LevelFilter,
}

impl Args {
    /// Serves until it is stopped. 0 after a graceful stop, 1 when it could not serve, 128 and the signal's number when
    /// a second signal cut the stop short.
    pub fn execute(self) -> ExitCode {
        if let Err(wrong) = defects::check() {
            eprintln!("{wrong}");
            return ExitCode::from(2);
        }
        logging::start(self.log);
        let options = ServerOptions {
            host: self.host,
            port: self.port,
            data: self.data,
            durability: self.durability,
            drain: self.drain,
            online_flag: self.online_flag,
            boot_delay: self.boot_delay,
            boot_on_signal: self.boot_on_signal,
            cors_origins: self.cors_origins,
        };
        // Its records carry the thread's name, by which a process with several parts tells them apart.
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(move || server::run(options));
        match thread {
            Ok(thread) => thread.join().unwrap_or(ExitCode::FAILURE),
            Err(error) => {
                eprintln!("cannot start the server's thread: {error}");
                ExitCode::FAILURE
            }
        }
    }
}
