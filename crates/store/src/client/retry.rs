//! How often a call may be tried.

use std::time::Duration;

use crate::duration::Schedule;

/// The budget of one call.
#[derive(Debug)]
pub struct Budget<'a> {
    pauses: &'a [Duration],
    used: usize,
    attempts: u32,
}

impl<'a> Budget<'a> {
    /// A whole budget: one attempt, and one more after each pause.
    pub fn new(schedule: &'a Schedule) -> Self {
        Self { pauses: &schedule.0, used: 0, attempts: 1 }
    }

    /// Whether another attempt may be made.
    pub fn left(&self) -> bool {
        self.used < self.pauses.len()
    }

    /// How many attempts were made.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Takes the pause before the next attempt.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.pauses.get(self.used).copied().unwrap_or_default();
        self.used += 1;
        self.attempts += 1;
        pause
    }

    /// Begins anew, for another server: the next attempt is the first of a whole budget. Gives the pause before it.
    pub fn renew(&mut self) -> Duration {
        self.used = 0;
        let pause = self.next_pause();
        self.used = 0;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_attempt_more_than_pauses_and_all_again_when_renewed() {
        let schedule = Schedule(vec![Duration::from_millis(1), Duration::from_millis(2)]);
        let mut budget = Budget::new(&schedule);
        let mut pauses = Vec::new();
        while budget.left() {
            pauses.push(budget.next_pause());
        }
        assert_eq!((&pauses, budget.attempts()), (&schedule.0, 3));
        assert_eq!((budget.renew(), budget.attempts()), (schedule.0[0], 4));
        assert_eq!((budget.next_pause(), budget.next_pause(), budget.left()), (schedule.0[0], schedule.0[1], false));
    }
}
