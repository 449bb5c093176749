//! The times with which lines begin.

/// How long the time at the beginning of `text` is, in the shapes that logs use; in brackets, too. A space, a tabulator or
/// the end follows it.
pub(super) fn time(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let open = usize::from(*bytes.first()? == b'[');
    if !bytes.get(open)?.is_ascii_digit() {
        return None;
    }
    let end = bare(bytes, open)?;
    if open == 1 {
        return (bytes.get(end) == Some(&b']')).then_some(end + 1);
    }
    matches!(bytes.get(end), Some(b' ' | b'\t') | None).then_some(end)
}

/// Where the time ends that begins at `from`, whatever follows.
pub(super) fn bare(bytes: &[u8], from: usize) -> Option<usize> {
    const DATES: [&[u8]; 3] = [b"0000-00-00T00:00:00", b"0000/00/00T00:00:00", b"00/00/00T00:00:00"];
    let date = DATES.iter().find(|shape| fits(bytes, from, shape)).map(|shape| from + shape.len());
    let mut end = match date {
        Some(end) => end,
        None if fits(bytes, from, b"00:00:00") => from + 8,
        None => return None,
    };
    end += bytes[end..].iter().take_while(|byte| byte.is_ascii_digit() || b",.+:Z-".contains(byte)).count();
    // A zone may be apart.
    if date.is_some() && (fits(bytes, end, b" +00:00") || fits(bytes, end, b" -00:00")) {
        end += 7;
    }
    Some(end)
}

/// How long the time at the beginning is, as `Nov 25 22:00:00`.
pub(super) fn month_first(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let month = MONTHS.contains(&bytes.get(..3)?);
    let shape = fits(bytes, 3, b" 00 00:00:00 ") || fits(bytes, 3, b"  0 00:00:00 ");
    (month && shape).then_some(15)
}

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Whether the line is the first of the two that `java.util.logging` writes: `Nov 25, 2026 10:13:54 PM a.b.C method`
pub(super) fn of_java(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    if !MONTHS.contains(&bytes.get(..3)?) || bytes.get(3) != Some(&b' ') {
        return None;
    }
    let (_, rest) = text.get(4..)?.split_once(", ")?;
    let (year, rest) = rest.split_once(' ')?;
    let (clock, rest) = rest.split_once(' ')?;
    let (half, method) = rest.split_once(' ')?;
    let clocked = clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    (year.len() == 4 && clocked && matches!(half, "AM" | "PM")).then_some(method)
}

/// Whether the bytes at `from` have this shape: `0` is any digit, `T` a space or a `T`.
pub(super) fn fits(bytes: &[u8], from: usize, shape: &[u8]) -> bool {
    bytes.get(from..from + shape.len()).is_some_and(|found| {
        found.iter().zip(shape).all(|(byte, kind)| match kind {
            b'0' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b' '),
            other => byte == other,
        })
    })
}
