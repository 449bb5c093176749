//! The algorithm: hands out the tasks, and knows when they are done.

use serde_json::{Value, json};
use tracing::debug;

use crate::client::{Client, Error, StoreOperation};
use crate::logging::STRATEGY;

/// Hands out `tasks` rollouts; with `until_done` it waits until all of them are finished, else it never ends by itself.
///
/// # Errors
/// When the server does not take them, or does not tell of them. The client has reported it.
pub async fn run(client: &Client, tasks: u32, until_done: bool) -> Result<(), Error> {
    debug!(target: STRATEGY, "algorithm started");
    let ids = enqueue(client, tasks).await?;
    if !until_done {
        return std::future::pending().await;
    }
    let mut finished = 0;
    while finished < ids.len() {
        // It answers before all are finished only when the server is about to stop, which ends the call.
        let wait = StoreOperation::WaitForRollouts { rollout_ids: ids.clone(), timeout: None };
        finished = client.call(wait, None).await?.as_array().map_or(0, Vec::len);
    }
    Ok(())
}

async fn enqueue(client: &Client, tasks: u32) -> Result<Vec<String>, Error> {
    if tasks == 0 {
        return Ok(Vec::new());
    }
    let rollouts = (1..=tasks).map(|task| json!({ "input": { "task": task } })).collect();
    let enqueued = client.call(StoreOperation::EnqueueManyRollouts { rollouts }, None).await?;
    debug!(target: STRATEGY, tasks, "rollouts enqueued");
    let id = |rollout: &Value| rollout["rollout_id"].as_str().map(str::to_owned);
    Ok(enqueued.as_array().into_iter().flatten().filter_map(id).collect())
}
