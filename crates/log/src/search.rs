//! Looks for bytes, many at once: the compiler makes wide instructions of a loop that does not leave early.

/// How many bytes are looked at together.
const WIDTH: usize = 32;

/// Where the first byte is that is `wanted`.
pub(super) fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    first(bytes, |byte| byte == wanted)
}

/// Where the first byte is that is one of two.
pub(super) fn position_of_two(bytes: &[u8], one: u8, other: u8) -> Option<usize> {
    first(bytes, |byte| (byte == one) | (byte == other))
}

fn first(bytes: &[u8], is_wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut begin = 0;
    let chunks = bytes.chunks_exact(WIDTH);
    for chunk in chunks {
        if chunk.iter().fold(false, |found, byte| found | is_wanted(*byte)) {
            break;
        }
        begin += WIDTH;
    }
    bytes[begin..].iter().position(|byte| is_wanted(*byte)).map(|at| begin + at)
}

/// Splits texts like `str::split_once` does, without preparing a search that is longer than most lines.
pub(super) trait Cut {
    /// What is before the first `sign`, and what is behind it.
    fn cut(&self, sign: &str) -> Option<(&str, &str)>;

    /// Where `sign` is for the first time.
    fn place_of(&self, sign: &str) -> Option<usize>;

    /// Whether `sign` is in it.
    fn holds(&self, sign: &str) -> bool {
        self.place_of(sign).is_some()
    }
}

impl Cut for str {
    #[inline]
    fn cut(&self, sign: &str) -> Option<(&str, &str)> {
        let at = self.place_of(sign)?;
        Some((&self[..at], &self[at + sign.len()..]))
    }

    #[inline]
    fn place_of(&self, sign: &str) -> Option<usize> {
        let (bytes, sign) = (self.as_bytes(), sign.as_bytes());
        // What every sentence has many of is no good thing to look for.
        let often = |byte: &u8| matches!(byte, b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'l');
        let seldom = sign.iter().position(|byte| !often(byte)).unwrap_or(0);
        let wanted = *sign.get(seldom)?;
        let begins = |at: &usize| *at >= seldom && bytes[at - seldom..].starts_with(sign);
        memchr::memchr_iter(wanted, bytes).find(begins).map(|at| at - seldom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_as_the_standard_library_does() {
        for text in ["", "a", "a: b: c", ": ", "::", "a :b", ": a", "ä: ö", "a:  b", "a]] b] c"] {
            for sign in [": ", ":  ", "::", "a", "] ", "ö"] {
                assert_eq!((text.cut(sign), text.place_of(sign)), (text.split_once(sign), text.find(sign)), "{text:?}");
            }
        }
    }

    #[test]
    fn the_first_is_found_wherever_it_is() {
        for length in 0..100 {
            let mut bytes = vec![b'x'; length];
            assert_eq!((position(&bytes, b'='), position_of_two(&bytes, b'=', b'"')), (None, None));
            for at in (0..length).rev() {
                bytes[at] = b'=';
                assert_eq!((position(&bytes, b'='), position_of_two(&bytes, b'"', b'=')), (Some(at), Some(at)));
            }
        }
    }
}
