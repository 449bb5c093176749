//! A text some parts of which are final.

use std::ops::Range;

/// A text some parts of which are final: nothing is looked for in them any more.
pub(super) struct Pieces(Vec<Piece>);

enum Piece {
    Free(String),
    Final(String),
}

impl Pieces {
    pub(super) fn new(text: String) -> Self {
        Self(vec![Piece::Free(text)])
    }

    pub(super) fn into_text(self) -> String {
        let text = |piece| match piece {
            Piece::Free(text) | Piece::Final(text) => text,
        };
        self.0.into_iter().map(text).collect()
    }

    /// Looks in what is free, and puts in for each finding a kept beginning, which stays free, and something final.
    ///
    /// `find` gives the first finding at or after a place. One that is only a part of a word is none.
    pub(super) fn replace<T>(
        self,
        mut find: impl FnMut(&str, usize) -> Option<(Range<usize>, T)>,
        mut by: impl FnMut(&str, T) -> (String, String),
    ) -> Self {
        let mut pieces = Vec::new();
        let mut rest = self.0.into_iter().peekable();
        while let Some(piece) = rest.next() {
            let Piece::Free(text) = piece else {
                pieces.push(piece);
                continue;
            };
            let edges = (!pieces.is_empty(), rest.peek().is_some());
            let (mut begin, mut from) = (0, 0);
            while let Some((range, found)) = find(&text, from) {
                if !is_whole(&text, &range, edges) {
                    from = range.start + text[range.start..].chars().next().map_or(1, char::len_utf8);
                    continue;
                }
                let (kept, last) = by(&text[range.clone()], found);
                pieces.push(Piece::Free([&text[begin..range.start], &kept].concat()));
                pieces.push(Piece::Final(last));
                begin = range.end;
                from = range.end;
            }
            pieces.push(Piece::Free(text[begin..].to_owned()));
        }
        Self(pieces)
    }
}

/// Whether what is found begins and ends where words do. The edges say whether something final is beside the text: that
/// counts as part of the word, or else what is left over would look different once its neighbour has a name.
fn is_whole(text: &str, range: &Range<usize>, edges: (bool, bool)) -> bool {
    let found = &text[range.clone()];
    let begins_word = found.starts_with(|c: char| c.is_alphanumeric() || c == '/');
    let ends_word = found.ends_with(char::is_alphanumeric);
    let number = found.starts_with(|c: char| c.is_ascii_digit());
    let before = &text[..range.start];
    let touches_before = match before.chars().next_back() {
        None => edges.0,
        // An escaped line end or tabulator is no letter.
        Some('n' | 'r' | 't') if before[..before.len() - 1].ends_with('\\') => false,
        Some(c) => c.is_alphanumeric() || (number && c == '.'),
    };
    let touches_after = text[range.end..].chars().next().map_or(edges.1, char::is_alphanumeric);
    !(begins_word && touches_before || ends_word && touches_after)
}
