//! Stops that the scenario tells: each is over within its bound, measured from the stop and before anything else is torn down.

use std::time::{Duration, Instant};

use super::world::World;
use crate::evidence::LateStop;

/// How long a process may take to end when its role does not say.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(10);

impl World<'_> {
    /// When the next bound of a stop is reached that is not over.
    pub fn next_stop(&self) -> Option<Instant> {
        let boots = self.actors.iter().filter_map(|actor| actor.boots.last());
        let pending = boots.filter(|boot| boot.seen.exit.is_none() && !boot.paused);
        pending.filter_map(|boot| boot.stop).map(|stop| stop.deadline).min()
    }

    /// Notes what has not ended within its bound, and what was open then.
    pub async fn note_late_stops(&mut self) {
        if self.next_stop().is_none_or(|deadline| deadline > Instant::now()) {
            return;
        }
        self.ask_links().await;
        let open = self.observed.open_connections();
        let now = Instant::now();
        for actor in &mut self.actors {
            let Some(boot) = actor.boots.last_mut().filter(|boot| boot.seen.exit.is_none() && !boot.paused) else {
                continue;
            };
            let Some(stop) = boot.stop.filter(|stop| stop.deadline <= now) else { continue };
            boot.stop = None;
            // Of one that has ended in time, the news may still be to come.
            if !boot.child.is_over() {
                let within = u64::try_from(stop.within.as_micros()).unwrap_or(u64::MAX);
                boot.seen.late_stop = Some(LateStop { step: stop.step, told: stop.told, within, open: open.clone() });
            }
        }
    }

    /// Waits until every stop is over, or late.
    pub async fn await_stops(&mut self) {
        while let Some(deadline) = self.next_stop() {
            self.until(deadline, |world| world.next_stop().is_none().then_some(())).await;
            self.note_late_stops().await;
        }
    }
}
