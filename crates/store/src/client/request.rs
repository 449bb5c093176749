//! One request of the client, as it goes over the wire.

use std::time::Duration;

use http_body_util::Full;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::wire::{IDEMPOTENCY_HEADER, PREFIX};

/// A request, ready to be sent as often as it takes.
#[derive(Debug, Clone)]
pub struct StoreRequest {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// The JSON body.
    pub body: Bytes,
    /// How long its answer may take.
    pub patience: Patience,
    /// What makes it safe to repeat, if it writes.
    pub key: Option<String>,
}

/// How long the answer to a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as any request.
    Usual,
    /// That much longer, because the server waits for something.
    Longer(Duration),
    /// For ever, because the server waits for something without a limit.
    Endless,
}

impl StoreRequest {
    /// A request that reads; `path` goes after the prefix of all routes.
    pub fn read(path: &str) -> Self {
        Self::new(Method::GET, format!("{PREFIX}{path}"), Bytes::new())
    }

    /// A request that writes; `path` goes after the prefix of all routes.
    pub fn write(path: &str, body: &impl serde::Serialize) -> Self {
        Self::new(Method::POST, format!("{PREFIX}{path}"), json(body)).keyed()
    }

    /// A long poll; `path` goes after the prefix of all routes.
    pub fn poll(path: &str, body: &impl serde::Serialize, timeout: Option<Duration>) -> Self {
        let patience = timeout.map_or(Patience::Endless, Patience::Longer);
        Self { patience, ..Self::new(Method::POST, format!("{PREFIX}{path}"), json(body)) }
    }

    /// Any request, to a path as it is.
    pub fn raw(method: Method, path: &str, body: Option<&serde_json::Value>) -> Self {
        let writes = method != Method::GET && method != Method::HEAD;
        let request = Self::new(method, path.to_owned(), body.map(json).unwrap_or_default());
        if writes { request.keyed() } else { request }
    }

    fn new(method: Method, path: String, body: Bytes) -> Self {
        Self { method, path, body, patience: Patience::Usual, key: None }
    }

    /// Gives it a key of its own, by which the server knows a repetition.
    fn keyed(mut self) -> Self {
        self.key = Some(format!("{:032x}", fastrand::u128(..)));
        self
    }

    /// The HTTP request for the server at `authority`, whose routes are below `base`.
    ///
    /// # Errors
    /// When the path is none that HTTP can carry.
    pub fn to_http(&self, authority: &str, base: &str) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
        let mut request = hyper::Request::builder()
            .method(self.method.clone())
            .uri(format!("{base}{}", self.path))
            .header(HOST, authority);
        if !self.body.is_empty() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = &self.key {
            request = request.header(IDEMPOTENCY_HEADER, key);
        }
        request.body(Full::new(self.body.clone()))
    }
}

/// Writes a part of a path or of a query so that it stays one part.
pub fn escape(part: &str) -> String {
    const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(part, &UNRESERVED).to_string()
}

fn json(body: &impl serde::Serialize) -> Bytes {
    // Only a map whose keys are no strings, or a `Serialize` that fails on purpose, could fail; bodies have neither.
    serde_json::to_vec(body).expect("a body is JSON").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_cannot_leave_its_place() {
        assert_eq!(escape("ro-1.~_"), "ro-1.~_");
        assert_eq!(escape("../a?b=c&d#é"), "..%2Fa%3Fb%3Dc%26d%23%C3%A9");
    }

    #[test]
    fn only_writes_carry_a_key_and_a_repetition_has_the_same() {
        let write = StoreRequest::write("/spans", &serde_json::json!({}));
        let key = |request: &StoreRequest| {
            let http = request.to_http("127.0.0.1:1", "").expect("a request");
            http.headers().get(IDEMPOTENCY_HEADER).map(|key| key.as_bytes().to_vec())
        };
        assert_eq!(key(&write), key(&write));
        assert!(key(&write).is_some());
        assert_ne!(key(&write), key(&StoreRequest::write("/spans", &serde_json::json!({}))));
        assert_eq!(key(&StoreRequest::read("/health")), None);
        assert_eq!(key(&StoreRequest::poll("/waits/rollouts", &serde_json::json!({}), None)), None);
        assert_eq!(key(&StoreRequest::raw(Method::GET, "/x", None)), None);
        assert!(key(&StoreRequest::raw(Method::DELETE, "/x", None)).is_some());
    }
}
