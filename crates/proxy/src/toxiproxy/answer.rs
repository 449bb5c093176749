//! Answers, with the bytes and headers that Toxiproxy gives.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::ApiError;

/// What a request is answered with.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: String,
}

impl Answer {
    pub fn json(status: u16, value: &Value) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        Self { status, headers, body: value.to_string() }
    }

    pub fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    /// Done, and nothing to say.
    pub fn none() -> Self {
        Self { status: 204, headers: Vec::new(), body: String::new() }
    }

    /// A text of a type.
    pub fn text(content_type: &'static str, body: String) -> Self {
        Self { status: 200, headers: vec![(CONTENT_TYPE, HeaderValue::from_static(content_type))], body }
    }

    /// An error as Go's server writes one: a line of plain text, even where the text is JSON.
    fn plain(status: u16, text: &str) -> Self {
        let headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        Self { status, headers, body: format!("{text}\n") }
    }

    pub fn not_found() -> Self {
        Self::plain(404, "404 page not found")
    }

    /// The path is there for the methods that `allowed` lists.
    pub fn other_method(allowed: &str) -> Self {
        // The methods are our own: a value that is no header cannot be among them.
        let allowed = HeaderValue::from_str(allowed).map(|value| (ALLOW, value));
        Self { status: 405, headers: allowed.into_iter().collect(), body: String::new() }
    }

    /// The path is another one.
    pub fn moved(path: &str) -> Self {
        // It is a part of a path that was read as one.
        let location = HeaderValue::from_str(path).map(|value| (LOCATION, value));
        Self { status: 301, headers: location.into_iter().collect(), body: String::new() }
    }

    /// Pages in browsers could reach an API on localhost, and have no business there.
    pub fn browser() -> Self {
        Self::plain(403, "User agent not allowed")
    }

    pub fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Self::plain(error.status(), &json!({ "error": error.to_string(), "status": error.status() }).to_string())
    }
}
