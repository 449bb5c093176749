//! Rejects what only TOML 1.1 allows: common editors do not understand it yet, and a scenario is edited there.

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::diagnostic::Diagnostic;

/// What in `source` is TOML 1.1 but not 1.0. A source that is not TOML at all is the parser's to report.
pub(super) fn newer_syntax(source: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    // The comma that may turn out to be a trailing one.
    let mut comma = None;
    for token in Source::new(source).lex() {
        let span = token.span().start()..token.span().end();
        let in_table = open.last() == Some(&TokenKind::LeftCurlyBracket);
        match token.kind() {
            kind @ (TokenKind::LeftCurlyBracket | TokenKind::LeftSquareBracket) => open.push(kind),
            TokenKind::RightCurlyBracket => {
                if let (true, Some(span)) = (in_table, comma.take()) {
                    found.push(
                        Diagnostic::new(span, "a trailing comma in an inline table is TOML 1.1", "remove this comma")
                            .help("scenario files are TOML 1.0, so that every editor copes"),
                    );
                }
                open.pop();
            }
            TokenKind::RightSquareBracket => {
                open.pop();
            }
            TokenKind::Newline | TokenKind::Comment if in_table => {
                found.push(
                    Diagnostic::new(
                        span,
                        "an inline table over several lines is TOML 1.1",
                        "the table must end before this",
                    )
                    .help("write it in one line, or as a table of its own: [step.do.call]"),
                );
                // One message per file is enough: the rest follows from the same habit.
                return found;
            }
            TokenKind::BasicString | TokenKind::MlBasicString => {
                found.extend(newer_escape(&source[span.clone()], span.start))
            }
            _ => {}
        }
        match token.kind() {
            TokenKind::Comma => comma = Some(token.span().start()..token.span().end()),
            TokenKind::Whitespace => {}
            _ => comma = None,
        }
    }
    found
}

fn newer_escape(string: &str, offset: usize) -> Option<Diagnostic> {
    let bytes = string.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        match bytes[at] {
            b'\\' if matches!(bytes[at + 1], b'e' | b'x') => {
                let span = offset + at..offset + at + 2;
                return Some(
                    Diagnostic::new(span, "this escape is TOML 1.1", "not in TOML 1.0")
                        .help("write \\u001B instead of \\e or \\x1B"),
                );
            }
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(source: &str) -> Vec<String> {
        newer_syntax(source).into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn ordinary_toml_passes() {
        let source = "[[step]]\ndo.call = { process = \"a\", args = { ids = [\n  1, # one\n  2,\n] } }\nx = 'C:\\e'\n";
        assert_eq!(messages(source), Vec::<String>::new());
    }

    #[test]
    fn toml_1_1_is_named() {
        assert_eq!(messages("a = {\n b = 1 }"), ["an inline table over several lines is TOML 1.1"]);
        assert_eq!(messages("a = { b = 1, }"), ["a trailing comma in an inline table is TOML 1.1"]);
        assert_eq!(messages("a = \"\\e[0m\""), ["this escape is TOML 1.1"]);
    }
}
