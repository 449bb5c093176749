//! The times with which lines begin.

/// How long the time at the beginning of `text` is, in the shapes that logs use; in brackets, too. A space, a tabulator or
/// the end follows it.
pub(crate) fn time(text: &str) -> Option<usize> {
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
pub(crate) fn bare(bytes: &[u8], from: usize) -> Option<usize> {
    let date = match usual_date(bytes, from) {
        true => Some(from + 19),
        false => fits(bytes, from, b"00/00/00T00:00:00").then_some(from + 17),
    };
    let mut end = match date {
        Some(end) => end,
        None if fits(bytes, from, b"00:00:00") => from + 8,
        None => return None,
    };
    let more = |byte: &&u8| matches!(byte, b'0'..=b'9' | b',' | b'.' | b'+' | b':' | b'Z' | b'-');
    end += bytes[end..].iter().take_while(more).count();
    // A zone may be apart.
    if date.is_some() && (fits(bytes, end, b" +00:00") || fits(bytes, end, b" -00:00")) {
        end += 7;
    }
    Some(end)
}

/// Whether `0000-00-00T00:00:00` or `0000/00/00T00:00:00` begins at `from`.
pub(crate) fn usual_date(bytes: &[u8], from: usize) -> bool {
    let Some(found) = bytes.get(from..from + 19) else { return false };
    const DIGITS: [usize; 14] = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18];
    let signs = matches!(found[4], b'-' | b'/') & (found[7] == found[4]) & matches!(found[10], b'T' | b' ');
    signs && found[13] == b':' && found[16] == b':' && DIGITS.iter().all(|at| found[*at].is_ascii_digit())
}

/// Where the time ends that begins at `from`, in any shape that some logger writes; with its fraction and its zone.
pub(crate) fn moment(bytes: &[u8], from: usize) -> Option<usize> {
    /// With a day, `0` being any digit, `T` a space or a `T`, `A` a letter; those that others begin like come later.
    const DAYS: [&[u8]; 33] = [
        b"0000-00-00T00:00:00",
        b"0000/00/00T00:00:00",
        b"0000.00.00T00:00:00",
        b"0000.00.00-00.00.00",
        b"0000-00-00-00:00:00",
        b"0000-00-00, 00:00:00",
        b"00/00/00T00:00:00",
        b"00-00-0000T00:00:00",
        b"00.00.0000T00:00:00",
        b"00/00/0000T00:00:00",
        b"00.00.0000, 00:00:00",
        b"00.0.0000, 00:00:00",
        b"0.00.0000, 00:00:00",
        b"0.0.0000, 00:00:00",
        b"00-00-0000, 00:00:00",
        b"0000/00/00, 00:00:00",
        b"00/00/0000, 00:00:00",
        b"00/00/0000, 0:00:00",
        b"0/00/0000, 00:00:00",
        b"0/00/0000, 0:00:00",
        b"0/0/0000, 00:00:00",
        b"0/0/0000, 0:00:00",
        b"00-AAA-0000T00:00:00",
        b"00-AAA-0000::00:00:00",
        b"0-AAA-0000::00:00:00",
        b"00 AAA 0000 00:00:00",
        b"00 AAA 00:00:00",
        b"00/AAA/0000T00:00:00",
        b"00/AAA/0000:00:00:00",
        b"00AAA0000 00:00:00",
        b"00000000T00:00:00",
        b"00000000T000000",
        b"00-00T00:00:00",
    ];
    let first = *bytes.get(from)?;
    if first.is_ascii_alphabetic() {
        return named_first(bytes, from);
    }
    if !first.is_ascii_digit() {
        return None;
    }
    // Nearly all have one of the first, or only the time of the day.
    let dated = match bytes.get(from + 2) {
        _ if usual_date(bytes, from) => Some(from + 19),
        Some(b':') => None,
        _ => DAYS.iter().find(|shape| fits(bytes, from, shape)).map(|shape| from + shape.len()),
    };
    let end = match dated {
        Some(end) => end,
        None if fits(bytes, from, b"00:00:00") => from + 8,
        None if fits(bytes, from, b"000000 00:00:00") || fits(bytes, from, b"000000  0:00:00") => from + 15,
        None if fits(bytes, from, b"00-00|00:00:00") => from + 14,
        None => return seconds(bytes, from),
    };
    Some(zoned(bytes, fraction(bytes, end), dated.is_some()))
}

/// `Nov 25 22:00:00`, `Nov 25, 2026 10:13:54 PM`, `Wed Nov 25 22:00:00.123456 2026`, `Wed, 25 Nov 2026 22:00:00`
fn named_first(bytes: &[u8], from: usize) -> Option<usize> {
    const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    let name = bytes.get(from..from + 3)?;
    if DAYS.contains(&name) {
        if bytes.get(from + 3) == Some(&b',') && bytes.get(from + 4) == Some(&b' ') {
            return moment(bytes, from + 5).filter(|_| bytes.get(from + 5).is_some_and(u8::is_ascii_digit));
        }
        let month = (bytes.get(from + 3) == Some(&b' ')).then_some(from + 4)?;
        return named_first(bytes, month).filter(|_| MONTHS.contains(&&bytes[month..month + 3]));
    }
    if !MONTHS.contains(&name) {
        return None;
    }
    const SHAPES: [&[u8]; 8] = [
        b" 00 00:00:00",
        b"  0 00:00:00",
        b" 00, 0000 00:00:00",
        b" 00, 0000 0:00:00",
        b" 0, 0000 00:00:00",
        b" 0, 0000 0:00:00",
        b" 00 0000 00:00:00",
        b" 00 0000, 00:00:00",
    ];
    let shape = SHAPES.iter().find(|shape| fits(bytes, from + 3, shape))?;
    let mut end = fraction(bytes, from + 3 + shape.len());
    // Apache has the year at the end.
    if fits(bytes, end, b" 0000") && !bytes.get(end + 5).is_some_and(u8::is_ascii_alphanumeric) {
        end += 5;
    }
    Some(zoned(bytes, end, true))
}

