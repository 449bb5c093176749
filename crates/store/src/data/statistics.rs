//! Statistics: how much there is of everything.

use serde_json::json;

use super::answer::{Answer, Refusal};
use super::call::DataCall;
use super::store::Store;

/// `GET /statistics`
///
/// # Errors
/// When the database fails.
pub fn get(store: &mut Store<'_>, _: &DataCall) -> Result<Answer, Refusal> {
    let count = |what: &str| -> rusqlite::Result<i64> {
        Ok(store.first(&format!("SELECT {what}"), [], |row| row.get(0))?.unwrap_or_default())
    };
    Ok(Answer::ok(&json!({
        "name": "QuietdownStore",
        "total_rollouts": count("count(*) FROM rollout")?,
        "total_attempts": count("count(*) FROM attempt")?,
        "total_spans": count("count(*) FROM span")?,
        "total_resources": count("count(*) FROM resources")?,
        "total_workers": count("count(*) FROM worker")?,
        "uptime": store.uptime.as_secs_f64(),
        "total_span_bytes": count("coalesce(sum(length(CAST(json AS BLOB))), 0) FROM span")?,
    })))
}
