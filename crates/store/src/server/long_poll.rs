//! The long poll for finished rollouts: woken by the event, by its time, or by a stop.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use serde::Deserialize;
use tracing::debug;

use super::answer::refusal;
use super::shared::Server;
use super::stop::ServerPhase;
use crate::data::{Answer, DataCall, Watch, waits};
use crate::defects::{Defect, planted};
use crate::logging::SERVER;

#[derive(Debug, Deserialize)]
struct Wait {
    rollout_ids: Vec<String>,
    /// In seconds; without it there is no limit.
    timeout: Option<f64>,
}

/// Answers with those of the named rollouts that have finished, when all have, or the time is over, or a stop begins.
/// Rollouts that do not exist are left out.
pub async fn wait(server: &Server, call: &DataCall) -> Answer {
    let wait: Wait = match call.json() {
        Ok(wait) => wait,
        Err(refusal) => return refusal.answer(),
    };
    if planted(Defect::CancelIgnored) {
        return tokio::select! {
            answer = until_finished(server, wait, std::future::pending()) => answer,
            () = server.stop.reached(ServerPhase::Over) => refusal(),
        };
    }
    until_finished(server, wait, server.stop.reached(ServerPhase::Stopping)).await
}

async fn until_finished(server: &Server, wait: Wait, stop: impl Future<Output = ()>) -> Answer {
    // Watched before the data is asked, so that no end falls in between.
    let watch = server.data.watch(&wait.rollout_ids);
    let ids = || DataCall { body: serde_json::to_vec(&wait.rollout_ids).unwrap_or_default(), ..DataCall::default() };
    let open = server.data.apply(waits::OPEN, ids(), None, "").await;
    if open.status != 200 {
        return open;
    }
    let open: HashSet<String> = serde_json::from_slice(&open.body).unwrap_or_default();
    if !open.is_empty() {
        debug!(target: SERVER, rollouts = open.len(), "long poll waiting");
        tokio::select! {
            biased;
            () = all(watch, open) => {}
            () = stop => debug!(target: SERVER, "long poll answered early"),
            () = after(wait.timeout) => {}
        }
    }
    server.data.apply(waits::FINISHED, ids(), None, "").await
}

async fn all(mut watch: Watch, mut open: HashSet<String>) {
    while !open.is_empty() {
        let finished = watch.next().await;
        open.remove(&finished);
    }
}

async fn after(seconds: Option<f64>) {
    match seconds {
        Some(seconds) if seconds <= 0.0 => {}
        // A time that no duration holds is as good as none.
        Some(seconds) => match Duration::try_from_secs_f64(seconds) {
            Ok(time) => tokio::time::sleep(time).await,
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}