/// `.123456`, `,123`, `:123` behind the seconds, or nothing.
fn fraction(bytes: &[u8], end: usize) -> usize {
    let digits = |from: usize| bytes[from.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    match bytes.get(end) {
        Some(b'.' | b',' | b':') if digits(end + 1) > 0 => end + 1 + digits(end + 1),
        _ => end,
    }
}

/// The zone, half of the day, or nothing. Names of zones stand behind a whole date only.
fn zoned(bytes: &[u8], end: usize, dated: bool) -> usize {
    const NAMES: [&[u8]; 18] = [
        b"UTC", b"GMT", b"CET", b"CEST", b"EST", b"EDT", b"PST", b"PDT", b"IST", b"JST", b"MSK", b"BST", b"CST",
        b"CDT", b"MST", b"MDT", b"AM", b"PM",
    ];
    let apart = usize::from(bytes.get(end) == Some(&b' '));
    let at = end + apart;
    match bytes.get(at) {
        Some(b'Z') if apart == 0 => at + 1,
        Some(b'+' | b'-') if dated || apart == 0 => {
            const SHAPES: [&[u8]; 3] = [b"00:00", b"0000", b"00"];
            let shape = SHAPES.iter().find(|shape| fits(bytes, at + 1, shape));
            let whole = shape.map(|shape| at + 1 + shape.len());
            whole.filter(|end| !bytes.get(*end).is_some_and(u8::is_ascii_alphanumeric)).unwrap_or(end)
        }
        Some(b'A'..=b'Z') => {
            let length = bytes[at..].iter().take(6).take_while(|byte| byte.is_ascii_alphabetic()).count();
            let name = &bytes[at..at + length];
            let known = NAMES.contains(&name) && (dated || name.ends_with(b"M"));
            if known { at + length } else { end }
        }
        _ => end,
    }
}

/// Seconds or milliseconds since 1970, with or without a fraction.
fn seconds(bytes: &[u8], from: usize) -> Option<usize> {
    let digits = bytes[from..].iter().take(14).take_while(|byte| byte.is_ascii_digit()).count();
    let since = matches!(digits, 10 | 13) && matches!(bytes[from], b'1' | b'2');
    since.then(|| fraction(bytes, from + digits)).filter(|end| bytes.get(end - 1).is_some_and(u8::is_ascii_digit))
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

/// Whether the bytes at `from` have this shape: `0` is any digit, `T` a space or a `T`, `A` any letter.
pub(super) fn fits(bytes: &[u8], from: usize, shape: &[u8]) -> bool {
    bytes.get(from..from + shape.len()).is_some_and(|found| {
        found.iter().zip(shape).all(|(byte, kind)| match kind {
            b'0' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b' '),
            b'A' => byte.is_ascii_alphabetic(),
            other => byte == other,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_loggers_are_known_with_fraction_and_zone() {
        for text in [
            "2026-11-25T22:00:00.123456Z",
            "2026-11-25 22:00:00,123",
            "2026-11-25 22:00:00 +0000",
            "2026-11-25 22:00:00.123+01:00",
            "2026-11-25 22:00:00.123 UTC",
            "2026/11/25 22:00:00",
            "2026.11.25 22:00:00.123456",
            "26/11/25 22:00:00",
            "25-Nov-2026 22:00:00.123",
            "25-Nov-2026::22:00:00.123456",
            "1-Nov-2026::22:00:00",
            "25 Nov 2026 22:00:00.123",
            "25 Nov 22:00:00.123",
            "25/Nov/2026:22:00:00 +0000",
            "11/25/2026, 10:00:00 PM",
            "25.11.2026, 22:00:00",
            "5.1.2026, 09:00:00",
            "25-11-2026, 22:00:00",
            "1/5/2026, 9:00:00 AM",
            "Wed Nov 25 22:00:00.123456 2026",
            "Wed, 25 Nov 2026 22:00:00 GMT",
            "Nov 25, 2026 10:13:54 PM",
            "Nov  5 22:00:00",
            "22:00:00.123",
            "10:00:00 PM",
            "261125 22:00:00",
            "11-25 22:00:00.123",
            "11-25|22:00:00.123",
            "1764108000.123",
            "1764108000123",
        ] {
            assert_eq!(moment(text.as_bytes(), 0), Some(text.len()), "{text}");
            let more = format!("{text} INFO hello");
            assert_eq!(moment(more.as_bytes(), 0), Some(text.len()), "{more}");
        }
    }

    #[test]
    fn other_numbers_and_words_are_no_times() {
        for text in
            ["", "12", "2026-11-25", "Nov", "Nova 12", "Wed", "1.2.3.4 x", "31764108000", "0000000000 x", "12:30"]
        {
            assert_eq!(moment(text.as_bytes(), 0), None, "{text}");
        }
    }
}
