use hyper::body::Bytes;
use serde::Serialize;
use serde_json::json;

/// What a request is answered with: an HTTP status and a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, JSON.
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
            Ok(body) => Self { status, body: body.into(), problem: None },
            Err(error) => {
                let problem = format!("the answer is no JSON: {error}");
                let body = json!({ "detail": problem }).to_string().into();
                Self { status: 500, body, problem: Some(problem) }
            }
        }
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
    #[error("{place}: {message}")]
    Unprocessable {
        /// `body`, `query` or `header`.
        place: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The database failed (500).
    #[error("storage failed: {0}")]
    Storage(#[from] rusqlite::Error),
}

impl Refusal {
    /// The answer that says so. Its `detail` has the shape of the original: a list for 422, a text otherwise.
    pub fn answer(&self) -> Answer {
        let detail = json!({ "detail": self.to_string() });
        let answer = match self {
            Self::Unknown { .. } => Answer::with(404, &detail),
            Self::Bad(_) => Answer::with(400, &detail),
            Self::Unprocessable { place, message } => {
                Answer::with(422, &json!({ "detail": [{ "type": "value_error", "loc": [place], "msg": message }] }))
            }
            Self::Storage(_) => Answer::with(500, &detail),
        };
        answer.because(self.to_string())
    }
}
