//! Spans: what an attempt tells about its work. The first one shows that it is running.

use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::attempt::Attempt;
use super::call::DataCall;
use super::json::raw;
use super::page::{Query, Sortable};
use super::parameters::Parameters;
use super::rollouts::{KnownRollout, NOWHERE};
use super::store::Store;

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

const SORTABLE: Sortable = Sortable {
    inserted: "seq",
    default: Some("sequence_id"),
    fields: &[
        ("rollout_id", "rollout"),
        ("attempt_id", "attempt_id"),
        ("sequence_id", "sequence_id"),
        ("trace_id", "trace_id"),
        ("span_id", "span_id"),
        ("parent_id", "parent_id"),
        ("name", "name"),
        ("status", "json ->> '$.status.status_code'"),
        ("start_time", "start_time"),
        ("end_time", "end_time"),
    ],
};

/// `POST /spans`: the span, or null for one that is there already.
///
/// # Errors
/// When the body is wrong, rollout or attempt do not exist, or the database fails.
pub fn add(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    Ok(Answer::created(&insert(store, call.json()?)?))
}

/// What became of several spans.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// How many were not kept.
    pub rejected: i64,
    /// Why, for the first of them.
    pub reason: String,
}

/// Adds each of several spans that can be added; the body is a JSON array of them.
///
/// # Errors
/// When the body is wrong, or the database fails.
pub fn add_many(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let mut outcome = Added { rejected: 0, reason: String::new() };
    for span in call.json::<Vec<Map<String, Value>>>()? {
        match insert(store, span) {
            Ok(_) => {}
            Err(Refusal::Storage(error)) => return Err(error.into()),
            Err(refusal) => {
                outcome.rejected += 1;
                if outcome.reason.is_empty() {
                    outcome.reason = refusal.to_string();
                }
            }
        }
    }
    Ok(Answer::ok(&outcome))
}

/// Keeps a span, and gives it with all its fields; nothing when it is there already.
fn insert(store: &mut Store<'_>, mut given: Map<String, Value>) -> Result<Option<Box<RawValue>>, Refusal> {
    let (rollout_id, attempt_id) = (required(&given, "rollout_id")?, required(&given, "attempt_id")?);
    let (span_id, name) = (required(&given, "span_id")?.to_owned(), required(&given, "name")?.to_owned());
    let mut rollout = KnownRollout::find(store, rollout_id)?;
    let mut attempt = Attempt::load(store, &rollout, attempt_id)?;
    let sequence_id = match given.get("sequence_id") {
        None | Some(Value::Null) => next_number(store, &rollout)?,
        Some(number) => {
            let number = number.as_i64().ok_or_else(|| wrong("sequence_id", "Input should be a valid integer"))?;
            if number > rollout.spans {
                raise_number(store, &rollout, number)?;
            }
            number
        }
    };
    given.insert("attempt_id".to_owned(), json!(attempt.attempt_id));
    given.insert("sequence_id".to_owned(), json!(sequence_id));
    let span = complete(given);
    let json = serde_json::value::to_raw_value(&span).map_err(|error| Refusal::Bad(error.to_string()))?;
    let text = |field: &str| span.get(field).and_then(Value::as_str);
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
            json.get()
        ],
    )?;
    if added == 0 {
        return Ok(None);
    }
    attempt.sign_of_life(store, &mut rollout)?;
    Ok(Some(json))
}

/// `GET /spans`: of a rollout that does not exist, none.
///
/// # Errors
/// When the rollout is not named, a parameter is not allowed, or the database fails.
pub fn query(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    list(store, "query", &Parameters::of_query(call))
}

/// `POST /spans/search`
///
/// # Errors
/// As [`query`].
pub fn search(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    list(store, "body", &Parameters::of_body(call)?)
}

fn list(store: &Store<'_>, place: &'static str, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
    let rollout = parameters.text("rollout_id")?.ok_or_else(|| Refusal::missing(place, "rollout_id"))?;
    let rollout = KnownRollout::seek(store, &rollout)?;
    let seq = rollout.as_ref().map_or(NOWHERE, |rollout| rollout.seq);
    let mut query = Query::new(parameters, "SELECT json FROM span", "span").only("rollout", seq);
    if let Some(id) = parameters.text("attempt_id")? {
        let latest = match &rollout {
            Some(rollout) if id == "latest" => Attempt::find(store, rollout, &id)?.map(|attempt| attempt.attempt_id),
            _ => None,
        };
        query = query.only("attempt_id", latest.unwrap_or(id));
    }
    for field in ["trace_id", "span_id", "parent_id", "name"] {
        query = query.text(field, field, true)?;
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
pub fn next(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let body: Next = call.json()?;
    let rollout = KnownRollout::find(store, &body.rollout_id)?;
    Ok(Answer::ok(&json!({ "sequence_id": next_number(store, &rollout)? })))
}

fn next_number(store: &Store<'_>, rollout: &KnownRollout) -> rusqlite::Result<i64> {
    let sql = "UPDATE rollout SET spans = spans + 1 WHERE seq = ?1 RETURNING spans";
    store.first(sql, [rollout.seq], |row| row.get(0)).map(Option::unwrap_or_default)
}

/// Numbers that are given from now on are larger than this one.
fn raise_number(store: &Store<'_>, rollout: &KnownRollout, number: i64) -> rusqlite::Result<()> {
    store.execute("UPDATE rollout SET spans = ?2 WHERE seq = ?1 AND spans < ?2", params![rollout.seq, number])?;
    Ok(())
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
        Some(_) => Err(Refusal::field(field, "string_type", "Input should be a valid string")),
        None => Err(Refusal::missing("body", field)),
    }
}

fn wrong(field: &str, message: &str) -> Refusal {
    Refusal::field(field, "int_type", message)
}
