use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::flow::Flow;
use super::meant::Meant;
use crate::HitEffect;
use crate::chance::Chance;
use crate::toxic::Latency;

/// Lets every byte pass a time after it came. The order is kept: none overtakes the one before it.
#[derive(Debug)]
pub(super) struct Delay {
    /// Up to which offset, when.
    due: VecDeque<(u64, Instant)>,
    taken: u64,
}

impl Delay {
    pub fn new(offset: u64) -> Self {
        Self { due: VecDeque::new(), taken: offset }
    }

    pub fn advance(&mut self, toxic: &Latency, chance: Chance, meant: Meant, flow: &mut Flow<'_, '_>) {
        while self.taken < flow.input {
            let run = meant.at(self.taken, flow.stream.messages);
            let until = run.until.min(flow.input);
            let mut at = flow.now();
            if run.start.is_some() {
                at += delay(toxic, chance, self.taken);
                flow.touch(HitEffect::Delayed, self.taken);
            }
            if let Some((_, last)) = self.due.back() {
                at = at.max(*last);
            }
            self.due.push_back((until, at));
            self.taken = until;
        }
        while let Some((until, at)) = self.due.front().copied() {
            if at > flow.now() {
                flow.wake = Some(at);
                return;
            }
            flow.pass(until);
            self.due.pop_front();
        }
    }

    pub fn cut_to(&mut self, offset: u64) {
        *self = Self::new(offset);
    }
}

/// The delay of what comes at an offset.
fn delay(toxic: &Latency, chance: Chance, offset: u64) -> Duration {
    let drawn = chance.up_to(2000 * toxic.jitter, offset);
    Duration::from_micros((1000 * toxic.latency + drawn).saturating_sub(1000 * toxic.jitter))
}
