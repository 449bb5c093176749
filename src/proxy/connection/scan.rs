//! Recognises the requests of a connection as their bytes come.

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use crate::proxy::control::Shared;
use crate::proxy::direction::Direction;
use crate::proxy::event::{ConnectionId, LinkEventKind};
use crate::proxy::gates::names;
use crate::proxy::http1::{Head, Mark, Scanner};
use crate::proxy::requests::Requests;

#[derive(Debug)]
pub(super) struct Scan {
    up: Scanner,
    down: Scanner,
    /// Both directions are plain HTTP/1 so far.
    pub http: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self { up: Scanner::of_requests(), down: Scanner::of_responses(), http: true }
    }
}

impl Scan {
    /// Takes in what was just read from the client: the last `count` bytes of the direction's buffer.
    pub fn requests(
        &mut self,
        up: &Direction,
        count: usize,
        requests: &mut Requests,
        shared: &Shared,
        id: ConnectionId,
    ) {
        if !self.http {
            return;
        }
        let mut not_http = false;
        let new = &up.buffer[up.buffer.len() - count..];
        self.up.feed(
            new,
            || None,
            |mark| match mark {
                Mark::Head { start, end, head: Head::Request { method, path } } => {
                    let mut state = shared.state();
                    let due = state.gates.count(|point| names(point, &method, &path));
                    state.last_request += 1;
                    let number = state.last_request;
                    drop(state);
                    shared.in_flight.fetch_add(1, Ordering::Relaxed);
                    let seen = requests.begin(id, number, (start, end), (method, path), due);
                    shared.tell(LinkEventKind::Request(seen));
                }
                Mark::Head { .. } => {}
                Mark::End(at) => requests.request_ended(at),
                Mark::NotHttp => not_http = true,
            },
        );
        if up.ended {
            self.up.finish(|mark| {
                if let Mark::End(at) = mark {
                    requests.request_ended(at);
                }
            });
        }
        self.give_up_if(not_http, requests, shared, id);
    }

    /// Takes in what was just read from the server.
    pub fn responses(
        &mut self,
        down: &Direction,
        count: usize,
        requests: &mut Requests,
        shared: &Shared,
        id: ConnectionId,
    ) {
        if !self.http {
            return;
        }
        let mut not_http = false;
        let new = &down.buffer[down.buffer.len() - count..];
        let cell = RefCell::new(requests);
        self.down.feed(
            new,
            || cell.borrow().asked(),
            |mark| match mark {
                Mark::NotHttp => not_http = true,
                mark => cell.borrow_mut().response_mark(&mark),
            },
        );
        if down.ended {
            self.down.finish(|mark| cell.borrow_mut().response_mark(&mark));
        }
        let requests = cell.into_inner();
        self.give_up_if(not_http, requests, shared, id);
    }

    fn give_up_if(&mut self, not_http: bool, requests: &mut Requests, shared: &Shared, id: ConnectionId) {
        if not_http {
            self.http = false;
            requests.forget_unknown();
            shared.tell(LinkEventKind::NotHttp(id));
        }
    }

    /// Heads that are not complete are withheld, where a gate may stop at them: (towards the server, towards the client).
    pub fn limits(&self, up: &Direction, down: &Direction, requests: &Requests, shared: &Shared) -> (u64, u64) {
        if !self.http {
            return (u64::MAX, u64::MAX);
        }
        let (up_open, down_open) = (self.up.incomplete_head(), self.down.incomplete_head());
        let withhold = |direction: &Direction, open: u64| {
            // A stream that has ended has no more of it.
            if open == 0 || direction.ended { u64::MAX } else { direction.read_so_far() - open }
        };
        let up_limit =
            if up_open > 0 && shared.state().gates.watches_requests() { withhold(up, up_open) } else { u64::MAX };
        let down_limit = if requests.needs_response_head() { withhold(down, down_open) } else { u64::MAX };
        (up_limit, down_limit)
    }
}
