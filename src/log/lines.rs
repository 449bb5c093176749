//! From bytes in any chunks to lines of bounded length.

/// The longest line that is kept; the rest of it is counted.
const LINE_BOUND: usize = 16 * 1024;

/// A complete line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its text, without its end, without colours; what is no UTF-8 is replaced.
    pub text: String,
    /// Bytes of it that were not kept.
    pub dropped: u64,
}

/// Splits a stream into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    open: Vec<u8>,
    dropped: u64,
}

impl Lines {
    /// Takes bytes in; gives every line that is complete now.
    pub fn feed(&mut self, bytes: &[u8], mut line: impl FnMut(Line)) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.keep(&rest[..end]);
            rest = &rest[end + 1..];
            line(self.take());
        }
        self.keep(rest);
    }

    /// The last line, if the stream ended without a line end.
    pub fn finish(&mut self) -> Option<Line> {
        (!self.open.is_empty()).then(|| self.take())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_BOUND - self.open.len();
        let kept = bytes.len().min(room);
        self.open.extend_from_slice(&bytes[..kept]);
        self.dropped += (bytes.len() - kept) as u64;
    }

    fn take(&mut self) -> Line {
        if self.open.last() == Some(&b'\r') {
            self.open.pop();
        }
        let text = String::from_utf8_lossy(&self.open);
        let text = if text.contains('\x1b') { without_colours(&text) } else { text.into_owned() };
        self.open.clear();
        Line { text, dropped: std::mem::take(&mut self.dropped) }
    }
}

/// Removes ANSI control sequences: `ESC [ … letter`.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\x1b' && chars.peek() == Some(&'[') {
            chars.next();
            for inner in chars.by_ref() {
                if ('@'..='~').contains(&inner) {
                    break;
                }
            }
        } else if c != '\x1b' {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        chunks.iter().for_each(|chunk| lines.feed(chunk, |line| found.push(line.text)));
        found.extend(lines.finish().map(|line| line.text));
        found
    }

    #[test]
    fn line_ends_colours_and_bytes_of_any_kind() {
        assert_eq!(texts(&[b"a\r\n\x1b[32mb\x1b[0m\n\xff\n", b"c"]), ["a", "b", "\u{fffd}", "c"]);
        assert_eq!(texts(&[b"a", b"b\n", b"", b"c\n\n"]), ["ab", "c", ""]);
    }

    #[test]
    fn a_line_without_end_stays_bounded() {
        let mut lines = Lines::default();
        for _ in 0..100 {
            lines.feed(&[b'x'; 100_000], |_| panic!("no line is complete"));
        }
        let line = lines.finish().expect("one line");
        assert_eq!((line.text.len(), line.dropped), (LINE_BOUND, 10_000_000 - LINE_BOUND as u64));
    }
}
