//! Waiting: for a condition on what was seen, never for time alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::world::World;
use crate::evidence::StepFailure;
use crate::file::Spanned;
use crate::log::{Reader, Record};
use crate::scenario::{Event, LineEvent, RequestGate};
use crate::system::Line;

/// The bound of a step that names none.
pub(super) const WITHIN: Duration = Duration::from_secs(10);

/// How far a log was looked through. It may be long, and is looked through whenever something has happened.
#[derive(Debug, Default)]
pub(super) struct Search {
    settled: usize,
    matches: usize,
}

impl Search {
    /// How many records of a log this is true of by now. What cannot change any more is asked about once.
    pub fn count(&mut self, log: &Reader, is_it: impl Fn(usize, &Record) -> bool) -> usize {
        let settled = log.settled();
        let mut all = self.matches;
        for (at, _) in log.records().iter().enumerate().skip(self.settled).filter(|(at, record)| is_it(*at, record)) {
            all += 1;
            self.matches += usize::from(at < settled);
        }
        self.settled = self.settled.max(settled);
        all
    }
}

/// A step, while it is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// Its number, from 1.
    pub step: usize,
    pub deadline: Instant,
    pub within: Duration,
}

impl World<'_> {
    /// Takes in events until `check` gives something. `None` when the time is over.
    pub async fn until<T>(&mut self, deadline: Instant, mut check: impl FnMut(&mut Self) -> Option<T>) -> Option<T> {
        loop {
            self.take_all();
            self.note_late_stops().await;
            if let Some(found) = check(self) {
                return Some(found);
            }
            let stop = self.next_stop().filter(|stop| *stop < deadline);
            let wake = tokio::time::Instant::from_std(stop.unwrap_or(deadline));
            if tokio::time::timeout_at(wake, self.take_next()).await.is_err() && stop.is_none() {
                // What came with the last tick still counts.
                self.take_all();
                return check(self);
            }
        }
    }

    /// As [`until`](Self::until), with a failure that says what was waited for and what was seen instead.
    pub async fn await_for<T>(
        &mut self,
        bound: Bound,
        what: &str,
        check: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<T, StepFailure> {
        match self.until(bound.deadline, check).await {
            Some(found) => Ok(found),
            None => {
                self.ask_links().await;
                Err(self.failed(bound.step, format!("{what}: not within {:?}", bound.within)))
            }
        }
    }

    /// A failure of a step, with what the run looks like at this moment.
    pub fn failed(&self, step: usize, message: impl Into<String>) -> StepFailure {
        let mut seen = Vec::new();
        for parked in &self.observed.parked {
            let at = parked
                .request
                .as_ref()
                .map(|request| format!(" at {} {}", request.method, request.path))
                .unwrap_or_default();
            let name = &self.actors[parked.actor].instance.name;
            let calls = self.observed.calls.iter().any(|call| call.process == *name && call.result.is_none());
            let ready = self.actors[parked.actor].boots.last().is_some_and(|boot| boot.seen.ready.is_some());
            let later = match parked.gate > step {
                true if calls => "; a call that parks itself needs do.begin",
                true if !ready => "; it is not ready, and that may need what the gate stops",
                _ => "",
            };
            seen.push(format!("`{name}` is parked{at} by step {}{later}", parked.gate));
        }
        for call in self.observed.calls.iter().filter(|call| call.result.is_none()) {
            seen.push(format!("the call `{}` ({}) of `{}` is in flight", call.name, call.op, call.process));
        }
        for actor in &self.actors {
            let name = &actor.instance.name;
            match actor.boots.last() {
                None if actor.instance.kind == crate::system::RoleKind::Http => {}
                None => seen.push(format!("`{name}` was not started")),
                Some(boot) => {
                    if let Some(exit) = &boot.seen.exit {
                        seen.push(format!("`{name}` has ended with {exit}"));
                    }
                    let all: Vec<&Record> = boot.records().map(|(_, record)| record).collect();
                    let last = all.iter().rev().take(3).rev();
                    seen.extend(last.map(|record| format!("`{name}` logged: {}", record.summary())));
                }
            }
        }
        for (actor, at, request) in self.observed.requests.iter().rev().take(5).rev() {
            let reached = match (request.phase, request.request_bytes, request.response_bytes) {
                (Some(phase), sent, came) => format!("reached {phase:?}: {sent} bytes sent, {came} bytes came back"),
                (None, sent, _) => format!("{sent} bytes of its head were sent"),
            };
            let name = &self.actors[*actor].instance.name;
            seen.push(format!(
                "`{name}` sent {} {} at {:.3} s ({reached})",
                request.method,
                request.path,
                *at as f64 / 1e6
            ));
        }
        seen.extend(self.observed.open_connections().into_iter().map(|open| format!("open: {open}")));
        StepFailure { step, message: message.into(), seen }
    }

    /// Waits for the event of a step. Gives the parked stream when it is a gate.
    pub async fn await_event(
        &mut self,
        event: &Event,
        bound: Bound,
    ) -> Result<Option<super::observed::Parked>, StepFailure> {
        match event {
            Event::Request(_) | Event::Bytes(_) | Event::Connect(_) | Event::Connected(_) | Event::Idle(_) => {
                return self.await_gate(event, bound).await.map(Some);
            }
            Event::Line(line) => self.await_line(line, bound).await?,
            Event::Exit(exit) => {
                let actor = self.actor_of(exit.process.as_ref()).map_err(|why| self.failed(bound.step, why))?;
                let what = format!("the end of `{}`", exit.process.as_ref());
                let ended = |world: &mut Self| world.actors[actor].boots.last().and_then(|boot| boot.seen.exit.clone());
                self.await_for(bound, &what, ended).await?;
                if let (Some(status), Some(boot)) = (&exit.status, self.actors[actor].boots.last_mut()) {
                    boot.seen.expected = Some(status.as_ref().clone());
                }
            }
            Event::Ready(ready) => {
                let actor = self.actor_of(ready.process.as_ref()).map_err(|why| self.failed(bound.step, why))?;
                self.await_ready(actor, bound).await?;
            }
            Event::Quiet(quiet) => {
                let what = format!("silence for {}", quiet.duration);
                let mut moved = self.bytes_moved();
                loop {
                    // A long body passes without an event.
                    let now = self.bytes_moved();
                    if now != moved {
                        (moved, self.last_activity) = (now, Instant::now());
                    }
                    let silent_at = self.last_activity + quiet.duration.0;
                    if silent_at <= Instant::now() {
                        break;
                    }
                    if silent_at > bound.deadline {
                        return Err(self.failed(bound.step, format!("{what}: not within {:?}", bound.within)));
                    }
                    self.until(silent_at, |_| None::<()>).await;
                }
            }
            Event::After(after) => {
                self.until(Instant::now() + after.time.0, |_| None::<()>).await;
            }
        }
        Ok(None)
    }

    /// How many bytes have passed all links.
    fn bytes_moved(&self) -> u64 {
        self.actors.iter().filter_map(|actor| actor.link.as_ref()).map(|link| link.counters().bytes).sum()
    }

    async fn await_line(&mut self, event: &LineEvent, bound: Bound) -> Result<(), StepFailure> {
        let line = self.line(event);
        let actors = self.actors_of(event.process.as_ref());
        let what = format!("the line {line} of `{}`", event.process.as_ref());
        let nth = event.nth.map(std::num::NonZeroU32::get);
        let mut searches: BTreeMap<(usize, usize, bool), Search> = BTreeMap::new();
        let check = |world: &mut Self| {
            for index in &actors {
                let number = world.actors[*index].boots.len();
                let Some(boot) = world.actors[*index].boots.last_mut() else { continue };
                let mut matches = 0;
                for (stdout, reader) in [(true, &boot.stdout), (false, &boot.stderr)] {
                    let search = searches.entry((*index, number, stdout)).or_default();
                    matches += search.count(reader, |at, record| {
                        line.matches(record) && (nth.is_some() || !boot.consumed.contains(&(stdout, at)))
                    });
                }
                if matches < nth.map_or(1, |nth| nth as usize) {
                    continue;
                }
                let found = {
                    let mut matching = boot.records().filter(|(_, record)| line.matches(record));
                    match nth {
                        Some(nth) => matching.nth(nth as usize - 1).map(|(id, _)| id),
                        None => matching.find(|(id, _)| !boot.consumed.contains(id)).map(|(id, _)| id),
                    }
                };
                if let Some(id) = found {
                    boot.consumed.insert(id);
                    return Some(());
                }
            }
            None
        };
        self.await_for(bound, &what, check).await
    }

    pub(super) fn line(&self, event: &LineEvent) -> Line {
        let literal = Line {
            level: event.level,
            target: event.target.clone(),
            message: event.message.clone(),
            fields: event.fields.clone(),
        };
        self.system.file.line_meant(event.line.as_ref(), literal)
    }

    /// Method and path of a gate, by its operation or as written, and the paths that are those of other operations.
    pub fn request_of(&self, gate: &RequestGate) -> (Option<String>, Option<String>, Vec<String>) {
        let file = &self.system.file;
        let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.as_ref().clone());
        match gate.op.as_ref().and_then(|op| file.operations.get_key_value(op.as_ref())) {
            Some((op, rule)) => {
                let others = file.more_exact(op).into_iter().map(str::to_owned).collect();
                (text(&rule.method), text(&rule.path), others)
            }
            None => (text(&gate.method), text(&gate.path), Vec::new()),
        }
    }
}
