//! `quietdown proxy`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args};
use quietdown_proxy::toxiproxy::{API_VERSION, Options, ServeError, serve};

use super::{BROKEN, PASSED, WRONG};

/// A drop-in for toxiproxy-server: a TCP proxy whose faults are set over HTTP, by Toxiproxy's clients.
#[derive(Debug, Args)]
#[command(
    args_override_self = true,
    after_help = "\
Options may be spelled as Go does: -host 127.0.0.1, -port=8474, -proxy-metrics.
Exit codes: 0 ended by SIGINT or SIGTERM, 2 wrong usage or a wrong config file, 3 it cannot listen."
)]
pub struct ProxyArgs {
    /// The address or name to listen at with the API.
    #[arg(long, default_value = "localhost")]
    host: String,
    /// The port to listen at with the API; 0 for a free one.
    #[arg(long, default_value = "8474")]
    port: u16,
    /// A JSON file of proxies, with their toxics, that are created at the start.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What decides whatever toxics leave to chance; a random one, which is printed, when absent.
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<i64>,
    /// Serve the bytes of each proxy at /metrics.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = flag)]
    proxy_metrics: bool,
    /// Serve time, memory and file descriptors of this process at /metrics.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = flag)]
    runtime_metrics: bool,
    /// Print the version of quietdown, and the one of Toxiproxy whose API it speaks.
    #[arg(long)]
    version: bool,
}

impl ProxyArgs {
    pub fn execute(self) -> u8 {
        if self.version {
            super::say(format_args!("quietdown {}, toxiproxy-server version {API_VERSION}", env!("CARGO_PKG_VERSION")));
            return PASSED;
        }
        let seed = self.seed.unwrap_or_else(|| fastrand::i64(0..=i64::MAX));
        let options = Options {
            host: self.host,
            port: self.port,
            config: self.config,
            seed: seed.cast_unsigned(),
            proxy_metrics: self.proxy_metrics,
            runtime_metrics: self.runtime_metrics,
        };
        let served = serve(options, |addr| super::say(format_args!("listening on http://{addr} seed={seed}")));
        match served {
            Ok(()) => PASSED,
            Err(why) => {
                super::complain(format_args!("quietdown: {why}"));
                if matches!(why, ServeError::Config { .. }) { WRONG } else { BROKEN }
            }
        }
    }
}

/// A switch, as Go reads one.
fn flag(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("write true or false"),
    }
}

/// The arguments with Go's spelling of long options (`-host`) in the usual one, if they are those of this subcommand.
pub fn respelled(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.get(1).is_some_and(|name| name == "proxy") {
        for argument in arguments.iter_mut().skip(2) {
            let text = argument.as_encoded_bytes();
            let letters = text.iter().skip(1).take_while(|byte| byte.is_ascii_alphabetic()).count();
            if text.first() == Some(&b'-') && letters > 1 {
                let mut longer = OsString::from("-");
                longer.push(&*argument);
                *argument = longer;
            }
        }
    }
    arguments
}
