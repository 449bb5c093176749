//! Answers on the wire: headers that tell of a stop, and bodies that stay in flight until they are written.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;

use super::exchange::Slot;
use crate::data::Answer;
use crate::defects::{Defect, planted};
use crate::wire::{DRAINING, STATE_HEADER};

/// How much of a body is given to the connection at once: little enough that the body of a large answer is not taken
/// for written while it only waits in a buffer.
const CHUNK: usize = 64 << 10;

/// The answer to a request that came during a stop.
pub fn refusal() -> Answer {
    let detail = "server is shutting down";
    if planted(Defect::NoDrainMarker) {
        Answer::with(503, &json!({ "detail": detail }))
    } else {
        Answer::with(503, &json!({ "detail": detail, "state": DRAINING }))
    }
}

/// The response for an answer. While stopping, it says so, and ends its connection.
pub fn response(answer: Answer, allow: Option<&'static str>, stopping: bool, slot: &Slot) -> Response<Chunks> {
    slot.answering();
    let mut response = Response::new(Chunks { left: answer.body, slot: slot.clone() });
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content) = answer.content.name() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    }
    if let Some(allow) = allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    if stopping {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if !planted(Defect::NoDrainMarker) {
            headers.insert(HeaderName::from_static(STATE_HEADER), HeaderValue::from_static(DRAINING));
        }
    }
    if response.body().is_end_stream() {
        slot.answered();
    }
    response
}

/// A body that is given to the connection in pieces, and tells its exchange when all of it was given.
#[derive(Debug)]
pub struct Chunks {
    left: Bytes,
    slot: Slot,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.left.len().min(CHUNK);
        let chunk = self.left.split_to(size);
        if self.left.is_empty() {
            self.slot.answered();
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
