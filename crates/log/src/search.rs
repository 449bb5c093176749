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

#[cfg(test)]
mod tests {
    use super::*;

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
