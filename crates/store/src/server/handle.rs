//! One request: to its route, to its answer, into the log.

use std::convert::Infallible;
use std::rc::Rc;

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::ORIGIN;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use serde_json::json;
use tracing::{debug, error};

use super::answer::{Chunks, refusal, response};
use super::exchange::Slot;
use super::long_poll;
use super::otlp::{self, Export};
use super::routes::{Found, RouteAction, find};
use super::shared::{LARGEST, Server};
use super::stop::{ServerPhase, StopCounts};
use super::target;
use crate::data::{Answer, DataCall, DataOperation, Refusal};
use crate::logging::SERVER;
use crate::wire::IDEMPOTENCY_HEADER;

/// Answers a request. One whose head was read before a stop is in flight and carried out; a later one is refused.
pub async fn handle(
    server: Rc<Server>,
    slot: Slot,
    request: Request<Incoming>,
) -> Result<Response<Chunks>, Infallible> {
    // A preflight is about a request, and none itself.
    if let Some(preflight) = server.cors.preflight(request.method(), request.headers()) {
        slot.begin("preflight", server.stop.ticket(StopCounts::Farewell));
        // It should have none, and what it has is nobody's.
        drop(receive(request.into_body(), &slot).await);
        let stopping = server.stop.phase() != ServerPhase::Serving;
        let mut response = response(Answer::text(preflight.status.as_u16(), preflight.text), None, stopping, &slot);
        response.headers_mut().extend(preflight.headers);
        return Ok(response);
    }
    let page = request.headers().get(ORIGIN).is_some().then(|| request.headers().clone());
    let found = find(request.method(), request.uri().path());
    let op = match &found {
        Found::Route(action, _) => action.name(),
        Found::OtherMethod(_) | Found::Nothing => "none",
    };
    let allow = match &found {
        Found::OtherMethod(allow) => Some(*allow),
        Found::Route(..) | Found::Nothing => None,
    };
    let head_only = request.method() == Method::HEAD;
    let mut answer = if server.stop.phase() == ServerPhase::Serving {
        slot.begin(op, server.stop.ticket(StopCounts::InFlight));
        let answer = carry_out(&server, &slot, found, request).await;
        tell(op, &answer);
        answer
    } else {
        slot.begin(op, server.stop.ticket(StopCounts::Farewell));
        if !request.body().is_end_stream() {
            slot.leave_unread();
        }
        debug!(target: SERVER, op, "refused while stopping");
        refusal()
    };
    if head_only {
        answer.body.clear();
    }
    let stopping = server.stop.phase() != ServerPhase::Serving;
    let mut response = response(answer, allow, stopping, &slot);
    if let Some(page) = page {
        server.cors.tell(&page, response.headers_mut());
    }
    Ok(response)
}

async fn carry_out(server: &Server, slot: &Slot, found: Found, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let received = tokio::select! {
        biased;
        received = receive(body, slot) => received,
        () = server.stop.reached(ServerPhase::Over) => {
            slot.leave_unread();
            return refusal();
        }
    };
    let body = match received {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    slot.received();
    let (action, segments) = match found {
        Found::Route(action, segments) => (action, segments),
        Found::OtherMethod(_) => return problem(405, "Method Not Allowed"),
        Found::Nothing => return problem(404, "Not Found"),
    };
    let query = target::pairs(head.uri.query().unwrap_or_default());
    let call = DataCall { segments, query, body };
    match action {
        RouteAction::Health => Answer::ok(&json!({ "status": "ok" })),
        RouteAction::Wait => long_poll::wait(server, &call).await,
        RouteAction::Data(operation) => apply(server, operation, call, &head).await,
        RouteAction::Traces => match Export::read(&head.headers, &call.body) {
            Ok(mut export) => {
                let body = std::mem::take(&mut export.spans);
                export.answer(apply(server, otlp::ADD, DataCall { body, ..DataCall::default() }, &head).await)
            }
            Err(answer) => answer,
        },
        RouteAction::NotImplemented => Answer::empty(501).because("not implemented"),
    }
}

async fn apply(server: &Server, operation: DataOperation, call: DataCall, head: &Parts) -> Answer {
    let key = match head.headers.get(IDEMPOTENCY_HEADER).map(|key| key.to_str()) {
        Some(Ok(key)) => Some(key.to_owned()),
        None => None,
        Some(Err(error)) => {
            let (field, message) = (Some(IDEMPOTENCY_HEADER.to_owned()), error.to_string());
            return Refusal::Unprocessable { place: "header", field, kind: "value_error", message }.answer();
        }
    };
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    // Not raced against the end of the stop: what the draining marker refuses must have had no effect.
    server.data.apply(operation, call, key, target).await
}

/// Reads the body of a request.
async fn receive(mut body: Incoming, slot: &Slot) -> Result<Vec<u8>, Answer> {
    let expected = body.size_hint().lower();
    if expected > LARGEST as u64 {
        slot.leave_unread();
        return Err(too_large());
    }
    // What the client announces is reserved only in part: it may never come.
    let mut received = Vec::with_capacity(expected.min(1 << 20) as usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            slot.incomplete(&error);
            problem(400, "the request's body is incomplete")
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if received.len() + data.len() > LARGEST {
            slot.leave_unread();
            return Err(too_large());
        }
        received.extend_from_slice(&data);
    }
    Ok(received)
}

fn too_large() -> Answer {
    problem(413, &format!("the request's body is larger than {LARGEST} bytes"))
}

fn problem(status: u16, message: &str) -> Answer {
    Answer::with(status, &json!({ "detail": message })).because(message)
}

fn tell(op: &'static str, answer: &Answer) {
    let reason = answer.problem.as_deref().unwrap_or_default();
    match answer.status {
        // The refusals of a stop are planned.
        503 => debug!(target: SERVER, op, "refused while stopping"),
        501 => debug!(target: SERVER, op, status = 501, reason, "rejected"),
        500.. => error!(target: SERVER, op, status = answer.status, reason, "request failed"),
        400.. => debug!(target: SERVER, op, status = answer.status, reason, "rejected"),
        _ => {}
    }
}
