use hyper::body::Bytes;
use serde::Serialize;
use serde_json::json;

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// JSON.
    Json,
    /// A protobuf message.
    Protobuf,
    /// Words for whoever looks.
    Text,
    /// Nothing.
    Empty,
}

impl Content {
    /// Its media type.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("application/json"),
            Self::Protobuf => Some("application/x-protobuf"),
            Self::Text => Some("text/plain; charset=utf-8"),
            Self::Empty => None,
        }
    }
}

/// What a request is answered with: an HTTP status and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What the body is.
    pub content: Content,
    /// The body.
    pub body: Bytes,
    /// What went wrong, for the log.
    pub problem: Option<String>,
}

impl Answer {
    /// 200 with this body.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::with(200, body)
    }

    /// 201 with this body.
    pub fn created(body: &impl Serialize) -> Self {
        Self::with(201, body)
    }

    /// Any status with this body.
    pub fn with(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self { status, content: Content::Json, body: body.into(), problem: None },
            Err(error) => {
                let problem = format!("the answer is no JSON: {error}");
                let body = json!({ "detail": problem }).to_string().into();
                Self { status: 500, content: Content::Json, body, problem: Some(problem) }
            }
        }
    }

    /// Any status with an encoded protobuf message.
    pub fn protobuf(status: u16, message: Vec<u8>) -> Self {
        Self { status, content: Content::Protobuf, body: message.into(), problem: None }
    }

    /// Any status with words.
    pub fn text(status: u16, words: String) -> Self {
        Self { status, content: Content::Text, body: words.into(), problem: None }
    }

    /// Any status without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, content: Content::Empty, body: Bytes::new(), problem: None }
    }

    /// The same answer, with what went wrong.
    pub fn because(self, problem: impl Into<String>) -> Self {
        Self { problem: Some(problem.into()), ..self }
    }
}

/// Why an operation was not carried out. It then had no effect.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Something that the request names does not exist (404).
    #[error("unknown {what} {id}")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// Its id, as given.
        id: String,
    },
    /// A value is well formed but not allowed (400).
    #[error("{0}")]
    Bad(String),
    /// The body or the query cannot be understood (422).
    #[error("{place}: {}{message}", field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default())]
    Unprocessable {
        /// `body`, `query` or `header`.
        place: &'static str,
        /// The field or parameter, if it is one.
        field: Option<String>,
        /// The kind of mistake, in the original's words.
        kind: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The database failed (500).
    #[error("storage failed: {0}")]
    Storage(#[from] rusqlite::Error),
}

impl Refusal {
    /// A body in which this field is wrong.
    pub fn field(field: &str, kind: &'static str, message: impl Into<String>) -> Self {
        Self::Unprocessable { place: "body", field: Some(field.to_owned()), kind, message: message.into() }
    }

    /// A body or a query in which this field is missing.
    pub fn missing(place: &'static str, field: &str) -> Self {
        let (field, message) = (Some(field.to_owned()), "Field required".to_owned());
        Self::Unprocessable { place, field, kind: "missing", message }
    }

    /// The answer that says so. Its `detail` has the shape of the original: a list for 422, a text otherwise.
    pub fn answer(&self) -> Answer {
        let detail = json!({ "detail": self.to_string() });
        let answer = match self {
            Self::Unknown { .. } => Answer::with(404, &detail),
            Self::Bad(_) => Answer::with(400, &detail),
            Self::Unprocessable { place, field, kind, message } => {
                let loc: Vec<&str> = std::iter::once(*place).chain(field.as_deref()).collect();
                Answer::with(422, &json!({ "detail": [{ "type": kind, "loc": loc, "msg": message }] }))
            }
            Self::Storage(_) => Answer::with(500, &detail),
        };
        answer.because(self.to_string())
    }
}
