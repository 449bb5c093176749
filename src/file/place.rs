//! Where a byte of a file is for people.

/// The number of the line that a byte of a text is in, from 1.
pub(crate) fn line_of(source: &str, byte: usize) -> usize {
    1 + source.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

#[test]
fn lines_are_counted_from_one_and_end_with_their_newline() {
    assert_eq!([0, 1, 2, 3, 99].map(|byte| line_of("a\nb\n", byte)), [1, 1, 2, 2, 3]);
}
