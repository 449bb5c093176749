//! Recognises the requests of a connection as their bytes come.

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use super::Connection;
use crate::Side;
use crate::by_side::BySide;
use crate::event::LinkEventKind;
use crate::gates::names;
use crate::http1::{Head, Mark, Scanner};

#[derive(Debug)]
pub(super) struct Scan {
    scanners: BySide<Scanner>,
    /// Both directions are plain HTTP/1 so far.
    pub http: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self { scanners: BySide::new(Scanner::of_responses(), Scanner::of_requests()), http: true }
    }
}

impl Connection {
    /// Takes in what was just read of a direction; nothing is the end of its stream.
    pub(super) fn recognise(&mut self, toward: Side, new: &[u8]) {
        if !self.scan.http {
            return;
        }
        let not_http = match toward {
            Side::Server => self.requests(new),
            Side::Client => self.responses(new),
        };
        if let Some(end) = self.scan.scanners[toward].will_end() {
            self.requests.will_end(toward, end);
        }
        if not_http {
            self.scan.http = false;
            self.requests.forget_unknown();
            self.shared.tell(LinkEventKind::NotHttp(self.id));
        }
    }

    fn requests(&mut self, new: &[u8]) -> bool {
        let mut not_http = false;
        let ended = self.streams[Side::Server].ended;
        let (requests, messages, shared) = (&mut self.requests, &mut self.streams[Side::Server].messages, &self.shared);
        let (id, client) = (self.id, self.followed.client);
        let mut mark = |mark| match mark {
            Mark::Head { start, end, head: Head::Request { method, path, key } } => {
                let mut state = shared.state();
                let due = state.gates.count(|point| names(point, &method, &path));
                let chosen = state.toxics.choosing(&method, &path, client);
                state.last_request += 1;
                let number = state.last_request;
                drop(state);
                shared.in_flight.fetch_add(1, Ordering::Relaxed);
                messages.begin(start, chosen.clone());
                let seen = requests.begin((id, number), (start, end), (method, path, key), due, chosen);
                if shared.is_heard() {
                    shared.tell(LinkEventKind::Request(seen.clone()));
                }
            }
            Mark::Head { .. } => {}
            Mark::End(at) => {
                messages.end(at);
                requests.request_ended(at);
            }
            Mark::NotHttp => not_http = true,
        };
        self.scan.scanners[Side::Server].feed(new, || None, &mut mark);
        if ended {
            self.scan.scanners[Side::Server].finish(mark);
        }
        not_http
    }

    fn responses(&mut self, new: &[u8]) -> bool {
        let mut not_http = false;
        let ended = self.streams[Side::Client].ended;
        let (requests, messages) = (RefCell::new(&mut self.requests), &mut self.streams[Side::Client].messages);
        let mut mark = |mark| {
            match &mark {
                Mark::NotHttp => not_http = true,
                // An interim response is not what was asked for; a change of the protocol is.
                Mark::Head { head: Head::Response { status: 100 | 102..=199 }, .. } => {}
                Mark::Head { start, .. } => messages.begin(*start, requests.borrow().chosen()),
                Mark::End(at) => messages.end(*at),
            }
            requests.borrow_mut().response_mark(&mark);
        };
        self.scan.scanners[Side::Client].feed(new, || requests.borrow().asked(), &mut mark);
        if ended {
            self.scan.scanners[Side::Client].finish(mark);
        }
        not_http
    }

    /// Heads that are not complete are withheld, where a gate may stop at them or a toxic may choose them.
    pub(super) fn withheld_head(&self, toward: Side) -> u64 {
        let (direction, open) = (&self.streams[toward], self.scan.scanners[toward].incomplete_head());
        // A stream that has ended has no more of it.
        if open == 0 || direction.ended || !self.scan.http {
            return u64::MAX;
        }
        let state = self.shared.state();
        let needed = match toward {
            Side::Server => state.gates.watches_requests(),
            Side::Client => self.requests.needs_response_head(),
        };
        if needed || state.toxics.choose() { direction.read - open } else { u64::MAX }
    }
}
