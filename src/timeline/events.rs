//! Takes in what processes and links tell, one event at a time.

use std::time::Instant;

use super::answers::{Said, Seen};
use super::observed::Happening;
use super::world::World;
use crate::evidence::ProcessExit;
use crate::log::Stream;
use crate::process::{Output, exit_of};
use crate::proxy::LinkEvent;
use crate::system::RoleKind;

impl World<'_> {
    /// Waits for the next event and takes it in. Never ends when nothing happens.
    pub async fn take_next(&mut self) {
        tokio::select! {
            // What passed a link happened before what a process says of it.
            biased;
            Some(event) = self.link_events.recv() => self.take_link_event(event),
            Some((actor, answer)) = self.answered.recv() => self.take_http_answer(actor, answer),
            Some(seen) = self.seen.recv() => self.take_output(seen),
        }
    }

    /// Takes in everything that has been told already.
    pub fn take_all(&mut self) {
        while let Ok(event) = self.link_events.try_recv() {
            self.take_link_event(event);
        }
        while let Ok((actor, answer)) = self.answered.try_recv() {
            self.take_http_answer(actor, answer);
        }
        while let Ok(seen) = self.seen.try_recv() {
            self.take_output(seen);
        }
    }

    fn take_http_answer(&mut self, actor: usize, answer: serde_json::Value) {
        self.last_activity = Instant::now();
        if let Some(number) = answer["call"].as_u64() {
            self.requests_under_way.remove(&(actor, number));
        }
        self.take_answer(actor, 0, answer);
    }

    fn take_output(&mut self, seen: Seen) {
        let at = self.now();
        let Seen { actor: index, boot: number, output } = seen;
        let actor = &mut self.actors[index];
        let driven = actor.instance.kind == RoleKind::Driven;
        let Some(boot) = actor.boots.get_mut(number) else { return };
        match output {
            Output::Bytes(Stream::Stdout, bytes) if driven => {
                let came = boot.lines[0].feed(&bytes, &mut self.secrets);
                came.iter().for_each(|came| actor.log.add(at, Stream::Stdout, came));
                let answers = boot.answers.feed(&bytes);
                boot.read += bytes.len() as u64;
                for said in answers {
                    self.take_said(at, index, number, said);
                }
            }
            Output::Bytes(stream, bytes) => {
                boot.read += bytes.len() as u64;
                self.last_activity = Instant::now();
                for came in boot.whole(stream).feed(&bytes, &mut self.secrets) {
                    actor.log.add(at, stream, &came);
                    boot.take(at, stream, &came);
                }
            }
            Output::Closed(stream) => {
                boot.finish_lines(at, stream, &mut actor.log, &mut self.secrets);
                boot.open_streams.retain(|open| *open != stream);
                let rest = if stream == Stream::Stdout { boot.answers.finish() } else { None };
                if let Some(said) = rest {
                    self.take_said(at, index, number, said);
                }
                self.actors[index].boots[number].reader(stream).finish(at);
            }
            Output::Exited(status) => {
                let (code, signal) = match status {
                    Ok(status) => exit_of(status),
                    Err(why) => {
                        self.broken.get_or_insert(why);
                        (None, None)
                    }
                };
                boot.seen.exit = Some(ProcessExit { at, code, signal });
                boot.child.close_stdin();
                self.observed.apply(at, Happening::Ended(index));
                if Some(index) == self.listener() {
                    self.set_upstream(None);
                    // What still comes for it is lost, whatever its sockets would take. Nobody needs to wait for that here.
                    self.links().for_each(|link| drop(link.lose_server()));
                }
            }
        }
    }

    fn take_said(&mut self, at: u64, actor: usize, boot: usize, said: Said) {
        match said {
            Said::Answer(answer) => self.take_answer(actor, boot, answer),
            Said::Noise(line, cut) => {
                self.last_activity = Instant::now();
                let boot = &mut self.actors[actor].boots[boot];
                boot.noise_cut += cut;
                boot.stdout.feed(at, &self.secrets.mask_bytes(&line));
            }
        }
    }

    /// Where every link leads to.
    pub fn set_upstream(&mut self, upstream: Option<std::net::SocketAddr>) {
        for link in self.actors.iter().filter_map(|actor| actor.link.as_ref()) {
            link.set_upstream(upstream);
        }
    }

    fn take_link_event(&mut self, event: LinkEvent) {
        self.last_activity = Instant::now();
        let Some(actor) = self.actors.iter().position(|actor| actor.instance.name == event.link) else { return };
        let at = event.at.saturating_duration_since(self.began).as_micros() as u64;
        self.observed.apply(at, Happening::Link(actor, event.what));
    }

    /// Every link.
    pub fn links(&self) -> impl Iterator<Item = &crate::proxy::EventLink> {
        self.actors.iter().filter_map(|actor| actor.link.as_ref())
    }

    /// Asks every link how its connections stand; whatever had happened on it before is known then.
    pub async fn ask_links(&mut self) {
        for actor in 0..self.actors.len() {
            let Some(link) = &self.actors[actor].link else { continue };
            let standing = link.standing().await;
            self.take_all();
            let now = self.now();
            self.observed.apply(now, Happening::Standing(actor, standing));
        }
    }

    /// Takes in everything that processes have written before, and that links have to tell.
    pub async fn take_everything(&mut self) {
        let boots = self.actors.iter().flat_map(|actor| &actor.boots).filter(|boot| !boot.open_streams.is_empty());
        let asked = boots.map(|boot| boot.child.flush()).collect();
        self.take_written(asked).await;
        self.ask_links().await;
    }

    /// Takes in everything that a process has written before.
    pub async fn take_written_of(&mut self, actor: usize) {
        let asked = self.actors[actor].boots.last().map(|boot| boot.child.flush());
        self.take_written(asked.into_iter().collect()).await;
    }

    async fn take_written(&mut self, asked: Vec<impl Future<Output = ()>>) {
        let all = async {
            for flushed in asked {
                flushed.await;
            }
        };
        tokio::pin!(all);
        loop {
            tokio::select! {
                () = &mut all => break,
                () = self.take_next() => {}
            }
        }
        self.take_all();
    }
}
