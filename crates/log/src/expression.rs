//! What can be wrong with the regular expressions of users.

use std::fmt;

/// What is wrong with a regular expression.
///
/// ```
/// use quietdown_log::{Format, Reader, Stream};
///
/// let mut reader = Reader::new(&Format::Python, Stream::Stdout)?;
/// let wrong = reader.continued_by("(").expect_err("a group that does not end");
/// assert!(wrong.to_string().contains("unclosed group"));
/// # Ok::<(), quietdown_log::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError(String);

impl fmt::Display for ExpressionError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ExpressionError {}

impl From<regex::Error> for ExpressionError {
    fn from(wrong: regex::Error) -> Self {
        Self(wrong.to_string())
    }
}

/// A format that nothing can be read in: the expression of its [`Format::Regex`](crate::Format::Regex), or of one among
/// several, is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError(ExpressionError);

impl fmt::Display for FormatError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for FormatError {}

impl From<regex::Error> for FormatError {
    fn from(wrong: regex::Error) -> Self {
        Self(wrong.into())
    }
}

/// An identifier that a [`Redactor`](crate::Redactor) cannot look for: its expression is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifierError {
    name: String,
    wrong: ExpressionError,
}

impl IdentifierError {
    pub(crate) fn new(name: &str, wrong: regex::Error) -> Self {
        Self { name: name.to_owned(), wrong: wrong.into() }
    }

    /// The name of the identifier.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for IdentifierError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the identifier `{}`: {}", self.name, self.wrong)
    }
}

impl std::error::Error for IdentifierError {}
