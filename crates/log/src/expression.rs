//! Regular expressions of users.

use std::fmt;

/// What is wrong with a regular expression.
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
