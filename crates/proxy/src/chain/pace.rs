use std::time::{Duration, Instant};

use super::flow::Flow;
use super::selection::Selection;
use crate::HitEffect;
use crate::toxic::Bandwidth;

/// How long what passes at once takes at most: shorter looks smoother, longer costs less.
const GRAIN: Duration = Duration::from_millis(5);

/// Lets bytes pass at a rate. Each has passed when the time that it takes is over, counted from when the ones before it had.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the line was last free, while there is something to send.
    free: Option<Instant>,
}

impl Pace {
    pub fn advance(&mut self, toxic: &Bandwidth, selection: Selection, flow: &mut Flow<'_, '_>) {
        while flow.has_more() {
            let run = flow.run(selection);
            let until = run.until.min(flow.input);
            if run.start.is_none() {
                flow.pass(until);
                continue;
            }
            flow.touch(HitEffect::Delayed, flow.passed);
            if toxic.rate == 0 {
                return;
            }
            let free = *self.free.get_or_insert(flow.now());
            let waiting = until - flow.passed;
            let now = flow.now().saturating_duration_since(free);
            let allowed = bytes_in(now, toxic.rate).min(waiting);
            let grain = bytes_in(GRAIN, toxic.rate).clamp(1, waiting);
            if allowed < grain {
                flow.wake = Some(free + time_of(grain, toxic.rate));
                return;
            }
            flow.pass(flow.passed + allowed);
            self.free = Some(free + time_of(allowed, toxic.rate));
        }
        // What comes next begins a line that is free.
        self.free = self.free.filter(|free| *free > flow.now());
    }
}

/// Bytes in a time, at kilobytes a second: so many bytes a millisecond.
fn bytes_in(time: Duration, rate: u64) -> u64 {
    u64::try_from(time.as_nanos() * u128::from(rate) / 1_000_000).unwrap_or(u64::MAX)
}

/// The time that bytes take, rounded up: no byte is early.
fn time_of(bytes: u64, rate: u64) -> Duration {
    let nanos = (u128::from(bytes) * 1_000_000).div_ceil(u128::from(rate));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
