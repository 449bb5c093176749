//! How much of it all is kept.

use super::*;

impl Assembler {
    /// Whether the last record has room for this line; if not, it is counted.
    pub(super) fn extend(&mut self, text: &Text<'_>) -> bool {
        let cost = text.kept.len().max(LINE_COST);
        let urgent = self.current().is_some_and(is_urgent);
        if !self.fits(text) {
            self.make_room();
        }
        let fits = self.fits(text);
        let keep = fits && self.afford(cost, urgent);
        if let Last::Kept { bytes, lines, .. } = &mut self.state.last
            && keep
        {
            *bytes += text.kept.len() + 1;
            *lines += 1;
        }
        self.lose(if keep { text.cut } else { text.total });
        keep
    }

    pub(super) fn fits(&self, text: &Text<'_>) -> bool {
        match self.state.last {
            Last::Kept { bytes, lines, .. } => bytes + text.kept.len() < RECORD && lines < RECORD_LINES,
            _ => false,
        }
    }

    pub(super) fn lose(&mut self, bytes: u64) {
        if let Some(record) = self.current_mut() {
            record.dropped += bytes;
        }
    }

    /// Whether there is room for so many bytes more. Once there was none, only what is urgent gets some.
    pub(super) fn afford(&mut self, cost: usize, urgent: bool) -> bool {
        self.full |= self.spent + cost > READER;
        let (spent, bound) = if self.full { (&mut self.reserve_spent, RESERVE) } else { (&mut self.spent, READER) };
        let affordable = (!self.full || urgent) && *spent + cost <= bound;
        if affordable {
            *spent += cost;
        }
        affordable
    }
}

pub(super) fn is_urgent(record: &Record) -> bool {
    record.level >= Some(Level::Warn) || record.outside || !record.tracebacks.is_empty()
}

/// Cuts the lines of the tracebacks down to so many bytes; gives how many bytes are left, and how many were cut off.
pub(super) fn fit(tracebacks: &mut [Traceback], room: usize) -> (usize, u64) {
    let (mut kept, mut dropped) = (0, 0);
    for traceback in tracebacks {
        traceback.lines.retain(|line| {
            let fits = kept + line.len() < room;
            kept += if fits { line.len() + 1 } else { 0 };
            dropped += if fits { 0 } else { line.len() as u64 + 1 };
            fits
        });
    }
    (kept, dropped)
}
