//! What the store can be asked for.

use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::request::{StoreRequest, escape};

/// An argument of an operation that can have no meaning.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// A time that is negative, not finite, or too long.
    #[error("timeout = {0} is no number of seconds")]
    Timeout(f64),
    /// A raw request with an impossible method.
    #[error("`{0}` is no HTTP method")]
    Method(String),
    /// A raw request with an impossible path.
    #[error("`{0}` is no path")]
    Path(String),
}

/// An answer that does not have the shape that the answers of the operation have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct ShapeError {
    expected: &'static str,
    found: &'static str,
}

/// An operation of the store with its arguments, which are those of agent-lightning's client.
///
/// Arguments that the client has no use for go to the server as they are: it is the server that knows whether one is absent
/// or `null`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "op", content = "args", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum StoreOperation {
    /// Asks whether the server is well.
    Health {},
    /// Queues one rollout. Gives the rollout.
    EnqueueRollout(Map<String, Value>),
    /// Queues several rollouts at once. Gives them in their order.
    EnqueueManyRollouts { rollouts: Vec<Value> },
    /// Takes the next rollout from the queue, with a new attempt. Gives it, or `null` when the queue is empty.
    DequeueRollout {
        #[serde(default)]
        worker_id: Option<String>,
    },
    /// Waits until the rollouts are finished, or for `timeout` seconds. Gives those that are finished.
    WaitForRollouts {
        rollout_ids: Vec<String>,
        #[serde(default)]
        timeout: Option<f64>,
    },
    /// Adds a span to an attempt. Gives it, or `null` when it was there already.
    AddSpan(Map<String, Value>),
    /// Changes an attempt, the latest for `latest`. Gives it.
    UpdateAttempt {
        rollout_id: String,
        attempt_id: String,
        #[serde(flatten)]
        changes: Map<String, Value>,
    },
    /// Changes a rollout. Gives it.
    UpdateRollout {
        rollout_id: String,
        #[serde(flatten)]
        changes: Map<String, Value>,
    },
    /// Tells of a worker: that it lives, and how it is. Gives it.
    UpdateWorker {
        worker_id: String,
        #[serde(flatten)]
        changes: Map<String, Value>,
    },
    /// Lists rollouts. Gives a page.
    QueryRollouts(Map<String, Value>),
    /// Gives one rollout.
    GetRollout { rollout_id: String },
    /// Lists the spans of a rollout. Gives a page.
    QuerySpans(Map<String, Value>),
    /// Starts a rollout past the queue, with an attempt. Gives it.
    StartRollout(Map<String, Value>),
    /// Starts one more attempt at a rollout. Gives the rollout with it.
    StartAttempt {
        rollout_id: String,
        #[serde(flatten)]
        arguments: Map<String, Value>,
    },
    /// Lists the attempts at a rollout. Gives a page.
    QueryAttempts {
        rollout_id: String,
        #[serde(flatten)]
        filter: Map<String, Value>,
    },
    /// Gives the latest attempt at a rollout, or `null`.
    GetLatestAttempt { rollout_id: String },
    /// Lists workers. Gives a page.
    QueryWorkers(Map<String, Value>),
    /// Gives one worker, or `null`.
    GetWorker { worker_id: String },
    /// Gives how much there is of everything.
    GetStatistics {},
    /// Lists resources. Gives a page.
    QueryResources(Map<String, Value>),
    /// Adds resources, by their names. Gives them with their id.
    AddResources { resources: Map<String, Value> },
    /// Gives resources a new version. Gives it.
    UpdateResources { resources_id: String, resources: Map<String, Value> },
    /// Gives one set of resources, or `null`.
    GetResources { resources_id: String },
    /// Gives the resources that were changed last, or `null`.
    GetLatestResources {},
    /// Gives the number for the next span of a rollout.
    GetNextSpanSequenceId { rollout_id: String, attempt_id: String },
    /// Any request, to a path as it is.
    Raw {
        method: String,
        path: String,
        #[serde(default)]
        body: Option<Value>,
    },
}

