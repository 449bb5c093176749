//! The requests of one connection: what of each has passed, and where gates stop it.

use crate::At;

use super::event::{Point, RequestSeen};
use super::gates::Outcome;
use super::http1::{Asked, Head, Mark};
use super::toxics::Serial;
use super::{ConnectionId, Phase, RequestHit, Side};

/// A request whose response has not passed whole.
#[derive(Debug)]
pub(super) struct Request {
    pub seen: RequestSeen,
    head: (u64, u64),
    end: Option<u64>,
    /// Where it will end, as its head says.
    declared: Option<u64>,
    response: Option<Response>,
    stops: Vec<Stop>,
    /// The toxics that have chosen it.
    chosen: Vec<Serial>,
}

#[derive(Debug)]
struct Response {
    head: (u64, u64),
    end: Option<u64>,
    /// Where it will end, as its head says.
    declared: Option<u64>,
}

/// A gate that stops this request.
#[derive(Debug)]
struct Stop {
    outcome: Outcome,
    phase: Phase,
    at: At,
    /// Where the part is shorter than that, it is no match.
    exact: bool,
    met: bool,
}

/// Which direction a phase stops.
fn stops_request(phase: Phase) -> bool {
    matches!(phase, Phase::RequestHead | Phase::RequestBody)
}

#[derive(Debug, Default)]
pub(super) struct Requests {
    pub open: Vec<Request>,
    /// How many were answered whole.
    pub answered: u64,
    /// Where the response to the last of them ended.
    answered_to: u64,
    /// Where the newest request ends, once that is known.
    newest_end: Option<u64>,
}

impl Requests {
    /// What the next response answers.
    pub fn asked(&self) -> Option<Asked> {
        let next =
            self.open.iter().find(|request| request.response.as_ref().is_none_or(|response| response.end.is_none()))?;
        Some(match next.seen.method.as_str() {
            "HEAD" => Asked::Head,
            "CONNECT" => Asked::Connect,
            _ => Asked::Other,
        })
    }

    /// Takes a request's head in; the gates that stop it are those of `due`, the toxics that are about it `chosen`.
    pub fn begin(
        &mut self,
        (connection, number): (ConnectionId, u64),
        head: (u64, u64),
        line: (String, String, Option<String>),
        due: Vec<(Outcome, Point)>,
        chosen: Vec<Serial>,
    ) -> &RequestSeen {
        let (method, path, key) = line;
        let seen = RequestSeen {
            connection,
            number,
            method,
            path,
            key,
            phase: None,
            request_bytes: 0,
            response_bytes: 0,
            request_head: head.1 - head.0,
            response_head: 0,
            status: None,
            finished: false,
        };
        let stops = due.into_iter().filter_map(|(outcome, point)| match point {
            Point::Request { phase, at, exact, .. } => Some(Stop { outcome, phase, at, exact, met: false }),
            _ => None,
        });
        self.newest_end = None;
        let request = Request { seen, head, end: None, declared: None, response: None, stops: stops.collect(), chosen };
        self.open.push(request);
        &self.open[self.open.len() - 1].seen
    }

    /// The head of the newest message of a direction says where that will end.
    pub fn will_end(&mut self, toward: Side, at: u64) {
        match toward {
            Side::Server => {
                if let Some(last) = self.open.last_mut().filter(|last| last.end.is_none()) {
                    last.declared = Some(at);
                }
            }
            Side::Client => {
                let responses = self.open.iter_mut().filter_map(|request| request.response.as_mut());
                responses.filter(|response| response.end.is_none()).for_each(|response| response.declared = Some(at));
            }
        }
    }

    /// The last byte of the newest request has come.
    pub fn request_ended(&mut self, at: u64) {
        self.newest_end = Some(at);
        // It may have been answered, and taken out, before it was whole.
        if let Some(last) = self.open.last_mut().filter(|last| last.end.is_none()) {
            last.end = Some(at);
        }
    }

    /// Takes a mark of the response direction in.
    pub fn response_mark(&mut self, mark: &Mark) {
        let next = self
            .open
            .iter_mut()
            .find(|request| request.response.as_ref().is_none_or(|response| response.end.is_none()));
        match (mark, next) {
            // An interim response; a change of the protocol is a final one.
            (Mark::Head { head: Head::Response { status: 100 | 102..=199 }, .. }, _) => {}
            (Mark::Head { start, end, head: Head::Response { status } }, Some(request)) => {
                request.seen.status = Some(*status);
                request.seen.response_head = end - start;
                request.response = Some(Response { head: (*start, *end), end: None, declared: None });
            }
            (Mark::End(at), Some(request)) => {
                // The end of an interim response is none of the request's.
                if let Some(response) = &mut request.response {
                    response.end = Some(*at);
                }
            }
            _ => {}
        }
    }

