use std::time::{Duration, Instant};

use super::flow::{End, Flow};
use super::selection::Selection;
use crate::HitEffect;

/// Swallows the stream, and ends the connection after a time.
#[derive(Debug)]
pub(super) struct Swallow {
    end: End,
    /// From when the time counts, once that is known.
    since: Option<Instant>,
    begun: bool,
    ended: bool,
}

impl Swallow {
    /// `since` when the time has begun: else it begins with the first byte that is swallowed.
    pub fn new(end: End, since: Option<Instant>) -> Self {
        Self { end, since, begun: false, ended: false }
    }

    pub fn advance(&mut self, after: Option<Duration>, selection: Selection, flow: &mut Flow<'_, '_>) {
        while !self.begun {
            let run = flow.run(selection);
            if run.start.is_some() && (flow.has_more() || matches!(selection, Selection::All { .. })) {
                self.begun = true;
            } else if flow.has_more() {
                flow.pass(run.until);
            } else {
                return;
            }
        }
        flow.keeps_end = true;
        if flow.has_more() {
            flow.throw_away();
            self.since = self.since.or(Some(flow.now()));
        }
        let (Some(after), Some(since)) = (after, self.since) else { return };
        let at = since + after;
        if at > flow.now() {
            flow.wake = Some(at);
        } else {
            if !std::mem::replace(&mut self.ended, true) {
                let effect = if self.end == End::Reset { HitEffect::Reset } else { HitEffect::Closed };
                flow.touch(effect, flow.passed);
            }
            // Not when so much was forwarded, but now.
            flow.ending = Some((self.end, 0));
        }
    }

    /// Lets its time begin now, if it has begun.
    pub fn begin_anew(&mut self, now: Instant) {
        self.since = self.since.map(|_| now);
    }

    /// Whether it has met something.
    pub fn has_begun(&self) -> bool {
        self.begun
    }
}
