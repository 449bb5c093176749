//! Which traceback a line belongs to, and which record that one belongs to.

use super::*;

impl Assembler {
    /// The traceback that begins with this line, also where the whole of it is indented.
    pub(super) fn begin_of(&mut self, text: &Text<'_>) -> Option<Begun> {
        self.state.indent.clear();
        let line = text.kept;
        if let Some(begun) = begin(line, &|lines| self.before(lines)) {
            return Some(begun);
        }
        let indent = indent_of(line);
        if indent.len() < 2 || !may_be_heading(&line[indent.len()..]) {
            return None;
        }
        let dedent = |line| <str>::strip_prefix(line, indent).unwrap_or(line);
        let begun = begin(dedent(line), &|lines| self.before(lines).map(dedent))?;
        indent.clone_into(&mut self.state.indent);
        Some(begun)
    }

    /// Whether the line belongs to the last traceback.
    pub(super) fn goes_on(&mut self, text: &Text<'_>) -> bool {
        let Last::Kept { own, .. } = self.state.last else { return false };
        let Some(record) = self.state.current.and_then(|at| self.records.get_mut(at)) else { return false };
        let Some(traceback) = record.tracebacks.last_mut() else { return false };
        let line = text.kept.strip_prefix(self.state.indent.as_str()).unwrap_or(text.kept);
        let taken = self.state.open.as_mut().is_some_and(|open| open.take(line, traceback));
        if !taken {
            let Some(open) = Open::resume(line, traceback) else { return false };
            if !self.is_near() {
                return false;
            }
            self.state.open = Some(open);
            self.reclaim();
        }
        let said = own.is_some() && self.state.open.as_ref().is_some_and(Open::at_exception);
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
        let (Last::Kept { own: Some(_), .. }, Some(record)) = (self.state.last, self.current()) else { return false };
        let several = adjacent
            && record.tracebacks.last().and_then(|traceback| traceback.lines.last()).is_some_and(String::is_empty);
        let error = record.tracebacks.is_empty() && record.level >= Some(Level::Error) && self.state.empty == 0;
        self.heads.python_follows() && (after_head || several || error) && self.is_near()
    }

    /// A line of the current record, or of a raw stream, counted from its end; nothing from a traceback on.
    pub(super) fn before(&self, lines: usize) -> Option<&str> {
        let Last::Kept { .. } = self.state.last else { return None };
        if self.is_remembered {
            let headed = matches!(self.state.last, Last::Kept { own: Some(_), .. }) && !self.heads.is_loose();
            if headed && self.state.recent.is_last_head(lines) {
                let record = self.current().filter(|record| record.tracebacks.is_empty());
                return record.map(|record| record.message.as_str());
            }
            return self.state.recent.message(lines);
        }
        let Some(kept) = lines.checked_sub(self.state.empty) else { return Some("") };
        if let Some(line) = self.state.overflow.iter().rev().nth(kept) {
            return Some(line.text());
        }
        let kept = kept.checked_sub(self.state.overflow.len()).filter(|_| self.is_near())?;
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
        self.state.lines_ago = before as u64;
        let taken: Vec<String> = (0..before).rev().filter_map(|at| self.before(at)).map(str::to_owned).collect();
        let first = taken.iter().find(|line| !line.is_empty()).cloned();
        traceback.lines.extend(taken);
        traceback.lines.push(text.kept.to_owned());
        let found = Found { tracebacks: vec![traceback], open: Some(open) };
        self.state.recent.clear();
        if raw && before == 0 || !matches!(self.state.last, Last::Kept { .. }) {
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
        let lines = self.give_up_outside(lines.saturating_sub(self.state.empty));
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
        self.state.empty = 0;
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
        let Last::Kept { bytes, .. } = &mut self.state.last else { return };
        let Some(record) = self.state.current.and_then(|at| self.records.get_mut(at)) else { return };
        let (cost, dropped) = fit(&mut found.tracebacks, RECORD.saturating_sub(*bytes));
        *bytes += cost;
        record.dropped += dropped;
        let room = TRACEBACKS.saturating_sub(record.tracebacks.len());
        self.state.open = found.open.filter(|_| found.tracebacks.len() <= room);
        let before = record.tracebacks.len();
        record.tracebacks.extend(found.tracebacks.into_iter().take(room));
        let added = record.tracebacks.len() - before;
        self.note_lines(added);
        self.spent += cost;
    }
}

/// The spaces and tabulators that a line begins with.
fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Whether a line of text that is indented as a whole may be the heading of a dump. Nearly all are ruled out by a letter.
fn may_be_heading(text: &str) -> bool {
    const HEADINGS: [&str; 11] = [
        "goroutine ",
        "runtime stack:",
        "fatal error: ",
        "panic: runtime error: ",
        "thread '",
        "WARNING: DATA RACE",
        "PHP ",
        "Traceback (most recent call last):",
        "Unhandled exception",
        "==",
        "#0 ",
    ];
    let first = text.as_bytes().first();
    HEADINGS.iter().any(|heading| heading.as_bytes().first() == first && text.starts_with(heading))
        || text.ends_with(')') && (text.contains(":in `") || text.contains(":in '"))
}
