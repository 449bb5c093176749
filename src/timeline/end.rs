//! Ends a run: clients first, then the data are read, then the server; nothing is left behind.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::gates::stops_request;
use super::observed::Happening;
use super::stops::STOP_WITHIN;
use super::world::{Pending, World};
use crate::escalation::{Rung, escalate};
use crate::evidence::{Asked, StepFailure};
use crate::process::{Belonging, OrphanProcess};
use crate::proxy::{CutMode, EventLink, Toward};

/// The patience of each further rung.
const RUNG: Duration = Duration::from_secs(1);
/// How long descendants may take to notice the end of their parent.
const GRACE: Duration = Duration::from_secs(1);

impl World<'_> {
    pub async fn end(&mut self, failure: Option<StepFailure>) {
        // A stop is judged by what the process does, not by what the end of the run does for it.
        self.await_stops().await;
        // The evidence is complete: whoever has something to tell was asked, and has answered.
        self.take_everything().await;
        let now = self.now();
        self.teardown = Some(now);
        self.observed.apply(now, Happening::Closed);
        self.failure = failure;
        self.take_remote_hits().await;
        self.settle_faults();
        self.mark_teardown();
        self.lift_faults().await;
        self.lift_remote_toxics().await;
        let listener = self.listener();
        let clients: Vec<usize> = (0..self.actors.len()).filter(|index| Some(*index) != listener).collect();
        self.end_group(&clients).await;
        self.give_up_all();
        let wanted = self.reads();
        if !wanted.is_empty() && listener.is_some() {
            self.final_read = self.read_data(&wanted).await;
        }
        let all: Vec<usize> = (0..self.actors.len()).collect();
        self.end_group(&all).await;
        self.take_remote_hits().await;
        self.close_remotes().await;
        self.settle_faults();
        // Nobody is left who could send anything: now it is known how much of each call has passed.
        self.ask_links().await;
        self.observed.settle_effects();
        self.end_descendants().await;
        self.await_streams().await;
    }

    /// Faults that had met nothing when they were injected may have met something since.
    fn settle_faults(&mut self) {
        for Pending { fault, actor, toxic } in self.pending_faults.clone() {
            if let Some(toxic) = toxic {
                self.settle_toxic(fault, actor, &toxic);
                continue;
            }
            let later = self.actors[actor].link.as_ref().map(EventLink::later_effect).filter(|effect| effect.fired());
            if let (Some(effect), None) = (later, &self.observed.faults[fault].fired) {
                self.observed.faults[fault].fired = Some(super::names::describe(effect));
            }
        }
    }

    /// What is logged from here on is judged, but not in the transcript: except where the scenario itself asked for the end.
    fn mark_teardown(&mut self) {
        for actor in &mut self.actors {
            if let Some(boot) = actor.boots.last_mut().filter(|boot| !boot.told_to_end && boot.seen.exit.is_none()) {
                boot.teardown = Some(boot.bookmarks());
            }
        }
    }

    /// Nothing is broken any more: an end is to be judged by what the processes do, not by the faults of the timeline.
    async fn lift_faults(&mut self) {
        for actor in &mut self.actors {
            if let Some(boot) = actor.boots.last_mut().filter(|boot| boot.paused) {
                boot.child.signal_group(Signal::CONT);
            }
            if let Some(link) = &actor.link {
                for (gate, connection) in link.parked() {
                    // A request that a gate stops is broken: let go now, it would do what the history says was never done.
                    let step = gate.checked_sub(1).and_then(|index| self.scenario.file.steps.get(index));
                    if step.and_then(|step| step.as_ref().on.as_ref()).is_some_and(|on| stops_request(on.as_ref())) {
                        link.cut(connection, CutMode::Rst, Toward::Both).await;
                    }
                    link.disarm(gate);
                }
                for gate in 1..=self.scenario.file.steps.len() {
                    link.disarm(gate);
                }
                // Let out now, swallowed bytes would do what the history says was never done.
                link.break_held().await;
                link.clear_toxics();
                link.accept();
            }
        }
        self.observed.parked.clear();
    }

    /// Asks processes to end, at once, and insists.
    pub(super) async fn end_group(&mut self, actors: &[usize]) {
        for actor in actors {
            if self.actors[*actor].boots.last().is_some_and(|boot| !boot.told_to_end) {
                self.ask_to_end(*actor, Asked::Teardown);
            }
        }
        let mut ladders = tokio::task::JoinSet::new();
        for actor in actors.iter().copied() {
            let within = self.actors[actor].role.stop.within.map_or(STOP_WITHIN, |span| span.0);
            let began = self.began;
            let Some(boot) = self.actors[actor].running() else { continue };
            // It had its time, and those who may have held it are gone.
            let within = if boot.seen.late_stop.is_some() { within.min(RUNG) } else { within };
            let (process, ended) = (boot.child.process(), boot.child.ended());
            ladders.spawn(async move {
                let rungs = [Rung::wait(within), Rung::signal(Signal::INT, RUNG), Rung::signal(Signal::TERM, RUNG)];
                let insisted = OnceLock::new();
                let send = |signal| {
                    insisted.get_or_init(|| began.elapsed().as_micros() as u64);
                    process.signal_group(signal);
                };
                let rung = escalate(send, &rungs, ended).await.1;
                (actor, rung, insisted.get().copied())
            });
        }
        loop {
            tokio::select! {
                climbed = ladders.join_next() => match climbed {
                    Some(Ok((actor, rung, insisted))) => {
                        if let Some(boot) = self.actors[actor].boots.last_mut() {
                            boot.seen.late = rung > 0;
                            boot.seen.escalated = insisted;
                        }
                    }
                    Some(Err(_)) => {}
                    None => break,
                },
                () = self.take_next() => {}
            }
        }
        // All have ended; the news of it comes with their last words.
        let all = actors.to_vec();
        let told = |world: &mut Self| all.iter().all(|actor| !world.actors[*actor].is_running()).then_some(());
        self.until(Instant::now() + STOP_WITHIN, told).await;
    }

    /// What lives when all processes of the run have ended was left behind: it has fallen to a subreaper.
    async fn end_descendants(&mut self) {
        if let Err(why) = self.try_to_end_descendants().await {
            self.broken.get_or_insert_with(|| format!("what was left behind is not known: {why}"));
        }
    }

    async fn try_to_end_descendants(&mut self) -> std::io::Result<()> {
        let deadline = Instant::now() + GRACE;
        let mut left = self.left_behind()?;
        while !left.is_empty() && Instant::now() < deadline {
            // There is no event for the end of somebody else's child.
            self.until(Instant::now() + Duration::from_millis(5), |_| None::<()>).await;
            left = self.left_behind()?;
        }
        for (actor, orphan) in left {
            self.actors[actor].left_behind.push(orphan.command);
        }
        let mut remaining = self.subreaper.end_orphans(&Belonging::everything())?;
        let of_run = self.belonging();
        for zygote in self.plan.zygotes.values() {
            remaining += zygote.subreaper().end_orphans(&of_run)?;
        }
        match remaining {
            0 => Ok(()),
            _ => Err(std::io::Error::other(format!("{remaining} processes do not end by SIGKILL"))),
        }
    }

    /// The living descendants, each with the actor that it comes from.
    fn left_behind(&self) -> std::io::Result<Vec<(usize, OrphanProcess)>> {
        let mut found = self.subreaper.orphans()?;
        let of_run = self.belonging();
        for zygote in self.plan.zygotes.values() {
            found.extend(zygote.subreaper().orphans()?.into_iter().filter(|orphan| of_run.has(orphan)));
        }
        Ok(found.into_iter().map(|orphan| (self.origin(&orphan), orphan)).collect())
    }

    /// What a zygote's children have left behind belongs to this run by its mark, or, without one, by its group.
    fn belonging(&self) -> Belonging {
        let boots = self.actors.iter().flat_map(|actor| &actor.boots);
        let groups = boots.map(|boot| boot.child.pid().as_raw_nonzero().get()).collect();
        Belonging::to(&format!("{}/", self.mark), groups)
    }

    /// The actor that has left it: by its mark, by its group, or else the listener, which most often has workers.
    fn origin(&self, orphan: &OrphanProcess) -> usize {
        let name = orphan.mark.rsplit('/').next().unwrap_or_default();
        let by_mark = self.actors.iter().position(|actor| actor.instance.name == name);
        let leads = |boot: &super::world::Boot| boot.child.pid().as_raw_nonzero().get() == orphan.group;
        let by_group = || self.actors.iter().position(|actor| actor.boots.iter().any(leads));
        by_mark.or_else(by_group).or_else(|| self.listener()).unwrap_or(0)
    }

    /// The last words: every stream is read to its end.
    async fn await_streams(&mut self) {
        let all_read = |world: &mut Self| {
            let open = world.actors.iter().flat_map(|actor| &actor.boots).any(|boot| !boot.open_streams.is_empty());
            (!open).then_some(())
        };
        if self.until(Instant::now() + Duration::from_secs(10), all_read).await.is_none() {
            // Somebody holds them open who is no process of the run: that is a finding. What came of a last line counts.
            let at = self.now();
            for actor in &mut self.actors {
                for boot in &mut actor.boots {
                    for stream in boot.open_streams.clone() {
                        boot.finish_lines(at, stream, &mut actor.log, &mut self.secrets);
                        boot.reader(stream).finish(at);
                    }
                }
            }
        }
    }
}
