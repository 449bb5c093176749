//! Text outside any record: lines that do not fit the format and belong to no record before them. A stack trace that follows may
//! show that they do.

use super::*;

/// How many lines in no continuation are looked back at.
pub(super) const OVERFLOW: usize = 32;

/// A line that a traceback may turn out to begin with.
#[derive(Debug)]
pub(super) enum Looked {
    /// One of the current record that was not kept, or an empty one.
    Cut(String),
    /// One that is a text outside any record, or a record by its prefix only, and how it was counted.
    Text(String, Counted, Dated),
    /// One that belongs to such a text.
    More(String),
}

impl Looked {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Cut(text) | Self::Text(text, ..) | Self::More(text) => text,
        }
    }
}

impl Assembler {
    /// Declares which lines belong to the record before them, beside indented ones and those of stack traces.
    pub(in super::super) fn continued_by(&mut self, continuation: regex::Regex) {
        self.continuation = Some(continuation);
    }

    /// Says what words mean that this program has for levels.
    pub(in super::super) fn name_levels(&mut self, words: Words) {
        self.heads.name_levels(&words);
        self.words = words;
    }

    /// Whether a line that is no head and no part of a stack trace belongs to what is before it.
    pub(super) fn belongs(&self, line: &str) -> bool {
        let message = |record: &Record| record.message.is_empty() && record.continuation.is_empty();
        line.starts_with([' ', '\t'])
            || self.continuation.as_ref().is_some_and(|continuation| continuation.is_match(line))
            || self.heads.message_follows() && !self.outside_follows() && self.current().is_some_and(message)
    }

    /// Whether text outside any record has come after the current one.
    pub(super) fn outside_follows(&self) -> bool {
        self.state.overflow.iter().any(|looked| matches!(looked, Looked::Text(..)))
    }

    /// Whether all that has come since the current record's last line can be looked back at.
    pub(super) fn is_near(&self) -> bool {
        self.state.overflow.len() < OVERFLOW
    }

    /// A text outside any record, or a record that is nothing but its line and what its prefix says.
    pub(super) fn outside(&mut self, text: &Text<'_>) {
        for _ in 0..std::mem::take(&mut self.state.empty).min(OVERFLOW) {
            self.look_back_at(Looked::Cut(String::new()));
        }
        // They may be the last ones of a message of several lines, and say which call it is about.
        self.fields_at_end(text.kept);
        let counted = Counted::of(text.envelope.map(|envelope| (envelope.level, envelope.format)));
        let time = self.time_of_text(text);
        let dated = self.tally.as_ref().map(|tally| tally.dated(time)).unwrap_or_default();
        if let Some(tally) = &mut self.tally {
            tally.text(counted, dated, self.number, text.kept);
        } else {
            let fields = match self.heads.fields_follow() && text.kept.contains('=') {
                true => trailing(text.kept).map(|(_, fields)| fields).unwrap_or_default(),
                false => Vec::new(),
            };
            let record = Record { message: text.kept.to_owned(), fields, ..self.alone(text) };
            let cost = text.kept.len().max(LINE_COST);
            if !self.afford(cost, is_urgent(&record)) && !self.wanted.affords(&record, cost) {
                self.dropped += text.total;
                self.look_back_at(Looked::Cut(text.kept.to_owned()));
                return;
            }
            self.records.push(record);
            if self.state.texts.len() >= OVERFLOW {
                self.state.texts.pop_front();
            }
            self.state.texts.push_back(self.records.len() - 1);
        }
        self.look_back_at(Looked::Text(text.kept.to_owned(), counted, dated));
    }

    /// A record that is nothing but a line.
    pub(super) fn alone(&self, text: &Text<'_>) -> Record {
        match text.envelope {
            Some(envelope) => {
                Record { level: envelope.level, target: envelope.target.map(str::to_owned), ..self.record(text) }
            }
            None => Record { outside: !self.heads.is_raw(), ..self.record(text) },
        }
    }

    /// One more line of the last text outside any record.
    pub(super) fn more_outside(&mut self, text: &Text<'_>) {
        self.state.empty = 0;
        let last = self.state.texts.back().copied();
        let fits =
            last.and_then(|at| self.records.get(at)).is_some_and(|record| record.continuation.len() < RECORD_LINES);
        if fits && self.afford(text.kept.len().max(LINE_COST), true) {
            if let Some(record) = last.and_then(|at| self.records.get_mut(at)) {
                record.continuation.push(text.kept.to_owned());
                record.dropped += text.cut;
            }
            self.look_back_at(Looked::More(text.kept.to_owned()));
        } else {
            self.dropped += if self.tally.is_none() { text.total } else { 0 };
            self.look_back_at(Looked::Cut(text.kept.to_owned()));
        }
    }

    /// Keeps a line for a traceback that may begin with it.
    pub(super) fn look_back_at(&mut self, looked: Looked) {
        if self.state.overflow.len() >= OVERFLOW {
            self.state.overflow.pop_front();
        }
        self.state.overflow.push_back(looked);
        self.state.looked += 1;
    }

    /// Takes so many lines away from what follows the current record; gives how many are left to be taken from that itself.
    pub(super) fn give_up_outside(&mut self, lines: usize) -> usize {
        for taken in 0..lines {
            match self.state.overflow.pop_back() {
                Some(Looked::Text(text, counted, dated)) => self.forget_text(&text, counted, dated),
                Some(Looked::More(_)) => {
                    let last = self.state.texts.back().copied();
                    last.and_then(|at| self.records.get_mut(at)).and_then(|record| record.continuation.pop());
                }
                Some(Looked::Cut(_)) => {}
                None => return lines - taken,
            }
        }
        0
    }

    /// The text outside that follows the current record belongs to it after all: a stack trace of it goes on behind.
    pub(super) fn reclaim(&mut self) {
        let lines: Vec<Looked> = self.state.overflow.drain(..).collect();
        for line in lines {
            match line {
                Looked::Text(text, counted, dated) => {
                    self.forget_text(&text, counted, dated);
                    self.current_mut().into_iter().for_each(|record| record.continuation.push(text.clone()));
                }
                Looked::More(text) => {
                    self.current_mut().into_iter().for_each(|record| record.continuation.push(text.clone()))
                }
                Looked::Cut(_) => {}
            }
        }
    }

    /// A text outside is none.
    pub(super) fn forget_text(&mut self, text: &str, counted: Counted, dated: Dated) {
        if let Some(tally) = &mut self.tally {
            tally.forget(counted, dated, text);
        } else if let Some(at) = self.state.texts.pop_back() {
            self.remove(at);
        }
    }
}
