//! Booting: commands with their variables and options; asking a server whether it is there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;

use super::wait::Bound;
use super::world::{Boot, World};
use super::{Planted, answers::Seen};
use crate::evidence::{self, StepFailure};
use crate::file::substitute;
use crate::http::{NoAnswer, exchange};
use crate::log::Stream;
use crate::process::{Spawn, is_listened_on, listening_ports, shortage};
use crate::scenario::{Event, ExpectLine};
use crate::system::{Line, PROGRAM_VARIABLE, RoleKind, StopBy};

/// How long one question whether a server is there may take.
const PROBE_WITHIN: Duration = Duration::from_secs(1);

impl World<'_> {
    /// Starts a process and does not wait for it.
    pub async fn spawn(&mut self, index: usize) -> Result<(), String> {
        let (command, env) = self.command(index);
        let folder = self.working_folder(index);
        let started = self.now();
        let mark = format!("{}/{}", self.mark, self.actors[index].instance.name);
        let actor = &mut self.actors[index];
        let number = actor.boots.len();
        let stdin = actor.instance.kind == RoleKind::Driven || actor.role.stop.by == StopBy::StdinEof;
        let zygote = actor.role.zygote.as_ref().and_then(|name| self.plan.zygotes.get(name.as_ref())).cloned();
        let spawn = Spawn {
            command: &command,
            env: &env,
            mark: &mark,
            folder: &folder,
            stdin,
            zygote,
            subreaper: &self.subreaper,
        };
        let wrap = move |output| Seen { actor: index, boot: number, output };
        let child = match spawn.start(&self.output, wrap).await {
            Ok(child) => child,
            Err(why) => {
                let advice = shortage(&why);
                let of_system = spawn.zygote.is_none() && advice.is_none() && why.raw_os_error().is_some();
                let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
                let why = format!("`{}` cannot be started: {}: {why}{advice}", actor.instance.name, command.join(" "));
                if !of_system {
                    // A zygote, a subreaper or the machine: that is no behaviour of the system.
                    self.broken.get_or_insert_with(|| why.clone());
                }
                return Err(why);
            }
        };
        let dialect = self.system.file.dialect(&actor.instance.role);
        let wanted = self.wanted_of(index);
        let actor = &mut self.actors[index];
        let reader = |stream| {
            let mut reader = dialect.reader(stream).map_err(|why| format!("the log format of the system: {why}"))?;
            for lines in wanted.clone() {
                reader.want(move |record| lines.iter().all(|line| line.matches(record)));
            }
            Ok::<_, String>(reader)
        };
        if let Some(link) = &actor.link {
            link.reset_counts();
        }
        actor.boots.push(Boot {
            seen: evidence::Boot {
                pid: child.pid().as_raw_nonzero().get() as u32,
                started,
                ..evidence::Boot::default()
            },
            child,
            stdout: reader(Stream::Stdout)?,
            stderr: reader(Stream::Stderr)?,
            lines: Default::default(),
            is_driven: actor.instance.kind == RoleKind::Driven,
            answers: super::answers::Answers::default(),
            said_ready: None,
            open_streams: vec![Stream::Stdout, Stream::Stderr],
            read: 0,
            noise_cut: 0,
            consumed: std::collections::BTreeSet::new(),
            teardown: None,
            before_ready: None,
            paused: false,
            told_to_end: false,
            stop: None,
        });
        if Some(index) == self.listener() {
            self.set_upstream(Some(self.server_addr()));
        }
        Ok(())
    }

    /// The lines that a step, an expectation or the system file speaks of, each as what must all match: however much a process says, they
    /// are seen.
    fn wanted_of(&self, index: usize) -> Vec<Vec<Line>> {
        let file = &self.system.file;
        let mut wanted: Vec<Vec<Line>> = file.lines.values().map(|line| vec![line.clone()]).collect();
        let events = self.scenario.file.steps.iter().filter_map(|step| step.as_ref().on.as_ref());
        for event in events {
            if let Event::Line(event) = event.as_ref()
                && self.actors_of(event.process.as_ref()).contains(&index)
            {
                wanted.push(vec![self.line(event)]);
            }
        }
        let expect = &self.scenario.file.expect;
        let present = expect.line.iter().map(|line| line.as_ref().clone());
        for expected in present.chain(expect.absent.iter().map(|absent| absent.as_ref().into())) {
            let ExpectLine { line, level, target, message, fields, .. } = expected;
            let named = line.and_then(|name| file.lines.get(name.as_ref())).cloned();
            wanted.push(named.into_iter().chain([Line { level, target, message, fields }]).collect());
        }
        wanted
    }

    /// Where a process runs.
    fn working_folder(&self, index: usize) -> PathBuf {
        let folder = self.actors[index].role.folder.as_ref();
        folder.map_or_else(
            || self.plan.folder.clone(),
            |folder| self.plan.folder.join(substitute(folder.as_ref(), |name| self.variable(index, name))),
        )
    }

    /// What `${name}` means in the command of a process.
    fn variable(&self, index: usize, name: &str) -> Option<String> {
        let actor = &self.actors[index];
        match name {
            "quietdown" => Some(self.plan.program.display().to_string()),
            "port" => Some(self.server_addr().port().to_string()),
            "server" => Some(format!("http://{}", self.address_of(index))),
            "run" => Some(self.plan.folder.display().to_string()),
            "name" => Some(actor.instance.name.clone()),
            "system" => Some(self.system.folder.display().to_string()),
            _ => name.strip_prefix(PROGRAM_VARIABLE).map(|program| match self.plan.programs.get(program) {
                Some(path) => path.display().to_string(),
                None => program.to_owned(),
            }),
        }
    }

    /// The command and the environment of a process, with every variable and option in its place.
    fn command(&self, index: usize) -> (Vec<String>, BTreeMap<String, String>) {
        let actor = &self.actors[index];
        let variable = |name: &str| self.variable(index, name);
        let mut command: Vec<String> =
            actor.role.command.iter().map(|word| substitute(word.as_ref(), variable)).collect();
        let mut env: BTreeMap<String, String> =
            actor.role.env.iter().map(|(name, value)| (name.clone(), substitute(value, variable))).collect();
        for (name, rule) in &actor.role.options {
            let said = actor
                .process
                .and_then(|process| process.options.iter().find(|(key, _)| key.as_ref() == name))
                .map(|(_, value)| value);
            let value = match said.or(rule.default.as_ref()) {
                None | Some(toml::Value::Boolean(false)) => continue,
                Some(toml::Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            let fill = |name: &str| if name == "value" { Some(value.clone()) } else { variable(name) };
            command.extend(rule.args.iter().map(|word| substitute(word, fill)));
            env.extend(rule.env.iter().map(|(name, text)| (name.clone(), substitute(text, fill))));
        }
        if let Some(variant) = self.system.variant_of(&actor.instance.role) {
            command.extend(variant.args.iter().map(|word| substitute(word, variable)));
            env.extend(variant.env.iter().map(|(name, text)| (name.clone(), substitute(text, variable))));
        }
        if let (Some(Planted::Defect(defect)), Some(defects)) = (&self.plan.planted, &self.system.file.defects) {
            env.insert(defects.env.clone(), defect.clone());
        }
        (command, env)
    }

    /// How a process has ended, for a message.
    pub(super) fn end_of(&self, index: usize) -> String {
        let exit = self.actors[index].boots.last().and_then(|boot| boot.seen.exit.as_ref());
        exit.map(|exit| format!(", with {exit}")).unwrap_or_default()
    }

    /// Looks into the kernel's table until somebody listens on the server's port. The kernel tells nobody of that.
    pub(super) async fn await_listening(&mut self, index: usize, bound: Bound) -> Result<(), StepFailure> {
        let port = self.server_addr().port();
        loop {
            match is_listened_on(port) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(why) => {
                    let why = format!(
                        "the kernel does not say who listens on port {port}: {why}; write ready = {{ http = … }} instead"
                    );
                    self.broken.get_or_insert_with(|| why.clone());
                    return Err(self.failed(bound.step, why));
                }
            }
            let name = self.actors[index].instance.name.clone();
            if !self.actors[index].is_running() {
                let how = self.end_of(index);
                return Err(self.failed(bound.step, format!("`{name}` has ended before it was ready{how}")));
            }
            if Instant::now() >= bound.deadline {
                let instead = self.listens_instead(index, port);
                let why = format!("`{name}` to listen: not within {:?}: {instead}", bound.within);
                return Err(self.failed(bound.step, why));
            }
            self.until(Instant::now() + Duration::from_millis(10), |_| None::<()>).await;
        }
    }

    /// On which ports a process listens instead of its own.
    fn listens_instead(&self, index: usize, port: u16) -> String {
        let name = &self.actors[index].instance.name;
        let group = self.actors[index].boots.last().map(|boot| boot.child.pid().as_raw_nonzero().get());
        let ports = group.map(listening_ports).unwrap_or_default();
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        match ports.as_slice() {
            [] => format!("nobody listens on port {port}; `{name}` listens on no port"),
            ports => format!("nobody listens on port {port}; `{name}` listens on port {}", ports.join(", ")),
        }
    }

    /// Asks the server directly until the answer is (or no longer is) a 2xx one. There is no event for what a server
    /// would answer, so it is asked again and again, while everything else is taken in.
    pub async fn await_health(
        &mut self,
        index: usize,
        path: &str,
        healthy: bool,
        bound: Bound,
    ) -> Result<(), StepFailure> {
        let addr = self.server_addr();
        let mut answer = Probe::Late;
        loop {
            let left = bound.deadline.saturating_duration_since(Instant::now());
            let latest = Probe::of(addr, path, left.min(PROBE_WITHIN)).await;
            // The last one has hardly any time: what was answered before says more.
            if left >= PROBE_WITHIN || !matches!(latest, Probe::Late) {
                answer = latest;
            }
            if let Probe::Unreachable(why) = &answer
                && let Some(advice) = shortage(why)
            {
                self.broken.get_or_insert_with(|| format!("{path} cannot be asked for: {why}; {advice}"));
            }
            let gone = !self.actors[index].is_running();
            let met = if healthy { answer.is_healthy() && !gone } else { gone || !answer.is_healthy() };
            if met {
                return Ok(());
            }
            let name = &self.actors[index].instance.name;
            if gone {
                let how = self.end_of(index);
                return Err(self.failed(bound.step, format!("`{name}` has ended before it was ready{how}")));
            }
            if Instant::now() >= bound.deadline || self.broken.is_some() {
                let wanted = if healthy { "an answer" } else { "no answer any more" };
                let instead = self.seen_instead(index, addr, &answer);
                let why = format!("{wanted} of {path}: not within {:?}: {instead}", bound.within);
                return Err(self.failed(bound.step, why));
            }
            self.until(Instant::now() + Duration::from_millis(10), |_| None::<()>).await;
        }
    }

    /// What was seen of a server instead of what was wanted.
    fn seen_instead(&self, index: usize, addr: SocketAddr, answer: &Probe) -> String {
        match answer {
            Probe::Status(status @ 200..=299) => format!("it answers with status {status}"),
            Probe::Status(status) => format!("it answers with status {status}, and 2xx is wanted"),
            Probe::Late => format!("port {} takes the connection and does not answer", addr.port()),
            Probe::Broken(why) => format!("it does not answer as HTTP/1 does: {why}"),
            Probe::Unreachable(why) if why.kind() == std::io::ErrorKind::ConnectionRefused => {
                self.listens_instead(index, addr.port())
            }
            Probe::Unreachable(why) => format!("port {} cannot be reached: {why}", addr.port()),
        }
    }
}

/// What came of asking a server whether it is there.
enum Probe {
    Status(u16),
    Unreachable(std::io::Error),
    Broken(String),
    /// Not within the time of one question.
    Late,
}

impl Probe {
    async fn of(addr: SocketAddr, path: &str, within: Duration) -> Self {
        let request = match Request::builder().uri(path).body(Full::new(Bytes::new())) {
            Ok(request) => request,
            Err(why) => return Self::Broken(why.to_string()),
        };
        match tokio::time::timeout(within, exchange(addr, request)).await {
            Ok(Ok((status, _))) => Self::Status(status),
            Ok(Err(NoAnswer::Connect(why))) => Self::Unreachable(why),
            Ok(Err(broken)) => Self::Broken(broken.to_string()),
            Err(_) => Self::Late,
        }
    }

    fn is_healthy(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}
