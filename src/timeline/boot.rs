//! Booting: commands with their variables and options, and readiness.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::wait::Bound;
use super::world::{Boot, World};
use super::{Planted, events::Seen};
use crate::evidence::{self, StepFailure};
use crate::file::substitute;
use crate::log::Stream;
use crate::process::Spawn;
use crate::system::{RoleKind, StopBy};

/// The bound of a boot whose role names none.
const READY_WITHIN: Duration = Duration::from_secs(30);

impl World<'_> {
    /// Boots everything that boots by itself: what listens first, then the rest at once.
    pub async fn boot_cast(&mut self) -> Result<(), StepFailure> {
        let all: Vec<usize> = (0..self.actors.len()).filter(|index| self.actors[*index].instance.boots).collect();
        let (first, rest): (Vec<usize>, Vec<usize>) =
            all.into_iter().partition(|index| Some(*index) == self.listener());
        for group in [first, rest] {
            for actor in &group {
                self.spawn(*actor).await.map_err(|why| self.failed(0, why))?;
            }
            for actor in group {
                let bound = self.ready_bound(actor, 0);
                self.await_ready(actor, bound).await?;
            }
        }
        Ok(())
    }

    pub fn ready_bound(&self, actor: usize, step: usize) -> Bound {
        let within =
            self.actors[actor].role.ready.as_ref().and_then(|ready| ready.within).map_or(READY_WITHIN, |span| span.0);
        Bound { step, within, deadline: Instant::now() + within }
    }

    /// Starts a process and does not wait for it.
    pub async fn spawn(&mut self, index: usize) -> Result<(), String> {
        let (command, env) = self.command(index);
        let started = self.now();
        let mark = format!("{}/{}", self.mark, self.actors[index].instance.name);
        let actor = &mut self.actors[index];
        let number = actor.boots.len();
        let stdin = actor.instance.kind == RoleKind::Driven || actor.role.stop.by == StopBy::StdinEof;
        let zygote = actor.role.zygote.as_ref().and_then(|name| self.plan.zygotes.get(name.as_ref())).cloned();
        let spawn = Spawn { command: &command, env: &env, mark: &mark, folder: &self.plan.folder, stdin, zygote };
        let wrap = move |output| Seen { actor: index, boot: number, output };
        let child = match spawn.start(&self.output, wrap).await {
            Ok(child) => child,
            Err(why) => {
                let why = format!("`{}` cannot be started: {}: {why}", actor.instance.name, command.join(" "));
                if spawn.zygote.is_some() {
                    // That is no behaviour of the system.
                    self.broken.get_or_insert_with(|| why.clone());
                }
                return Err(why);
            }
        };
        let dialect = self.system.file.dialect(&actor.instance.role);
        let reader = |stream| dialect.reader(stream).map_err(|why| format!("the log format of the system: {why}"));
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
            answers: super::driver::Answers::default(),
            said_ready: false,
            open_streams: 2,
            consumed: std::collections::BTreeSet::new(),
            teardown: None,
            paused: false,
            told_to_end: false,
        });
        if Some(index) == self.listener() {
            self.set_upstream(Some(self.server_addr()));
        }
        Ok(())
    }

    /// The command and the environment of a process, with every variable and option in its place.
    fn command(&self, index: usize) -> (Vec<String>, BTreeMap<String, String>) {
        let actor = &self.actors[index];
        let address = self.address_of(index);
        let variable = |name: &str| match name {
            "quietdown" => Some(self.plan.program.display().to_string()),
            "port" => Some(self.server_addr().port().to_string()),
            "server" => Some(format!("http://{address}")),
            "run" => Some(self.plan.folder.display().to_string()),
            "name" => Some(actor.instance.name.clone()),
            "system" => Some(self.system.folder.display().to_string()),
            _ => None,
        };
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

    /// Waits until all that the role calls ready holds.
    pub async fn await_ready(&mut self, index: usize, bound: Bound) -> Result<(), StepFailure> {
        let name = self.actors[index].instance.name.clone();
        let ready = self.actors[index].role.ready.clone().unwrap_or_default();
        let line = ready.line.as_ref().and_then(|line| self.system.file.lines.get(line.as_ref())).cloned();
        let what = format!("`{name}` to be ready");
        let check = |world: &mut Self| {
            let boot = world.actors[index].boots.last()?;
            let said = line.as_ref().is_none_or(|line| boot.records().any(|(_, record)| line.matches(record)));
            let said = said && (boot.said_ready || !ready.driver);
            // Who said that it was ready was so, even if it had nothing to do and has ended since.
            let says = line.is_some() || ready.driver;
            match boot.seen.exit {
                Some(_) if !(said && says) => Some(Err(())),
                _ => said.then_some(Ok(())),
            }
        };
        if self.await_for(bound, &what, check).await?.is_err() {
            return Err(self.failed(bound.step, format!("`{name}` has ended before it was ready")));
        }
        if let Some(path) = &ready.http {
            self.await_health(index, path, true, bound).await?;
        }
        let at = self.now();
        if let Some(boot) = self.actors[index].boots.last_mut() {
            boot.seen.ready.get_or_insert(at);
        }
        Ok(())
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
        loop {
            let answer = tokio::time::timeout(Duration::from_secs(1), crate::http::get(addr, path)).await;
            let is_healthy = matches!(answer, Ok(Ok((200..=299, _))));
            let gone = !self.actors[index].is_running();
            if is_healthy == healthy || (gone && !healthy) {
                return Ok(());
            }
            if gone || Instant::now() >= bound.deadline {
                let wanted = if healthy { "an answer" } else { "no answer any more" };
                return Err(self.failed(bound.step, format!("{wanted} of {path}: not within {:?}", bound.within)));
            }
            self.until(Instant::now() + Duration::from_millis(10), |_| None::<()>).await;
        }
    }
}
