//! Which bytes of a stream a toxic is about.

use std::collections::VecDeque;

use crate::toxics::Serial;

/// A request or an answer that toxics have chosen.
#[derive(Debug, Clone)]
struct Message {
    start: u64,
    /// Where it ends, once that has come.
    end: Option<u64>,
    /// Who chose it.
    chosen: Vec<Serial>,
}

/// The messages of a stream that toxics have chosen, in order.
#[derive(Debug, Default)]
pub(crate) struct Messages(VecDeque<Message>);

impl Messages {
    pub fn begin(&mut self, start: u64, chosen: Vec<Serial>) {
        if !chosen.is_empty() {
            self.0.push_back(Message { start, end: None, chosen });
        }
    }

    /// The newest message ends, if it was chosen.
    pub fn end(&mut self, at: u64) {
        if let Some(open) = self.0.back_mut().filter(|message| message.end.is_none()) {
            open.end = Some(at);
        }
    }

    /// Forgets those that have gone.
    pub fn forget_before(&mut self, offset: u64) {
        while self.0.front().is_some_and(|first| first.end.is_some_and(|end| end <= offset)) {
            self.0.pop_front();
        }
    }
}

/// A run of bytes that a toxic is about, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Where what it is about begins; nothing where it is not about these bytes.
    pub start: Option<u64>,
    /// Where the run ends, as far as that is known.
    pub until: u64,
}

/// What a toxic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selection {
    Nothing,
    /// All from an offset on.
    All {
        from: u64,
    },
    /// The messages that it has chosen.
    Chosen(Serial),
}

impl Selection {
    /// The run that a byte belongs to.
    pub fn at(self, offset: u64, messages: &Messages) -> Run {
        match self {
            Self::Nothing => Run { start: None, until: u64::MAX },
            Self::All { from } => Run { start: Some(from), until: u64::MAX },
            Self::Chosen(serial) => {
                let mut own = messages.0.iter().filter(|message| message.chosen.contains(&serial));
                let next = own.find(|message| message.end.is_none_or(|end| offset < end));
                match next {
                    None => Run { start: None, until: u64::MAX },
                    Some(message) if offset < message.start => Run { start: None, until: message.start },
                    Some(message) => Run { start: Some(message.start), until: message.end.unwrap_or(u64::MAX) },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_belongs_to_the_message_around_it() {
        let mut messages = Messages::default();
        messages.begin(10, vec![1]);
        messages.end(20);
        messages.begin(20, vec![2]);
        messages.end(25);
        messages.begin(30, vec![1, 2]);
        let at = |offset| Selection::Chosen(1).at(offset, &messages);
        assert_eq!(at(5), Run { start: None, until: 10 });
        assert_eq!(at(10), Run { start: Some(10), until: 20 });
        assert_eq!(at(20), Run { start: None, until: 30 });
        assert_eq!(at(31), Run { start: Some(30), until: u64::MAX });
        assert_eq!(Selection::Chosen(3).at(10, &messages), Run { start: None, until: u64::MAX });
        messages.forget_before(25);
        assert_eq!(messages.0.len(), 1);
    }
}
