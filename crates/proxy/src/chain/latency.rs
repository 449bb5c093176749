use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::flow::Flow;
use super::selection::Selection;
use crate::HitEffect;
use crate::chance::Chance;
use crate::toxic::Latency;

/// Lets every byte pass a time after it came. The order is kept: none overtakes the one before it.
#[derive(Debug)]
pub(super) struct Delay {
    waiting: VecDeque<Piece>,
    taken: u64,
}

/// What came at once, and waits. Its delay is that of the toxic when it is asked: a change is in effect for what is under way.
#[derive(Debug)]
struct Piece {
    start: u64,
    end: u64,
    came: Instant,
    delayed: bool,
}

impl Delay {
    pub fn new(offset: u64) -> Self {
        Self { waiting: VecDeque::new(), taken: offset }
    }

    pub fn advance(&mut self, toxic: &Latency, chance: Chance, selection: Selection, flow: &mut Flow<'_, '_>) {
        while self.taken < flow.input {
            let run = selection.at(self.taken, flow.stream.messages);
            let end = run.until.min(flow.input);
            let delayed = run.start.is_some();
            if delayed {
                flow.touch(HitEffect::Delayed, self.taken);
            }
            self.waiting.push_back(Piece { start: self.taken, end, came: flow.now(), delayed });
            self.taken = end;
        }
        while let Some(piece) = self.waiting.front() {
            let delay = if piece.delayed { delay(toxic, chance, piece.start) } else { Duration::ZERO };
            let at = piece.came + delay;
            if at > flow.now() {
                flow.wake = Some(at);
                return;
            }
            flow.pass(piece.end);
            self.waiting.pop_front();
        }
    }

    pub fn cut_to(&mut self, offset: u64) {
        *self = Self::new(offset);
    }
}

/// The delay of what comes at an offset.
fn delay(toxic: &Latency, chance: Chance, offset: u64) -> Duration {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let (latency, jitter) = (micros(toxic.latency), micros(toxic.jitter));
    let drawn = chance.up_to(jitter.saturating_mul(2), offset);
    Duration::from_micros(latency.saturating_add(drawn).saturating_sub(jitter))
}
