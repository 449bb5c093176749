//! The watchdog: ends attempts that take too long, or give no sign of life for too long.

use std::time::Duration;

use super::answer::Refusal;
use super::attempt::Attempt;
use super::rollouts::KnownRollout;
use super::store::Store;
use super::words::AttemptStatus;

/// How often it looks. A time that a rollout's config sets is kept to within this.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// Looks at every rollout whose config sets a time, and ends its latest attempt if that is over.
///
/// # Errors
/// When the database fails.
pub fn look(store: &mut Store<'_>) -> Result<(), Refusal> {
    let sql = "SELECT id FROM rollout WHERE watched AND status IN ('preparing', 'running') ORDER BY seq";
    for id in store.all(sql, [], |row| row.get::<_, String>(0))? {
        let mut rollout = KnownRollout::find(store, &id)?;
        let Some(mut attempt) = Attempt::find(store, &rollout, "latest")? else { continue };
        if !attempt.status.live() {
            continue;
        }
        let over = |since: f64, limit: Option<f64>| limit.is_some_and(|limit| store.now - since > limit);
        let sign_of_life = attempt.last_heartbeat_time.unwrap_or(attempt.start_time);
        let status = if over(attempt.start_time, rollout.config.timeout_seconds) {
            AttemptStatus::Timeout
        } else if over(sign_of_life, rollout.config.unresponsive_seconds) {
            AttemptStatus::Unresponsive
        } else {
            continue;
        };
        attempt.set_status(store, status);
        attempt.save(store, &mut rollout, true)?;
    }
    Ok(())
}
