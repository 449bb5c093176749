//! How a client is set up on the command line of the processes that have one.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Address, ClientConfig, Reporting};
use crate::duration::{Schedule, duration};

/// The client's options.
#[derive(Debug, Args)]
pub struct ClientOptions {
    /// The server's URL.
    #[arg(long)]
    pub url: Address,
    /// The file of the shared online flag; without it the client asks for the server's health instead.
    #[arg(long, value_name = "FILE")]
    pub online_flag: Option<PathBuf>,
    /// The bound of one connection attempt.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub connect_timeout: Duration,
    /// The bound of one request, from its first byte to the last of its answer.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub request_timeout: Duration,
    /// The pauses before each retry.
    #[arg(long, value_name = "TIMES", default_value = "100ms,200ms,500ms")]
    pub retry: Schedule,
    /// The pauses before each health probe.
    #[arg(long, value_name = "TIMES", default_value = "50ms,100ms,200ms")]
    pub probe: Schedule,
    /// The bound of one health probe.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub probe_timeout: Duration,
}

impl ClientOptions {
    /// The client's configuration.
    pub fn config(self, reporting: Reporting) -> ClientConfig {
        ClientConfig {
            server: self.url,
            flag: self.online_flag,
            connect_timeout: self.connect_timeout,
            request_timeout: self.request_timeout,
            retry: self.retry,
            probe: self.probe,
            probe_timeout: self.probe_timeout,
            reporting,
        }
    }
}