    /// How far a direction may go, when so much has gone to the server.
    pub fn limit(&self, toward: Side, forwarded: u64) -> u64 {
        let mut least = u64::MAX;
        let mut begin = Some(self.answered_to);
        for request in &self.open {
            for stop in request.stops.iter().filter(|stop| stops_request(stop.phase) == (toward == Side::Server)) {
                least = least.min(request.limit(stop, forwarded, begin));
            }
            begin = request.response.as_ref().and_then(|response| response.end);
        }
        least
    }

    /// The request that a byte of a direction belongs to, or answers.
    pub fn at(&self, toward: Side, offset: u64) -> Option<RequestHit> {
        let mut begin = self.answered_to;
        for request in &self.open {
            let (start, end) = match (toward, &request.response) {
                (Side::Server, _) => (request.head.0, request.end),
                (Side::Client, Some(response)) => (response.head.0, response.end),
                (Side::Client, None) => (begin, None),
            };
            if (start..end.unwrap_or(u64::MAX)).contains(&offset) {
                let RequestSeen { number, method, path, .. } = request.seen.clone();
                return Some(RequestHit { number, method, path, byte: offset - start });
            }
            begin = end.unwrap_or(begin);
        }
        None
    }

    /// The toxics that have chosen the request that the next response answers.
    pub fn chosen(&self) -> Vec<Serial> {
        let answered = |response: &Response| response.end.is_some();
        let next = self.open.iter().find(|request| !request.response.as_ref().is_some_and(answered));
        next.map(|request| request.chosen.clone()).unwrap_or_default()
    }

    /// Whether a gate waits for the head of the response that is coming: it is then withheld until it is complete.
    pub fn needs_response_head(&self) -> bool {
        self.open.iter().any(|request| {
            request.response.is_none()
                && request.stops.iter().any(|stop| stop.phase == Phase::ResponseHead && !stop.met)
        })
    }

    /// Notes what has passed: (towards the server, towards the client). Gives the gates that are met now.
    pub fn passed(&mut self, up: u64, down: u64) -> Vec<(Outcome, RequestSeen)> {
        let mut met = Vec::new();
        let mut answered_before = true;
        for request in &mut self.open {
            request.update(up, down);
            let facts = Facts {
                head: request.head,
                end: request.end,
                declared: request.end.or(request.declared),
                response: request.response.as_ref().map(|response| (response.head, response.end)),
                response_declared: request.response.as_ref().and_then(|it| it.end.or(it.declared)),
            };
            for stop in request.stops.iter_mut().filter(|stop| !stop.met) {
                if facts.is_short(stop) {
                    stop.met = true;
                    stop.outcome = Outcome::Miss(stop.outcome.gate());
                    met.push((stop.outcome, request.seen.clone()));
                } else if facts.meets(stop, up, down, answered_before) {
                    stop.met = true;
                    met.push((stop.outcome, request.seen.clone()));
                }
            }
            // What the link repeats is done at once; nobody resumes it.
            request.stops.retain(|stop| !stop.met || matches!(stop.outcome, Outcome::Park(_)));
            answered_before &=
                request.response.as_ref().is_some_and(|response| response.end.is_some_and(|end| down >= end));
        }
        met
    }

    /// The requests that are not answered whole, when so much has passed. Meets no gate.
    pub fn standing(&mut self, up: u64, down: u64) -> Vec<RequestSeen> {
        self.open.iter_mut().for_each(|request| request.update(up, down));
        self.open.iter().map(|request| request.seen.clone()).collect()
    }

    /// Whether a gate stops one of them now.
    pub fn is_parked(&self) -> bool {
        self.open.iter().flat_map(|request| &request.stops).any(|stop| stop.met)
    }

    /// Lets go of what is stopped by the gates that `gone` names.
    pub fn resume(&mut self, gone: impl Fn(Outcome) -> bool) {
        for request in &mut self.open {
            request.stops.retain(|stop| !gone(stop.outcome));
        }
    }

    /// The stream is no longer recognised: gates at places that are not known yet cannot be met any more.
    pub fn forget_unknown(&mut self) {
        for request in &mut self.open {
            let (sent, answered) =
                (request.end.is_some(), request.response.as_ref().is_some_and(|it| it.end.is_some()));
            request.stops.retain(|stop| stop.met || if stops_request(stop.phase) { sent } else { answered });
        }
    }

    /// Takes out the first request, if its response has passed whole and no gate stops it any more.
    pub fn take_answered(&mut self) -> Option<RequestSeen> {
        let first = self.open.first().filter(|first| first.seen.finished && first.stops.is_empty())?;
        self.answered_to = first.response.as_ref()?.end?;
        self.answered += 1;
        Some(self.open.remove(0).seen)
    }

