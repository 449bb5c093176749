//! What a long poll asks of the data.

use super::answer::{Answer, Refusal};
use super::call::{Access, DataCall, DataOperation};
use super::rollouts::{Rollout, SELECT};
use super::store::Store;

/// Those of the named rollouts that have finished, in the order of their names. The call's body is a JSON array of ids.
pub const FINISHED: DataOperation = DataOperation { name: "wait_for_rollouts", access: Access::Read, apply: finished };

/// The ids of those of the named rollouts that exist and have not finished.
pub const OPEN: DataOperation = DataOperation { name: "wait_for_rollouts", access: Access::Read, apply: open };

const DONE: &str = "('succeeded', 'failed', 'cancelled')";

fn finished(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let ids: Vec<String> = call.json()?;
    let sql = format!("{SELECT} WHERE r.id = ?1 AND r.status IN {DONE}");
    let mut rollouts = Vec::new();
    for id in ids {
        if let Some(mut rollout) = store.first(&sql, [id], Rollout::read)? {
            rollout.attempt = None;
            rollouts.push(rollout);
        }
    }
    Ok(Answer::ok(&rollouts))
}

fn open(store: &mut Store<'_>, call: &DataCall) -> Result<Answer, Refusal> {
    let ids: Vec<String> = call.json()?;
    let sql = format!("SELECT id FROM rollout WHERE id = ?1 AND status NOT IN {DONE}");
    let mut open: Vec<String> = Vec::new();
    for id in ids {
        open.extend(store.first(&sql, [id], |row| row.get(0))?);
    }
    Ok(Answer::ok(&open))
}
