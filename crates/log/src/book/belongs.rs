//! Which traceback a line belongs to, and which record that one belongs to.

use super::*;

impl Book {
    /// Whether the line belongs to the last traceback.
    pub(super) fn goes_on(&mut self, text: &Text<'_>) -> bool {
        let Last::Kept { own, .. } = self.last else { return false };
        let Some(at) = self.records.len().checked_sub(self.texts + 1) else { return false };
        let Some(traceback) = self.records[at].tracebacks.last_mut() else { return false };
        let taken = self.open.as_mut().is_some_and(|open| open.take(text.kept, traceback));
        if !taken {
            let Some(open) = Open::resume(text.kept, traceback) else { return false };
            if !self.is_near() {
                return false;
            }
            self.open = Some(open);
            self.reclaim();
        }
        let said = own.is_some() && self.open.as_ref().is_some_and(Open::at_exception);
        let fields = said.then(|| self.fields_at_end(text.kept)).flatten();
        let keep = self.extend(text);
        let Some(traceback) = self.current_mut().and_then(|record| record.tracebacks.last_mut()) else {
            return true;
        };
        if let Some(fields) = fields.map(|at| text.kept[at..].trim_end()) {
            for said in [Some(&mut traceback.message), traceback.cause.as_mut()].into_iter().flatten() {
                said.truncate(said.strip_suffix(fields).unwrap_or(said).len());
            }
        }
        if keep && traceback.lines.len() < TRACEBACK_LINES {
            traceback.lines.push(text.kept.to_owned());
        } else if keep {
            self.lose(text.total - text.cut.min(text.total));
        }
        true
    }

    /// Whether a traceback that could stand by itself was logged with the last record: it follows the head at once, or the
    /// record's traceback after an empty line, or else an error that says something on several lines.
    pub(super) fn is_logged(&self, after_head: bool, adjacent: bool) -> bool {
        let (Last::Kept { own: Some(_), .. }, Some(record)) = (self.last, self.current()) else { return false };
        let several = adjacent
            && record.tracebacks.last().and_then(|traceback| traceback.lines.last()).is_some_and(String::is_empty);
        let error = record.tracebacks.is_empty() && record.level >= Some(Level::Error) && self.empty == 0;
        self.heads.python_follows() && (after_head || several || error) && self.is_near()
    }

    /// A line of the current record, or of a raw stream, counted from its end; nothing from a traceback on.
    pub(super) fn before(&self, lines: usize) -> Option<&str> {
        let Last::Kept { .. } = self.last else { return None };
        if self.heads.is_raw() {
            let mut last = self.records.iter().rev().take(lines + 1).take_while(|record| record.tracebacks.is_empty());
            return last.nth(lines).map(|record| record.message.as_str());
        }
        let Some(kept) = lines.checked_sub(self.empty) else { return Some("") };
        if let Some(line) = self.overflow.iter().rev().nth(kept) {
            return Some(line.text());
        }
        let kept = kept.checked_sub(self.overflow.len()).filter(|_| self.is_near())?;
        let record = self.current()?;
        match record.continuation.len().checked_sub(kept) {
            Some(0) => Some(record.message.as_str()).filter(|_| record.tracebacks.is_empty()),
            Some(from_begin) => record.continuation.get(from_begin - 1).map(String::as_str),
            None => None,
        }
    }

    /// A traceback begins: where it belongs to the last record it is attached, otherwise it is a record of its own.
    pub(super) fn begin(&mut self, begun: Begun, text: &Text<'_>, logged: bool) {
        let raw = self.heads.is_raw();
        let Begun { open, mut traceback, alone, before } = begun;
        self.lines_ago = before as u64;
        let taken: Vec<String> = (0..before).rev().filter_map(|at| self.before(at)).map(str::to_owned).collect();
        let first = taken.iter().find(|line| !line.is_empty()).cloned();
        traceback.lines.extend(taken);
        traceback.lines.push(text.kept.to_owned());
        let found = Found { tracebacks: vec![traceback], open: Some(open) };
        if raw && before == 0 || !matches!(self.last, Last::Kept { .. }) {
            self.raw(found, text);
        } else if raw || self.give_up(before) || logged || !(alone || self.outside_follows()) {
            self.reclaim();
            self.attach(found, text);
        } else {
            self.raw_with(first.unwrap_or_else(|| text.kept.to_owned()), found, text);
        }
    }

    /// Takes so many lines away from the end of the current record and of what follows it, with the empty ones before them; gives
    /// whether its very message was one of them.
    pub(super) fn give_up(&mut self, lines: usize) -> bool {
        let lines = self.give_up_outside(lines.saturating_sub(self.empty));
        let Some(record) = self.current_mut() else { return false };
        let left = record.continuation.len().saturating_sub(lines);
        let message = lines > record.continuation.len();
        if lines > 0 {
            record.continuation.truncate(left);
            while record.continuation.last().is_some_and(String::is_empty) {
                record.continuation.pop();
            }
        }
        message
    }

    /// Attaches the traceback that begins with this line to the current record.
    pub(super) fn attach(&mut self, found: Found, text: &Text<'_>) {
        self.empty = 0;
        if self.extend(text) {
            self.attach_found(found);
        } else {
            // It is noticed, whatever room there is.
            let tracebacks = found.tracebacks.into_iter().map(|traceback| Traceback { lines: Vec::new(), ..traceback });
            self.attach_found(Found { tracebacks: tracebacks.collect(), open: found.open });
        }
    }

    pub(super) fn attach_found(&mut self, mut found: Found) {
        if found.tracebacks.is_empty() {
            return;
        }
        if self.current().is_some_and(|record| record.tracebacks.len() >= TRACEBACKS / 2) {
            self.make_room();
        }
        let Some(at) = self.records.len().checked_sub(self.texts + 1) else { return };
        let Last::Kept { bytes, .. } = &mut self.last else { return };
        let record = &mut self.records[at];
        let (cost, dropped) = fit(&mut found.tracebacks, RECORD.saturating_sub(*bytes));
        *bytes += cost;
        record.dropped += dropped;
        let room = TRACEBACKS.saturating_sub(record.tracebacks.len());
        self.open = found.open.filter(|_| found.tracebacks.len() <= room);
        let before = record.tracebacks.len();
        record.tracebacks.extend(found.tracebacks.into_iter().take(room));
        let added = record.tracebacks.len() - before;
        self.note_lines(added);
        self.spent += cost;
    }
}
