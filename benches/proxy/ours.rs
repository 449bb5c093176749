//! Our proxy: the program with its control API, or the link alone as `quietdown run` embeds it.

use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::Command;

use quietdown::file::At;
use quietdown_proxy::engine::{
    EventLink, FirstMatch, GateSpec, Phase, Point, Settings, Side, Toxic, ToxicKind, Upstream,
};
use serde_json::{Value, json};

use super::api::Api;
use super::role::{self, Role};

/// What of us is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// `quietdown proxy`, and which file that is.
    Program(&'static str),
    /// A link in a process of its own. It has no control API.
    Link,
}

/// What a proxy is told at its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Requests must be recognised, because something asks for them.
    pub recognise: bool,
    /// A toxic towards the client: its kind, and its attributes in JSON.
    pub toxic: Option<(&'static str, &'static str)>,
}

/// A path that no request has: a gate at it never stops anything, but looks at every request.
const NEVER: &str = "/never";

/// A proxy that runs.
pub struct Proxy {
    pub role: Role,
    /// Where it listens for the clients.
    pub addr: SocketAddr,
}

impl Proxy {
    /// Starts a proxy to the address that is given.
    pub fn start(ours: Ours, upstream: SocketAddr, faults: Faults) -> io::Result<Self> {
        match ours {
            Ours::Program(program) => Self::program(program, upstream, faults),
            Ours::Link => {
                let toxic = faults.toxic.map(|(kind, attributes)| format!(r#"{{"{kind}":{attributes}}}"#));
                let arguments = [upstream.to_string(), faults.recognise.to_string()];
                let arguments: Vec<&str> = arguments.iter().chain(&toxic).map(String::as_str).collect();
                let role = Role::start("link", &arguments)?;
                Ok(Self { addr: role.addr, role })
            }
        }
    }

    fn program(program: &str, upstream: SocketAddr, faults: Faults) -> io::Result<Self> {
        let role = Role::start("program", &[program])?;
        let mut api = Api::connect(role.addr)?;
        let mut proxy = json!({ "name": "bench", "listen": "127.0.0.1:0", "upstream": upstream.to_string() });
        if let Some((kind, attributes)) = faults.toxic {
            let attributes: Value = serde_json::from_str(attributes)?;
            proxy["toxics"] = json!([{ "type": kind, "attributes": attributes }]);
        }
        let created: Value = serde_json::from_str(&api.call("POST", "/proxies", &proxy.to_string())?)?;
        if faults.recognise {
            let gate = json!({ "name": "never", "phase": "response-sent", "path": NEVER });
            api.call("POST", "/proxies/bench/gates", &gate.to_string())?;
        }
        let addr = created["listen"].as_str().and_then(|addr| addr.parse().ok());
        let addr = addr.ok_or_else(|| io::Error::other(format!("a proxy without an address: {created}")))?;
        Ok(Self { role, addr })
    }
}

/// Becomes `quietdown proxy`.
pub fn run_program(arguments: &[String]) -> io::Result<()> {
    let [program] = arguments else { return Err(io::Error::other("the program needs a name")) };
    Err(Command::new(program).args(["proxy", "--host", "127.0.0.1", "--port", "0", "--seed", "1"]).exec())
}

/// Forwards to the address that is given, until it is killed.
pub fn run_link(arguments: &[String]) -> io::Result<()> {
    let [upstream, recognise, toxic @ ..] = arguments else {
        return Err(io::Error::other("the link needs an address"));
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let upstream = Upstream::parse(upstream).map_err(io::Error::other)?;
        let link = EventLink::with("bench", Settings { upstream: Some(upstream), ..Settings::default() }, None)?;
        if recognise == "true" {
            let point = Point::Request {
                without: Vec::new(),
                method: None,
                path: Some(NEVER.to_owned()),
                phase: Phase::ResponseSent,
                at: At::Byte(0),
                exact: false,
            };
            link.arm(GateSpec { id: 0, point, nth: 1, first: FirstMatch::Parks, repeat: None });
        }
        for toxic in toxic {
            let kind: ToxicKind = serde_json::from_str(toxic)?;
            link.add_toxic(Toxic::new(kind, Side::Client)).map_err(io::Error::other)?;
        }
        role::listens(link.addr())?;
        std::future::pending().await
    })
}
