//! The command lines of the parts.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::RunCommand;
use crate::client::{Address, Client, ClientConfig, Reporting};
use crate::data::Durability;

impl RunCommand {
    /// A client of this process for the server.
    pub(super) fn client(&self, address: SocketAddr, reporting: Reporting) -> io::Result<Client> {
        let server: Address = format!("http://{address}").parse().map_err(io::Error::other)?;
        Ok(Client::new(ClientConfig { flag: self.online_flag.clone(), reporting, ..ClientConfig::new(server) }))
    }

    /// The URL by which runners reach the server.
    pub(super) fn url(&self, address: SocketAddr) -> String {
        self.runner_url.clone().unwrap_or_else(|| format!("http://{address}"))
    }

    pub(super) fn server_arguments(&self, address: SocketAddr) -> Vec<OsString> {
        let mut arguments = Arguments::of("serve");
        arguments.give("--host", address.ip().to_string());
        self.give_server(&mut arguments, address);
        arguments.0
    }

    pub(super) fn runner_arguments(&self, name: &str, url: &str) -> Vec<OsString> {
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

    /// The algorithm's side as a process of its own, which is told when the runner has stopped.
    pub(super) fn algorithm_arguments(&self, address: SocketAddr) -> Vec<OsString> {
        let mut arguments = Arguments::of("run");
        arguments.give("--role", "algorithm");
        arguments.give("--managed-store", "true");
        arguments.give("--host", address.ip().to_string());
        self.give_server(&mut arguments, address);
        arguments.give("--tasks", self.tasks.to_string());
        arguments.give("--patience", milliseconds(self.patience));
        arguments.0.push("--wait-for-release".into());
        if self.finish_when_done {
            arguments.0.push("--finish-when-done".into());
        }
        arguments.0
    }

    fn give_server(&self, arguments: &mut Arguments, address: SocketAddr) {
        arguments.give("--port", address.port().to_string());
        arguments.give_if("--data", self.data.clone());
        arguments.give_if("--durability", self.durability.map(Durability::name));
        arguments.give_if("--online-flag", self.online_flag.clone());
        arguments.give("--drain", milliseconds(self.drain));
        arguments.give("--log", self.log.to_string());
    }
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