    /// Whether every request was answered, and forwarded whole, when so much has gone to the server.
    pub fn is_idle(&self, forwarded: u64) -> bool {
        self.open.is_empty() && self.newest_end.is_some_and(|end| forwarded >= end)
    }
}

struct Facts {
    head: (u64, u64),
    end: Option<u64>,
    declared: Option<u64>,
    response: Option<((u64, u64), Option<u64>)>,
    response_declared: Option<u64>,
}

impl Facts {
    /// Whether the part that an exact place is in is known to end before it.
    fn is_short(&self, stop: &Stop) -> bool {
        let ends = match stop.phase {
            Phase::RequestHead | Phase::RequestBody => Some((self.head, self.declared)),
            Phase::ResponseHead | Phase::ResponseBody => self.response.map(|(head, _)| (head, self.response_declared)),
            Phase::RequestSent | Phase::ResponseSent => None,
        };
        ends.is_some_and(|(head, end)| stop.is_outside(head, end))
    }

    fn meets(&self, stop: &Stop, up: u64, down: u64, first: bool) -> bool {
        match stop.phase {
            Phase::RequestHead | Phase::RequestBody => up >= limit(self.head, self.declared, stop),
            // The last byte has passed, and the response is the next thing that would.
            Phase::RequestSent => first && self.end.is_some_and(|end| up >= end),
            Phase::ResponseHead | Phase::ResponseBody => {
                self.response.is_some_and(|(head, _)| down >= limit(head, self.response_declared, stop))
            }
            Phase::ResponseSent => self.response.and_then(|(_, end)| end).is_some_and(|end| down >= end),
        }
    }
}

impl Stop {
    /// Whether the part that an exact place is in is known to be shorter; `end` is that of the message, once it is known.
    fn is_outside(&self, head: (u64, u64), end: Option<u64>) -> bool {
        let (start, end) = match self.phase {
            Phase::RequestHead | Phase::ResponseHead => (head.0, Some(head.1)),
            _ => (head.1, end),
        };
        let At::Byte(at) = self.at else { return false };
        self.exact && end.is_some_and(|end| at.unsigned_abs() > end - start)
    }
}

/// Where a gate of a head or body stops: after so many bytes, or before so many, but not outside of that part. `end` is the end
/// of the message, or what its head says of it.
fn limit(head: (u64, u64), end: Option<u64>, stop: &Stop) -> u64 {
    if stop.is_outside(head, end) {
        return u64::MAX;
    }
    let (start, end) = match stop.phase {
        Phase::RequestHead | Phase::ResponseHead => (head.0, Some(head.1)),
        _ => (head.1, end),
    };
    let bytes = match (stop.at, end) {
        (At::Byte(at), _) if at >= 0 => at.unsigned_abs(),
        (At::Byte(at), Some(end)) => (end - start).saturating_sub(at.unsigned_abs()),
        (At::Middle, Some(end)) => (end - start) / 2,
        (_, None) => return u64::MAX,
    };
    start.saturating_add(bytes).min(end.unwrap_or(u64::MAX))
}

impl Request {
    /// Where a gate stops its direction. `begin` is where the response begins, once the one before it has ended. All that
    /// was read was scanned: an end that is not known yet is not in the buffer either.
    fn limit(&self, stop: &Stop, forwarded: u64, begin: Option<u64>) -> u64 {
        match (stop.phase, &self.response) {
            (Phase::RequestHead | Phase::RequestBody, _) => limit(self.head, self.end.or(self.declared), stop),
            (Phase::ResponseHead | Phase::ResponseBody, Some(response)) => {
                limit(response.head, response.end.or(response.declared), stop)
            }
            (Phase::ResponseSent, Some(Response { end: Some(end), .. })) => *end,
            // What answers earlier must pass: the client may wait for it before it sends the rest.
            (Phase::RequestSent, _) if self.end.is_some_and(|end| forwarded >= end) => begin.unwrap_or(u64::MAX),
            _ => u64::MAX,
        }
    }

    fn update(&mut self, up: u64, down: u64) {
        let (start, head_end) = self.head;
        let seen = &mut self.seen;
        seen.request_bytes = up.min(self.end.unwrap_or(u64::MAX)).saturating_sub(start);
        let mut phase = (up >= head_end).then_some(Phase::RequestHead);
        if self.end.is_some_and(|end| up >= end) {
            phase = Some(Phase::RequestSent);
        }
        if let Some(response) = &self.response {
            seen.response_bytes = down.min(response.end.unwrap_or(u64::MAX)).saturating_sub(response.head.0);
            if down >= response.head.1 {
                phase = Some(Phase::ResponseHead);
            }
            if response.end.is_some_and(|end| down >= end) {
                phase = Some(Phase::ResponseSent);
                seen.finished = true;
            }
        }
        seen.phase = phase.or(seen.phase);
    }
}
