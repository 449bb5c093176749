//! The one place that makes text fit for a terminal, whoever wrote it.

use std::borrow::Cow;

use super::text::printable;

/// The text with everything written out that a terminal would obey, but for colours where they are used.
///
/// What comes from a log, a file or a process is made printable before it is coloured; this is for all that is printed.
pub fn inert(text: &str, colours: bool) -> Cow<'_, str> {
    if !colours || !text.contains('\u{1b}') {
        return printable(text);
    }
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        said.push_str(&printable(&rest[..at]));
        let end = rest[at..].find('m').map(|end| at + end + 1);
        let length = match end.filter(|end| is_colour(&rest[at + 2..end - 1])) {
            Some(end) => {
                said.push_str(&rest[at..end]);
                end
            }
            None => {
                said.push_str(&printable(&rest[at..at + 2]));
                at + 2
            }
        };
        rest = &rest[length..];
    }
    said.push_str(&printable(rest));
    Cow::Owned(said)
}

/// Whether parameters of a sequence only colour, or make bold or dim: none hides text.
fn is_colour(parameters: &str) -> bool {
    let plain = |number: &str| matches!(number.parse(), Ok(0..=4 | 22..=24 | 30..=37 | 39 | 90..=97));
    match parameters.strip_prefix("38;5;") {
        Some(number) => number.parse::<u8>().is_ok(),
        None => parameters.is_empty() || parameters.split(';').all(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_reach_a_terminal_and_only_where_they_are_used() {
        let text = "\u{1b}[31;1mFAIL\u{1b}[0m \u{1b}[2J\u{1b}]0;x\u{7}\u{1b}[8mhidden \u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{1b}[";
        let written =
            "\\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{1b}[8mhidden \\u{202e}\\u{2066}\\u{200b}\\u{2028}\\u{feff}\\u{1b}[";
        assert_eq!(inert(text, true), format!("\u{1b}[31;1mFAIL\u{1b}[0m {written}"));
        assert_eq!(inert(text, false), format!("\\u{{1b}}[31;1mFAIL\\u{{1b}}[0m {written}"));
        assert_eq!(inert("a\n\tb ä", true), "a\n\tb ä");
    }
}
