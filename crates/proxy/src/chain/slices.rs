use std::time::Instant;

use super::flow::Flow;
use super::selection::Selection;
use crate::HitEffect;
use crate::chance::Chance;
use crate::toxic::Slicer;

/// Lets the stream pass in slices, with a delay after each. Where they end depends on the stream's offset alone, not on how
/// its bytes come.
#[derive(Debug, Default)]
pub(super) struct Slices {
    /// Where the slice that passes now began and ends.
    slice: Option<(u64, u64)>,
    /// When it should begin, and when it may.
    due: Option<Instant>,
    next: Option<Instant>,
    /// Nothing waited when it was looked at last.
    idle: bool,
}

impl Slices {
    /// Passes at most one slice: each is to be written for itself.
    pub fn advance(&mut self, toxic: &Slicer, chance: Chance, selection: Selection, flow: &mut Flow<'_, '_>) {
        if !flow.has_more() {
            return;
        }
        if std::mem::take(&mut self.idle) {
            // What comes now is not late.
            self.next = self.next.filter(|next| *next > flow.now());
            self.due = self.next;
        }
        let run = flow.run(selection);
        if run.start.is_none() {
            flow.pass(run.until);
            if flow.has_more() {
                // The slices begin behind it.
                flow.wake = Some(flow.now());
            }
            return;
        }
        if let Some(next) = self.next.filter(|next| *next > flow.now()) {
            flow.wake = Some(next);
            return;
        }
        flow.touch(HitEffect::Delayed, flow.passed);
        let slice = self.slice.filter(|(start, end)| (*start..*end).contains(&flow.passed));
        let (start, end) = slice.unwrap_or_else(|| (flow.passed, flow.passed + size(toxic, chance, flow.passed)));
        self.slice = Some((start, end));
        flow.pass(end.min(run.until));
        if flow.passed == end || flow.passed == run.until {
            let delay = toxic.delay;
            // On time by the clock, not by when it came to be done: the delays do not add up their errors. What was lost when the
            // machine was busy is made good little by little: no delay is shorter than half of what it should be.
            let due = self.due.unwrap_or(flow.now()) + delay;
            self.due = Some(due);
            self.next = Some(due.max(flow.now() + delay / 2));
        }
        self.idle = !flow.has_more();
        if !self.idle {
            flow.wake = self.next.or(Some(flow.now()));
        }
    }
}

/// The size of the slice that begins at an offset.
fn size(toxic: &Slicer, chance: Chance, offset: u64) -> u64 {
    // Both are checked; while the toxic is changed, too.
    let least = toxic.average_size.saturating_sub(toxic.size_variation).max(1);
    least + chance.up_to(toxic.size_variation.saturating_mul(2), offset)
}
