//! Bytes to lines, whatever the chunks.

use super::bounds::LINE_SEEN;
use super::search::position;

/// Puts lines together from chunks of bytes.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// How many bytes of that line were not kept.
    skipped: u64,
}

/// One line without its newline, as far as it was kept.
pub(super) struct Line<'a> {
    /// The first bytes of it.
    pub(super) bytes: &'a [u8],
    /// How many bytes followed.
    pub(super) skipped: u64,
}

impl Lines {
    /// Gives every line that these bytes complete to `each`.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = position(bytes, b'\n') {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            if self.begun.is_empty() && line.len() <= LINE_SEEN {
                each(Line { bytes: line, skipped: 0 });
            } else {
                self.keep(line);
                self.end(&mut each);
            }
            bytes = rest;
        }
        self.keep(bytes);
    }

    /// So many bytes of the line that has begun are not there.
    pub(super) fn skip(&mut self, bytes: u64) {
        self.skipped += bytes;
    }

    /// Gives the last line, if it has no newline, to `each`.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if !self.begun.is_empty() {
            self.end(&mut each);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = (LINE_SEEN - self.begun.len()).min(bytes.len());
        self.begun.extend_from_slice(&bytes[..room]);
        self.skipped += (bytes.len() - room) as u64;
    }

    fn end(&mut self, each: &mut impl FnMut(Line<'_>)) {
        each(Line { bytes: &self.begun, skipped: self.skipped });
        self.begun.clear();
        self.skipped = 0;
    }
}