impl StoreOperation {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Health {} => "health",
            Self::EnqueueRollout(_) => "enqueue_rollout",
            Self::EnqueueManyRollouts { .. } => "enqueue_many_rollouts",
            Self::DequeueRollout { .. } => "dequeue_rollout",
            Self::WaitForRollouts { .. } => "wait_for_rollouts",
            Self::AddSpan(_) => "add_span",
            Self::UpdateAttempt { .. } => "update_attempt",
            Self::UpdateRollout { .. } => "update_rollout",
            Self::UpdateWorker { .. } => "update_worker",
            Self::QueryRollouts(_) => "query_rollouts",
            Self::GetRollout { .. } => "get_rollout",
            Self::QuerySpans(_) => "query_spans",
            Self::StartRollout(_) => "start_rollout",
            Self::StartAttempt { .. } => "start_attempt",
            Self::QueryAttempts { .. } => "query_attempts",
            Self::GetLatestAttempt { .. } => "get_latest_attempt",
            Self::QueryWorkers(_) => "query_workers",
            Self::GetWorker { .. } => "get_worker",
            Self::GetStatistics {} => "get_statistics",
            Self::QueryResources(_) => "query_resources",
            Self::AddResources { .. } => "add_resources",
            Self::UpdateResources { .. } => "update_resources",
            Self::GetResources { .. } => "get_resources",
            Self::GetLatestResources {} => "get_latest_resources",
            Self::GetNextSpanSequenceId { .. } => "get_next_span_sequence_id",
            Self::Raw { .. } => "raw",
        }
    }

    /// Checks what only the client can check, before anything is sent.
    ///
    /// # Errors
    /// When an argument can have no meaning.
    pub fn check(&self) -> Result<(), ArgumentError> {
        match self {
            Self::WaitForRollouts { timeout: Some(timeout), .. } if Duration::try_from_secs_f64(*timeout).is_err() => {
                Err(ArgumentError::Timeout(*timeout))
            }
            Self::Raw { method, .. } if Method::from_bytes(method.as_bytes()).is_err() => {
                Err(ArgumentError::Method(method.clone()))
            }
            Self::Raw { path, .. } if !path.starts_with('/') || path.parse::<hyper::Uri>().is_err() => {
                Err(ArgumentError::Path(path.clone()))
            }
            _ => Ok(()),
        }
    }

    /// The request that asks for it. A new one for every call: it carries the call's idempotency key.
    pub fn request(&self) -> StoreRequest {
        match self {
            Self::Health {} => StoreRequest::read("/health"),
            Self::EnqueueRollout(rollout) => {
                StoreRequest::write("/queues/rollouts/enqueue", &json!({ "rollouts": [rollout] }))
            }
            Self::EnqueueManyRollouts { rollouts } => {
                StoreRequest::write("/queues/rollouts/enqueue", &json!({ "rollouts": rollouts }))
            }
            Self::DequeueRollout { worker_id: None } => {
                StoreRequest::write("/queues/rollouts/dequeue", &json!({ "limit": 1 }))
            }
            Self::DequeueRollout { worker_id: Some(worker) } => {
                StoreRequest::write("/queues/rollouts/dequeue", &json!({ "limit": 1, "worker_id": worker }))
            }
            Self::WaitForRollouts { rollout_ids, timeout } => {
                let body = json!({ "rollout_ids": rollout_ids, "timeout": timeout });
                StoreRequest::poll("/waits/rollouts", &body, self.waits())
            }
            Self::AddSpan(span) => StoreRequest::write("/spans", span),
            Self::UpdateAttempt { rollout_id, attempt_id, changes } => StoreRequest::write(
                &format!("/rollouts/{}/attempts/{}", escape(rollout_id), escape(attempt_id)),
                changes,
            ),
            Self::UpdateRollout { rollout_id, changes } => {
                StoreRequest::write(&format!("/rollouts/{}", escape(rollout_id)), changes)
            }
            Self::UpdateWorker { worker_id, changes } => {
                StoreRequest::write(&format!("/workers/{}", escape(worker_id)), changes)
            }
            Self::QueryRollouts(filter) => StoreRequest::read(&format!("/rollouts{}", query(filter))),
            Self::GetRollout { rollout_id } => StoreRequest::read(&format!("/rollouts/{}", escape(rollout_id))),
            Self::QuerySpans(filter) => StoreRequest::read(&format!("/spans{}", query(filter))),
            Self::StartRollout(rollout) => StoreRequest::write("/rollouts", rollout),
            Self::StartAttempt { rollout_id, arguments } => {
                StoreRequest::write(&format!("/rollouts/{}/attempts", escape(rollout_id)), arguments)
            }
            Self::QueryAttempts { rollout_id, filter } => {
                StoreRequest::read(&format!("/rollouts/{}/attempts{}", escape(rollout_id), query(filter)))
            }
            Self::GetLatestAttempt { rollout_id } => {
                StoreRequest::read(&format!("/rollouts/{}/attempts/latest", escape(rollout_id)))
            }
            Self::QueryWorkers(filter) => StoreRequest::read(&format!("/workers{}", query(filter))),
            Self::GetWorker { worker_id } => StoreRequest::read(&format!("/workers/{}", escape(worker_id))),
            Self::GetStatistics {} => StoreRequest::read("/statistics"),
            Self::QueryResources(filter) => StoreRequest::read(&format!("/resources{}", query(filter))),
            Self::AddResources { resources } => StoreRequest::write("/resources", resources),
            Self::UpdateResources { resources_id, resources } => {
                StoreRequest::write(&format!("/resources/{}", escape(resources_id)), resources)
            }
            Self::GetResources { resources_id } => StoreRequest::read(&format!("/resources/{}", escape(resources_id))),
            Self::GetLatestResources {} => StoreRequest::read("/resources/latest"),
            Self::GetNextSpanSequenceId { rollout_id, attempt_id } => {
                StoreRequest::write("/spans/next", &json!({ "rollout_id": rollout_id, "attempt_id": attempt_id }))
            }
            Self::Raw { method, path, body } => {
                StoreRequest::raw(Method::from_bytes(method.as_bytes()).unwrap_or_default(), path, body.as_ref())
            }
        }
    }

    /// How long the server may wait before it answers, if it waits and has a limit.
    fn waits(&self) -> Option<Duration> {
        let Self::WaitForRollouts { timeout: Some(timeout), .. } = self else { return None };
        Duration::try_from_secs_f64(*timeout).ok()
    }

    /// Whether an answer that the server gave while stopping is not the one that was waited for.
    pub fn cut_short(&self, answer: &Value, waited: Duration) -> bool {
        let Self::WaitForRollouts { rollout_ids, .. } = self else { return false };
        let finished = answer.as_array().map_or(0, Vec::len);
        let wanted: std::collections::BTreeSet<_> = rollout_ids.iter().collect();
        finished < wanted.len() && self.waits().is_none_or(|limit| waited < limit)
    }

    /// What it gives, from what was answered.
    ///
    /// # Errors
    /// When the answer does not have the shape that the operation's answers have.
    pub fn value(&self, answer: Value) -> Result<Value, ShapeError> {
        match self {
            Self::EnqueueRollout(_) => match list(answer)?.into_iter().next() {
                Some(rollout @ Value::Object(_)) => Ok(rollout),
                other => Err(ShapeError { expected: "a list of one rollout", found: kind(other.as_ref()) }),
            },
            Self::DequeueRollout { .. } => match list(answer)?.into_iter().next() {
                None => Ok(Value::Null),
                Some(rollout @ Value::Object(_)) => Ok(rollout),
                other => Err(ShapeError { expected: "a list of rollouts", found: kind(other.as_ref()) }),
            },
            Self::EnqueueManyRollouts { .. } | Self::WaitForRollouts { .. } => list(answer).map(Value::Array),
            Self::Raw { .. } => Ok(answer),
            Self::AddSpan(_) if answer.is_null() => Ok(answer),
            Self::GetLatestAttempt { .. } | Self::GetWorker { .. } if answer.is_null() => Ok(answer),
            Self::GetResources { .. } | Self::GetLatestResources {} if answer.is_null() => Ok(answer),
            _ if answer.is_object() => Ok(answer),
            _ => Err(ShapeError { expected: "an object", found: kind(Some(&answer)) }),
        }
    }
}

fn list(answer: Value) -> Result<Vec<Value>, ShapeError> {
    match answer {
        Value::Array(items) => Ok(items),
        other => Err(ShapeError { expected: "a list", found: kind(Some(&other)) }),
    }
}

fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "nothing in it",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    }
}

/// A query string: lists become repeated parameters, `null` becomes none.
fn query(filter: &Map<String, Value>) -> String {
    let mut parameters = Vec::new();
    for (name, value) in filter {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => escape(text),
                other => escape(&other.to_string()),
            };
            parameters.push(format!("{}={text}", escape(name)));
        }
    }
    if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) }
}

#[cfg(test)]
mod tests;
