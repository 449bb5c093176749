//! Texts, each kept once, and each inert: the one way for them into the page.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use crate::log::printable;

/// The longest text that is kept whole, in bytes.
const LONGEST: usize = 8 * 1024;
/// From how many bytes in all on texts are short.
const FULL: usize = 18_000_000;
/// The longest text then.
const SHORT: usize = 200;

/// A text, by its place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextId(u32);

impl Serialize for TextId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

/// The table of texts.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashMap<String, TextId>,
    table: Vec<String>,
    bytes: usize,
}

impl Texts {
    /// Keeps a text.
    pub fn id(&mut self, text: &str) -> TextId {
        self.bounded(text, LONGEST)
    }

    /// Keeps a document: a scenario file or a transcript.
    pub fn document(&mut self, text: &str) -> TextId {
        self.bounded(text, 16 * LONGEST)
    }

    fn bounded(&mut self, text: &str, longest: usize) -> TextId {
        let longest = if self.bytes > FULL { SHORT } else { longest };
        let end = (0..=longest.min(text.len())).rfind(|end| text.is_char_boundary(*end)).unwrap_or_default();
        let mut shown = printable(&text[..end]);
        if end < text.len() {
            shown.to_mut().push_str(&format!(" … and {} more bytes", text.len() - end));
        }
        if let Some(known) = self.known.get(shown.as_ref()) {
            return *known;
        }
        // More than four thousand million texts do not fit into the bound of the page.
        let id = TextId(u32::try_from(self.table.len()).unwrap_or(u32::MAX));
        self.bytes += shown.len();
        self.table.push(shown.clone().into_owned());
        self.known.insert(shown.into_owned(), id);
        id
    }

    /// How many bytes they are in all.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// All of them, in their order.
    pub fn into_table(self) -> Vec<String> {
        self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_bounded_and_printable() {
        let mut texts = Texts::default();
        let first = texts.id("a\u{202e}b\u{0}");
        assert_eq!(texts.id("a\u{202e}b\u{0}"), first);
        texts.id(&"ä".repeat(LONGEST));
        let table = texts.into_table();
        assert_eq!(table[0], "a\\u{202e}b\\u{0}");
        assert!(table[1].ends_with(&format!("ä … and {LONGEST} more bytes")), "{}", &table[1][table[1].len() - 40..]);
    }
}
