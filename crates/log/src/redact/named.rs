//! Values whose names were given by hand.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Values and their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    names: HashMap<String, String>,
    lengths: BTreeSet<usize>,
    first: HashMap<u8, usize>,
}

impl Named {
    /// Names a value, unless it is empty or has a name.
    pub(super) fn insert(&mut self, value: &str, name: String) {
        let Some(first) = value.bytes().next() else { return };
        if !self.names.contains_key(value) {
            self.names.insert(value.to_owned(), name);
            self.lengths.insert(value.len());
            *self.first.entry(first).or_default() += 1;
        }
    }

    /// The first value at or after `from`; where several begin, the longest that is not a part of a word.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<(Range<usize>, &str)> {
        let bytes = &text.as_bytes()[from..];
        let starts = bytes.iter().enumerate().filter(|(_, byte)| self.first.contains_key(byte));
        starts.map(|(at, _)| from + at).find_map(|start| self.at(text, start))
    }

    fn at(&self, text: &str, start: usize) -> Option<(Range<usize>, &str)> {
        self.lengths.iter().rev().find_map(|length| {
            let end = start + length;
            let value = text.get(start..end)?;
            let name = self.names.get(value)?;
            let goes_on = text[end..].starts_with(char::is_alphanumeric) && value.ends_with(char::is_alphanumeric);
            (!goes_on).then_some((start..end, name.as_str()))
        })
    }
}
