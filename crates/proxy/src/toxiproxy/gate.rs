//! Gates as JSON (an extension): points in the traffic of a proxy at which it stops.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ApiError;
use super::fields::{Fields, kind};
use super::toxic::{stream, toward};
use crate::matcher;
use crate::{At, Times};
use crate::{CutMode, Phase, Point, Repeat, RepeatAction, Toward};

/// A gate as it was asked for.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub name: String,
    pub point: Point,
    /// The number of the match, from 1.
    pub nth: u32,
    /// What happens there before the stream goes on; it waits to be resumed when absent.
    pub then: Option<Then>,
    /// How often that happens.
    pub times: Option<Times>,
}

/// What is done to a connection at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Then {
    /// It is broken.
    Cut(Cut),
    /// It is a black hole from then on.
    Hold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cut {
    pub mode: CutMode,
    #[serde(default)]
    pub toward: Toward,
}

const KNOWN: &str = "name, phase, method, path, stream, at, nth, then, times";
const PHASES: &str =
    "request-head, request-body, request-sent, response-head, response-body, response-sent, bytes, connect, idle";

impl Spec {
    /// Reads a gate that is to be armed.
    pub fn read(mut fields: Fields) -> Result<Self, ApiError> {
        let missing = |name: &str| ApiError::MissingField(name.to_owned());
        let name = fields.text("name")?.filter(|name| !name.is_empty()).ok_or_else(|| missing("name"))?;
        let point = point(&mut fields)?;
        let nth = fields.count("nth")?.unwrap_or(1);
        let nth = u32::try_from(nth).ok().filter(|nth| *nth > 0);
        let nth = nth.ok_or_else(|| ApiError::bad("nth: matches are counted from 1 to 4294967295"))?;
        let then = fields.take("then").map(then).transpose()?;
        let times = fields.take("times").map(times).transpose()?;
        if times.is_some() && then.is_none() {
            return Err(ApiError::bad("times: there is nothing to repeat; say with `then` what happens at the gate"));
        }
        fields.end(KNOWN)?;
        Ok(Self { name, point, nth, then, times })
    }

    /// What the link does by itself at later matches.
    pub fn repeat(&self) -> Option<Repeat> {
        let action = match self.then? {
            Then::Cut(Cut { mode, toward }) => RepeatAction::Cut(mode, toward),
            Then::Hold => RepeatAction::Hold,
        };
        let more = match self.times? {
            Times::Total(times) => Some(times - 1),
            Times::Every => None,
        };
        Some(Repeat { more, action })
    }

    /// Its fields as they are answered.
    pub fn view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| drop(view.insert(name.to_owned(), value));
        put("name", json!(self.name));
        match &self.point {
            Point::Request { method, path, phase, at, without: _, exact: _ } => {
                put("phase", json!(phase));
                if let Some(method) = method {
                    put("method", json!(method));
                }
                if let Some(path) = path {
                    put("path", json!(path));
                }
                if has_bytes(*phase) {
                    match at {
                        At::Byte(at) => put("at", json!(at)),
                        At::Middle => put("at", json!("middle")),
                    }
                }
            }
            Point::Bytes { toward, at } => {
                put("phase", json!("bytes"));
                put("stream", json!(stream(*toward)));
                put("at", json!(at));
            }
            Point::Connect => put("phase", json!("connect")),
            Point::Connected => put("phase", json!("connected")),
            Point::Idle => put("phase", json!("idle")),
        }
        put("nth", json!(self.nth));
        if let Some(then) = self.then {
            put("then", json!(then));
        }
        match self.times {
            Some(Times::Total(times)) => put("times", json!(times)),
            Some(Times::Every) => put("times", json!("every")),
            None => {}
        }
        view
    }
}

/// Reads what is to be done to a connection.
pub(super) fn then(value: Value) -> Result<Then, ApiError> {
    serde_json::from_value(value).map_err(|error| {
        ApiError::bad(format!(r#"then: {error}; write "hold" or {{"cut":{{"mode":"fin" or "rst","toward":"client", "server" or "both"}}}}"#))
    })
}

fn times(value: Value) -> Result<Times, ApiError> {
    let total = value.as_u64().and_then(|times| u32::try_from(times).ok()).filter(|times| *times > 0);
    match (total, value.as_str()) {
        (Some(times), _) => Ok(Times::Total(times)),
        (_, Some("every")) => Ok(Times::Every),
        _ => {
            Err(ApiError::bad(format!("times: write a total number of at least 1, or \"every\"; got {}", kind(&value))))
        }
    }
}

fn has_bytes(phase: Phase) -> bool {
    !matches!(phase, Phase::RequestSent | Phase::ResponseSent)
}

fn point(fields: &mut Fields) -> Result<Point, ApiError> {
    let name = fields.text("phase")?.ok_or_else(|| ApiError::MissingField("phase".to_owned()))?;
    let (method, path) = (fields.text("method")?, fields.text("path")?);
    let (given, at) = (fields.text("stream")?, fields.count("at")?);
    let no = |there: bool, field: &str| match there {
        true => Err(ApiError::bad(format!("{field}: the phase `{name}` has none"))),
        false => Ok(()),
    };
    let phase = serde_json::from_value::<Phase>(json!(name)).ok();
    if phase.is_none() {
        no(method.is_some(), "method").and(no(path.is_some(), "path"))?;
    }
    if name != "bytes" {
        no(given.is_some(), "stream")?;
        no(at.is_some() && !phase.is_some_and(has_bytes), "at")?;
    }
    matcher::check(method.as_deref(), path.as_deref()).map_err(|wrong| ApiError::bad(wrong.to_string()))?;
    match (phase, name.as_str()) {
        (Some(phase), _) => Ok(Point::Request {
            method,
            path,
            without: Vec::new(),
            phase,
            at: At::Byte(at.unwrap_or_default().try_into().unwrap_or(i64::MAX)),
            exact: false,
        }),
        (None, "bytes") => {
            let given = given.ok_or_else(|| ApiError::MissingField("stream".to_owned()))?;
            Ok(Point::Bytes { toward: toward(&given)?, at: at.unwrap_or_default() })
        }
        (None, "connect") => Ok(Point::Connect),
        (None, "connected") => Ok(Point::Connected),
        (None, "idle") => Ok(Point::Idle),
        _ => Err(ApiError::bad(format!("phase: there is no `{name}`; known are {PHASES}"))),
    }
}
