//! One attempt at a request: from a connection to a value, or to what went wrong.

use std::time::Instant;

use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::Value;

use super::classify::{Draining, Failure, Malformed};
use super::connection::{Connection, within};
use super::request::{Patience, StoreRequest};
use super::{Client, StoreOperation};
use crate::defects::{Defect, planted};
use crate::flag;

impl Client {
    /// Sends `request` once and gives the value of its answer. `began` is the first epoch that this call has met.
    pub(super) async fn attempt(
        &self,
        operation: &StoreOperation,
        request: &StoreRequest,
        began: &mut Option<u64>,
    ) -> Result<Value, Failure> {
        let started = Instant::now();
        let mut connection = self.connection(began).await?;
        let usual = self.config.request_timeout;
        let bound = match request.patience {
            _ if planted(Defect::NoRequestTimeout) => None,
            Patience::Usual => Some(usual),
            Patience::Longer(limit) => usual.checked_add(limit),
            Patience::Endless => None,
        };
        let (status, draining, body) = within(bound, self.exchange(&mut connection, request)).await??;
        self.report.answered();
        self.idle.keep(connection);
        match status {
            503 if draining => return Err(Failure::Draining(Draining::Refused)),
            400.. => return Err(Failure::Answer { status, message: message(&body) }),
            300.. => return Err(Failure::Malformed(Malformed::Http, format!("unexpected status {status}"))),
            _ => {}
        }
        let malformed = |what| Failure::Malformed(Malformed::Json, what);
        let answer: Value = serde_json::from_slice(&body).map_err(|error| malformed(error.to_string()))?;
        if draining && operation.cut_short(&answer, started.elapsed()) {
            return Err(Failure::Draining(Draining::AnsweredEarly));
        }
        operation.value(answer).map_err(|wrong| malformed(wrong.to_string()))
    }

    /// A connection: the idle one, or a new one.
    async fn connection(&self, began: &mut Option<u64>) -> Result<Connection, Failure> {
        let mut met = |epoch: Option<u64>| *began = began.or(epoch);
        if let Some(mut connection) = self.idle.take()
            && connection.usable().await
        {
            met(connection.epoch);
            return Ok(connection);
        }
        // Read here, where a connection is made anyway, so that a request on a kept connection costs no look at the file.
        let epoch = self.config.flag.as_deref().and_then(flag::read).map(|flag| flag.epoch);
        met(epoch);
        let bound = (!planted(Defect::NoRequestTimeout)).then_some(self.config.connect_timeout);
        Connection::open(&self.config.server, bound, epoch).await
    }

    /// Sends a request and reads its answer: status, whether it announces a shutdown, body.
    async fn exchange(
        &self,
        connection: &mut Connection,
        request: &StoreRequest,
    ) -> Result<(u16, bool, Bytes), Failure> {
        let mark = self.announcement.mark();
        let head = connection.send(self.http(request)?).await?;
        let (status, draining) = (head.status, head.draining);
        self.announcement.response(draining, mark);
        match connection.body(head).await {
            Ok(body) => Ok((status, draining, body)),
            // The status has arrived and says it all.
            Err(_) if status >= 400 => Ok((status, draining, Bytes::new())),
            Err(failure) => Err(failure),
        }
    }

    /// The HTTP request for a request.
    pub(super) fn http(&self, request: &StoreRequest) -> Result<hyper::Request<Full<Bytes>>, Failure> {
        let server = &self.config.server;
        let without_key = planted(Defect::NoIdempotency).then(|| StoreRequest { key: None, ..request.clone() });
        let request = without_key.as_ref().unwrap_or(request);
        // Operations escape what they put into a path, and a raw one was checked.
        request
            .to_http(&server.authority, &server.base)
            .map_err(|error| Failure::Malformed(Malformed::Http, error.to_string()))
    }
}

/// What an error answer says, in one line: tracebacks that servers put into their answers stay there.
fn message(body: &[u8]) -> String {
    const LONGEST: usize = 300;
    let detail = serde_json::from_slice(body).ok().and_then(|mut body: Value| match body.get_mut("detail")?.take() {
        Value::String(detail) => Some(detail),
        detail => Some(detail.to_string()),
    });
    let text = detail.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    text.lines().next().unwrap_or_default().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_answer_is_told_in_one_line() {
        assert_eq!(message(br#"{"detail":"unknown rollout ro-1","traceback":"Traceback"}"#), "unknown rollout ro-1");
        assert_eq!(message(br#"{"detail":[{"loc":["a"]}]}"#), r#"[{"loc":["a"]}]"#);
        assert_eq!(message(b"Bad\nTraceback"), "Bad");
        assert_eq!(message(b""), "");
        assert_eq!(message(&[b'x'; 1000]).len(), 300);
    }
}
