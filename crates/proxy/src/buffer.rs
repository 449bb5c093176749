//! Bytes that wait to be forwarded, in pieces: none is moved when those before it go.

use std::collections::VecDeque;

/// The size of a piece, where little comes at a time.
const PIECE: usize = 16 * 1024;

#[derive(Debug, Default)]
pub(super) struct Buffer {
    pieces: VecDeque<Vec<u8>>,
    /// How much of the first piece has gone.
    gone: usize,
    length: usize,
}

impl Buffer {
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        let mut rest = bytes;
        if let Some(last) = self.pieces.back_mut() {
            let (fits, more) = rest.split_at(rest.len().min(last.capacity() - last.len()));
            last.extend_from_slice(fits);
            rest = more;
        }
        if !rest.is_empty() {
            let mut piece = Vec::with_capacity(rest.len().max(PIECE));
            piece.extend_from_slice(rest);
            self.pieces.push_back(piece);
        }
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.pieces.iter().map(Vec::capacity).sum()
    }

    /// The first bytes, as many as lie together.
    pub fn front(&self) -> &[u8] {
        self.pieces.front().map_or(&[], |piece| &piece[self.gone..])
    }

    /// Takes the first bytes out.
    pub fn consume(&mut self, count: usize) {
        self.length -= count;
        self.gone += count;
        while let Some(first) = self.pieces.front()
            && self.gone >= first.len()
        {
            self.gone -= first.len();
            self.pieces.pop_front();
        }
        if self.length == 0 {
            // An idle connection keeps no memory.
            *self = Self::default();
        }
    }

    /// Keeps the first bytes only; how many are gone.
    pub fn truncate(&mut self, keep: usize) -> usize {
        let dropped = self.length.saturating_sub(keep);
        let mut more = dropped;
        while more > 0
            && let Some(last) = self.pieces.back_mut()
        {
            let here = more.min(last.len());
            last.truncate(last.len() - here);
            more -= here;
            if last.is_empty() {
                self.pieces.pop_back();
            }
        }
        self.length -= dropped;
        if self.length == 0 {
            *self = Self::default();
        }
        dropped
    }

    /// Lets `change` see every byte of a range.
    pub fn change(&mut self, from: usize, to: usize, change: impl Fn(&mut u8)) {
        let mut begin = 0;
        for (index, piece) in self.pieces.iter_mut().enumerate() {
            let bytes = if index == 0 { &mut piece[self.gone..] } else { &mut piece[..] };
            let length = bytes.len();
            let (first, last) = (from.saturating_sub(begin).min(length), to.saturating_sub(begin).min(length));
            if first < last {
                bytes[first..last].iter_mut().for_each(&change);
            }
            begin += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(buffer: &Buffer) -> Vec<u8> {
        let mut bytes: Vec<u8> = buffer.pieces.iter().flatten().copied().collect();
        bytes.drain(..buffer.gone);
        bytes
    }

    #[test]
    fn it_holds_what_a_plain_vector_would() {
        let mut random = fastrand::Rng::with_seed(3);
        let (mut buffer, mut plain) = (Buffer::default(), Vec::new());
        for _ in 0..3000 {
            match random.u8(0..5) {
                0 | 1 => {
                    let new: Vec<u8> = (0..random.usize(0..3 * PIECE)).map(|_| random.u8(..)).collect();
                    buffer.push(&new);
                    plain.extend(new);
                }
                2 => {
                    let count = random.usize(0..=plain.len().min(2 * PIECE));
                    buffer.consume(count);
                    plain.drain(..count);
                }
                3 => {
                    let keep = random.usize(0..=plain.len() + 5);
                    assert_eq!(buffer.truncate(keep), plain.len().saturating_sub(keep));
                    plain.truncate(keep);
                }
                _ => {
                    let from = random.usize(0..=plain.len());
                    let to = random.usize(from..=plain.len());
                    buffer.change(from, to, |byte| *byte ^= 0xff);
                    plain[from..to].iter_mut().for_each(|byte| *byte ^= 0xff);
                }
            }
            assert_eq!((buffer.len(), buffer.is_empty()), (plain.len(), plain.is_empty()));
            assert!(plain.starts_with(buffer.front()) && buffer.front().is_empty() == plain.is_empty());
            if plain.len() > 20 * PIECE {
                assert_eq!(all(&buffer), plain);
                buffer.consume(plain.len());
                plain.clear();
            }
        }
    }
}
