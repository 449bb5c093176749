//! Takes in what processes and links tell, one event at a time.

use std::time::Instant;

use super::driver::Said;
use super::world::{Parked, World};
use crate::evidence::{CallResult, Exit};
use crate::log::Stream;
use crate::process::{Output, exit_of};
use crate::proxy::{LinkEvent, LinkEventKind, RequestSeen};
use crate::system::RoleKind;

/// What a process has shown.
#[derive(Debug)]
pub(super) struct Seen {
    pub actor: usize,
    pub boot: usize,
    pub output: Output,
}

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
                let answers = boot.answers.feed(&bytes);
                for said in answers {
                    match said {
                        Said::Answer(answer) => self.take_answer(index, number, answer),
                        Said::Noise(line) => {
                            self.last_activity = Instant::now();
                            self.actors[index].boots[number].stdout.feed(at, &line);
                        }
                    }
                }
            }
            Output::Bytes(stream, bytes) => {
                self.last_activity = Instant::now();
                boot.reader(stream).feed(at, &bytes);
            }
            Output::Closed(stream) => {
                boot.open_streams = boot.open_streams.saturating_sub(1);
                boot.reader(stream).finish(at);
            }
            Output::Exited(status) => {
                let (code, signal) = match status {
                    Ok(status) => exit_of(status),
                    Err(why) => {
                        self.broken.get_or_insert(why);
                        (None, None)
                    }
                };
                boot.seen.exit = Some(Exit { at, code, signal });
                boot.child.close_stdin();
                self.lose_calls(index, at);
                if Some(index) == self.listener() {
                    self.set_upstream(None);
                }
            }
        }
    }

    /// The calls of a client that has died are lost.
    fn lose_calls(&mut self, actor: usize, at: u64) {
        if self.history_closed {
            return;
        }
        let name = &self.actors[actor].instance.name;
        for call in self.calls.iter_mut().filter(|call| call.process == *name && call.result.is_none()) {
            call.result = Some(CallResult::Lost);
            call.ended = Some(at);
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
        match event.what {
            LinkEventKind::Request(seen) => self.requests.push((actor, at, seen)),
            LinkEventKind::RequestDone(seen) => {
                self.request_ends.insert((actor, seen.number), at);
                self.update_request(actor, seen);
            }
            LinkEventKind::Parked { gate, connection, request } => {
                self.parked.push(Parked { gate, actor, connection, request });
            }
            LinkEventKind::Repeated { gate, effect, .. } => {
                let fault = self.faults.iter_mut().find(|fault| fault.step == gate && fault.fired.is_none());
                if let Some(fault) = fault.filter(|_| effect.fired()) {
                    fault.fired = Some(super::act::describe(effect));
                }
            }
            LinkEventKind::NotHttp(connection) => {
                self.notes.push(format!(
                    "connection {connection} of `{}` does not speak plain HTTP/1: its requests are not seen",
                    event.link
                ));
            }
            LinkEventKind::Closed(connection) => {
                self.parked.retain(|parked| {
                    parked.actor != actor || parked.connection != connection || parked.gate == usize::MAX
                });
            }
            LinkEventKind::Hit(hit) => self.hits.push((actor, at, hit)),
            LinkEventKind::Opened(_) | LinkEventKind::Sent { .. } | LinkEventKind::Missed { .. } => {}
        }
    }

    fn update_request(&mut self, actor: usize, seen: RequestSeen) {
        let known =
            self.requests.iter_mut().rev().find(|(owner, _, known)| *owner == actor && known.number == seen.number);
        if let Some((_, _, known)) = known {
            *known = seen;
        }
    }
}
