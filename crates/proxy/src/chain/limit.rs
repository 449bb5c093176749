use super::flow::{End, Flow};
use super::selection::Selection;
use crate::HitEffect;
use crate::toxic::LimitData;

/// Lets so many bytes pass, and then ends the connection.
#[derive(Debug, Default)]
pub(super) struct Limit {
    reached: bool,
}

impl Limit {
    pub fn advance(&mut self, toxic: &LimitData, selection: Selection, flow: &mut Flow<'_, '_>) {
        while flow.has_more() {
            let run = flow.run(selection);
            let Some(start) = run.start else {
                flow.pass(run.until);
                continue;
            };
            // Not before a byte that has gone already, where the limit was lowered.
            let last = start.saturating_add(toxic.bytes).max(flow.passed);
            flow.pass(last.min(run.until));
            if flow.passed < last {
                continue;
            }
            if !std::mem::replace(&mut self.reached, true) {
                flow.touch(HitEffect::Closed, flow.passed);
            }
            flow.ending = Some((End::Close, flow.passed));
            flow.keeps_end = true;
            return;
        }
        // All that may pass has, and the stream ends or goes on there: it is ended at once, as soon as that is known.
        if self.reached {
            flow.ending = Some((End::Close, flow.passed));
            flow.keeps_end = true;
        }
    }
}
