//! Readiness: when a process is ready, what it has written before, and what is done while it is not.

use std::time::{Duration, Instant};

use super::wait::{Bound, Search};
use super::world::World;
use crate::evidence::StepFailure;
use crate::log::Bookmark;

/// The bound of a boot whose role names none.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A process that was started and is not known to be ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Booting {
    pub actor: usize,
    /// The step that has started it; 0 for those that boot by themselves.
    pub step: usize,
}

/// What has come of waiting for what a process says when it is ready.
enum Said {
    /// All of it.
    All,
    /// It has ended without.
    Ended,
    /// A gate stops its traffic: it may be ready only when that goes on.
    Held,
}

impl World<'_> {
    /// Boots everything that boots by itself: what listens first, then the rest at once.
    pub async fn boot_cast(&mut self) -> Result<(), StepFailure> {
        let all: Vec<usize> = (0..self.actors.len()).filter(|index| self.actors[*index].instance.boots).collect();
        let (first, rest) = all.into_iter().partition(|index| Some(*index) == self.listener());
        self.to_boot = rest;
        self.boot(first).await?;
        self.settle_boots().await
    }

    async fn boot(&mut self, actors: Vec<usize>) -> Result<(), StepFailure> {
        for actor in &actors {
            self.spawn(*actor).await.map_err(|why| self.failed(0, why))?;
        }
        self.booting.extend(actors.into_iter().map(|actor| Booting { actor, step: 0 }));
        Ok(())
    }

    /// Waits until everything that was started is ready, but for what the timeline itself keeps from it: a stream of it is parked at
    /// a gate, or a fault has hit it since it was started. The steps go on meanwhile.
    pub async fn settle_boots(&mut self) -> Result<(), StepFailure> {
        loop {
            let mut held = Vec::new();
            for booting in std::mem::take(&mut self.booting) {
                if self.is_disturbed(booting.actor) {
                    continue;
                }
                let bound = self.ready_bound(booting.actor, booting.step);
                if !self.await_ready_unless_held(booting.actor, bound, true).await? {
                    held.push(booting);
                }
            }
            self.booting = held;
            match std::mem::take(&mut self.to_boot) {
                rest if rest.is_empty() => return Ok(()),
                rest => self.boot(rest).await?,
            }
        }
    }

    /// Whether a fault has hit a process, or the server, since it was started: nobody can say that it must be ready some time.
    fn is_disturbed(&self, actor: usize) -> bool {
        let started = self.actors[actor].boots.last().map_or(0, |boot| boot.seen.started);
        let names = [Some(actor), self.listener()].into_iter().flatten().map(|index| &self.actors[index].instance.name);
        let names: Vec<&String> = names.collect();
        self.observed.faults.iter().any(|fault| fault.at >= started && names.contains(&&fault.target))
    }

    pub fn ready_bound(&self, actor: usize, step: usize) -> Bound {
        let within =
            self.actors[actor].role.ready.as_ref().and_then(|ready| ready.within).map_or(READY_WITHIN, |span| span.0);
        Bound { step, within, deadline: Instant::now() + within }
    }

    /// Waits until all that the role calls ready holds.
    pub async fn await_ready(&mut self, index: usize, bound: Bound) -> Result<(), StepFailure> {
        self.await_ready_unless_held(index, bound, false).await.map(drop)
    }

    /// The same; with `may_be_held`, false as soon as a gate is what keeps it from being ready.
    async fn await_ready_unless_held(
        &mut self,
        index: usize,
        bound: Bound,
        may_be_held: bool,
    ) -> Result<bool, StepFailure> {
        // Whoever listens is ready for others: what a gate stops of its own clients does not keep it from that.
        let may_be_held = may_be_held && Some(index) != self.listener();
        let mut asked = false;
        let end = loop {
            match self.await_said(index, bound, may_be_held).await? {
                Said::All => break self.end_of_banner(index),
                Said::Ended => {
                    let name = &self.actors[index].instance.name;
                    let how = self.end_of(index);
                    return Err(self.failed(bound.step, format!("`{name}` has ended before it was ready{how}")));
                }
                // It may have said so before, and nobody has read it yet.
                Said::Held if !asked => {
                    self.take_written_of(index).await;
                    asked = true;
                }
                Said::Held => {
                    self.note_banner(index, [None; 2]);
                    return Ok(false);
                }
            }
        };
        if self.actors[index].role.ready.as_ref().is_some_and(|ready| ready.listening) {
            self.await_listening(index, bound).await?;
        }
        if let Some(path) = self.actors[index].role.ready.as_ref().and_then(|ready| ready.http.clone()) {
            self.await_health(index, &path, true, bound).await?;
        }
        // Whatever it had written by now is read: its banner ends here, however late the pipes are read.
        self.take_written_of(index).await;
        self.note_banner(index, end);
        let at = self.now();
        if let Some(boot) = self.actors[index].boots.last_mut() {
            boot.seen.ready.get_or_insert(at);
        }
        Ok(true)
    }

    async fn await_said(&mut self, index: usize, bound: Bound, may_be_held: bool) -> Result<Said, StepFailure> {
        let what = format!("`{}` to be ready", self.actors[index].instance.name);
        let ready = self.actors[index].role.ready.clone().unwrap_or_default();
        let line = ready.line.as_ref().and_then(|line| self.system.file.lines.get(line.as_ref())).cloned();
        let mut searches = [Search::default(), Search::default()];
        let check = |world: &mut Self| {
            let boot = world.actors[index].boots.last()?;
            let logs = searches.iter_mut().zip([&boot.stdout, &boot.stderr]);
            let said = line.as_ref().is_none_or(|line| {
                logs.map(|(search, log)| search.count(log, |_, record| line.matches(record))).sum::<usize>() > 0
            });
            let said = said && (boot.said_ready.is_some() || !ready.driver);
            // A process that reported that it is ready counts as ready, even if it has ended since.
            let says = line.is_some() || ready.driver;
            let held = || may_be_held && world.observed.parked.iter().any(|parked| parked.actor == index);
            match boot.seen.exit {
                Some(_) if !(said && says) => Some(Said::Ended),
                _ if said => Some(Said::All),
                _ => held().then_some(Said::Held),
            }
        };
        self.await_for(bound, &what, check).await
    }

    /// Where the banner ends on each stream, if what the process has said is all that is wanted: at that very line.
    fn end_of_banner(&mut self, index: usize) -> [Option<Bookmark>; 2] {
        let Some(ready) = self.actors[index].role.ready.clone() else { return [None; 2] };
        let line = ready.line.as_ref().and_then(|line| self.system.file.lines.get(line.as_ref()));
        let Some(boot) = self.actors[index].boots.last_mut() else { return [None; 2] };
        match (line, ready.driver, ready.http.is_some() || ready.listening) {
            (Some(line), false, false) => {
                let found = boot.records().find(|(_, record)| line.matches(record)).map(|(at, _)| at);
                match found {
                    Some((true, at)) => [Some(boot.stdout.bookmark(at + 1)), None],
                    Some((false, at)) => [None, Some(boot.stderr.bookmark(at + 1))],
                    None => [None; 2],
                }
            }
            (None, true, false) => [boot.said_ready, None],
            _ => [None; 2],
        }
    }

    /// Its banner ends there; on a stream of which nothing is said, with what was read by now.
    fn note_banner(&mut self, index: usize, end: [Option<Bookmark>; 2]) {
        let Some(boot) = self.actors[index].boots.last_mut().filter(|boot| boot.seen.ready.is_none()) else { return };
        let now = boot.bookmarks();
        boot.before_ready = Some([end[0].unwrap_or(now[0]), end[1].unwrap_or(now[1])]);
    }
}
