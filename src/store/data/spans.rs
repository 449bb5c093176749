//! Spans: what an attempt tells about its work. The first one shows that it is running.

use rusqlite::params;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::attempts::Attempt;
use super::call::Call;
use super::page::Query;
use super::rollouts::{Known, raw};
use super::store::Store;
use super::words::AttemptStatus;

/// A span's fields in the order in which they are answered. All but the ids and the name may be absent.
const FIELDS: &[&str] = &[
    "rollout_id",
    "attempt_id",
    "sequence_id",
    "trace_id",
    "span_id",
    "parent_id",
    "name",
    "status",
    "attributes",
    "events",
    "links",
    "start_time",
    "end_time",
    "context",
    "parent",
    "resource",
];

const SORTABLE: &[(&str, &str)] = &[
    ("sequence_id", "sequence_id"),
    ("rollout_id", "rollout"),
    ("attempt_id", "attempt_id"),
    ("span_id", "span_id"),
    ("trace_id", "trace_id"),
    ("parent_id", "parent_id"),
    ("name", "name"),
    ("start_time", "start_time"),
    ("end_time", "end_time"),
];

/// `POST /spans`: the span, or null for one that is there already.
///
/// # Errors
/// When the body is wrong, rollout or attempt do not exist, or the database fails.
pub fn add(store: &mut Store<'_>, call: &Call) -> Result<Answer, Refusal> {
    let mut given: Map<String, Value> = call.json()?;
    let mut rollout = Known::find(store, required(&given, "rollout_id")?)?;
    let mut attempt = Attempt::load(store, &rollout, required(&given, "attempt_id")?)?;
    let (span_id, name) = (required(&given, "span_id")?.to_owned(), required(&given, "name")?.to_owned());
    let sequence_id = match given.get("sequence_id") {
        None | Some(Value::Null) => next_number(store, &rollout)?,
        Some(number) => number.as_i64().ok_or_else(|| wrong("sequence_id", "is no whole number"))?,
    };
    given.insert("attempt_id".to_owned(), json!(attempt.attempt_id));
    given.insert("sequence_id".to_owned(), json!(sequence_id));
    let span = complete(given);
    let text = |field: &str| span.get(field).and_then(Value::as_str).map(str::to_owned);
    let time = |field: &str| span.get(field).and_then(Value::as_f64);
    let sql = "INSERT INTO span (rollout, attempt_id, span_id, sequence_id, trace_id, parent_id, name, start_time, \
               end_time, json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING";
    let added = store.execute(
        sql,
        params![
            rollout.seq,
            attempt.attempt_id,
            span_id,
            sequence_id,
            text("trace_id"),
            text("parent_id"),
            name,
            time("start_time"),
            time("end_time"),
            super::rollouts::text(&span)
        ],
    )?;
    if added == 0 {
        return Ok(Answer::created(&Value::Null));
    }
    store.execute("UPDATE rollout SET spans = max(spans, ?2) WHERE seq = ?1", params![rollout.seq, sequence_id])?;
    attempt.last_heartbeat_time = Some(store.now);
    let wakes = matches!(attempt.status, AttemptStatus::Preparing | AttemptStatus::Unresponsive);
    if wakes {
        attempt.set_status(store, AttemptStatus::Running);
    }
    attempt.save(store, &mut rollout, wakes)?;
    Ok(Answer::created(&span))
}

/// `GET /spans`
///
/// # Errors
/// When the rollout is not named or does not exist, a parameter is not allowed, or the database fails.
pub fn query(store: &mut Store<'_>, call: &Call) -> Result<Answer, Refusal> {
    let Some(rollout) = call.parameter("rollout_id") else {
        return Err(Refusal::Unprocessable { place: "query", message: "rollout_id is missing".to_owned() });
    };
    let rollout = Known::find(store, rollout)?;
    let mut query = Query::new(call, "SELECT json FROM span", "span").only("rollout", rollout.seq);
    if let Some(attempt) = call.parameter("attempt_id") {
        let attempt = match attempt {
            "latest" => Attempt::find(store, &rollout, attempt)?.map(|attempt| attempt.attempt_id).unwrap_or_default(),
            id => id.to_owned(),
        };
        query = query.only("attempt_id", attempt);
    }
    for field in ["trace_id", "span_id", "parent_id", "name"] {
        query = query.text(field, field, true);
    }
    Ok(Answer::ok(&query.page(store, SORTABLE, |row| raw(row, 0))?))
}

#[derive(Debug, Deserialize)]
struct Next {
    rollout_id: String,
}

/// `POST /spans/next`: the rollout's next span number.
///
/// # Errors
/// When the body is wrong, the rollout does not exist, or the database fails.
pub fn next(store: &mut Store<'_>, call: &Call) -> Result<Answer, Refusal> {
    let body: Next = call.json()?;
    let rollout = Known::find(store, &body.rollout_id)?;
    Ok(Answer::ok(&json!({ "sequence_id": next_number(store, &rollout)? })))
}

fn next_number(store: &Store<'_>, rollout: &Known) -> rusqlite::Result<i64> {
    let sql = "UPDATE rollout SET spans = spans + 1 WHERE seq = ?1 RETURNING spans";
    store.first(sql, [rollout.seq], |row| row.get(0)).map(Option::unwrap_or_default)
}

/// The span with all its fields, in their order, and whatever else it brought.
fn complete(mut given: Map<String, Value>) -> Map<String, Value> {
    let mut span = Map::new();
    for field in FIELDS {
        let default = || match *field {
            "status" => json!({ "status_code": "UNSET", "description": null }),
            "attributes" => json!({}),
            "events" | "links" => json!([]),
            "resource" => json!({ "attributes": {}, "schema_url": "" }),
            _ => Value::Null,
        };
        span.insert((*field).to_owned(), given.get_mut(*field).map_or_else(default, Value::take));
        given.remove(*field);
    }
    span.extend(given);
    span
}

fn required<'m>(span: &'m Map<String, Value>, field: &str) -> Result<&'m str, Refusal> {
    match span.get(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(wrong(field, "is no string")),
        None => Err(wrong(field, "is missing")),
    }
}

fn wrong(field: &str, what: &str) -> Refusal {
    Refusal::Unprocessable { place: "body", message: format!("{field} {what}") }
}
