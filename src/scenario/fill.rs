//! Large texts: `${fill:16MiB}`.

/// The largest text that `${fill:…}` makes.
const FILL_BOUND: usize = 64 * 1024 * 1024;

/// A text that is no size of a fill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FillError {
    #[error("`{0}` is no size; write 100, 64KiB or 16MiB")]
    NoSize(String),
    #[error("at most 64MiB")]
    TooLarge,
}

/// The number of bytes that `16MiB`, `64KiB` or `100` means.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn fill_size(text: &str) -> Result<usize, FillError> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "" | "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        _ => return Err(FillError::NoSize(text.to_owned())),
    };
    let size = number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    match size {
        Some(size) if size <= FILL_BOUND => Ok(size),
        Some(_) => Err(FillError::TooLarge),
        None => Err(FillError::NoSize(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(fill_size("16MiB"), Ok(16 * 1024 * 1024));
        for wrong in ["", "MiB", "1GB", "65MiB", "99999999999999999999", "-1"] {
            assert!(fill_size(wrong).is_err(), "{wrong}");
        }
    }
}
