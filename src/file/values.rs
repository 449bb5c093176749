//! The small values of the format that only the harness has.

use std::fmt;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// How often something must be seen, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// At least this often.
    pub min: u64,
    /// At most this often; no upper bound when absent.
    pub max: Option<u64>,
}

impl Default for Count {
    fn default() -> Self {
        Self { min: 1, max: None }
    }
}

/// A text that is no count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no count; write 2, \"1..\", \"0..=3\" or \"..=3\"")]
pub struct CountError(String);

impl Count {
    /// Whether `n` is within the bounds.
    pub fn contains(self, n: u64) -> bool {
        n >= self.min && self.max.is_none_or(|max| n <= max)
    }

    /// Reads `3`, `1..`, `0..=3`, `..=2`.
    ///
    /// # Errors
    /// What is wrong with the text, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, CountError> {
        let wrong = || CountError(text.to_owned());
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
        let count = match text.split_once("..") {
            None => {
                let n = number(text)?;
                Self { min: n, max: Some(n) }
            }
            Some((min, max)) => Self {
                min: if min.trim().is_empty() { 0 } else { number(min)? },
                max: match max.trim().strip_prefix('=') {
                    Some(max) => Some(number(max)?),
                    None if max.trim().is_empty() => None,
                    // Rust's `a..b` leaves b out; too easily misread in a test file.
                    None => return Err(wrong()),
                },
            },
        };
        if count.max.is_some_and(|max| max < count.min) { Err(wrong()) } else { Ok(count) }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self { min, max: Some(max) } if min == max => write!(f, "exactly {min}"),
            Self { min: 0, max: Some(max) } => write!(f, "at most {max}"),
            Self { min, max: None } => write!(f, "at least {min}"),
            Self { min, max: Some(max) } => write!(f, "{min} to {max}"),
        }
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count: 2, \"1..\", \"0..=3\" or \"..=3\"")
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Count, E> {
        Count::parse(&n.to_string()).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Count, E> {
        Count::parse(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Count {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": r"^([0-9]+|[0-9]*\.\.(=[0-9]+)?)$" }
            ],
            "description": "How often: 2, \"1..\" (at least once), \"0..=3\", \"..=3\" (at most three times)."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_say_both_ends() {
        assert_eq!(Count::parse("2"), Ok(Count { min: 2, max: Some(2) }));
        assert_eq!(Count::parse("1.."), Ok(Count { min: 1, max: None }));
        assert_eq!(Count::parse("0..=3"), Ok(Count { min: 0, max: Some(3) }));
        for wrong in ["", "1..3", "3..=1", "-1", "x", "1..=", "1...=2"] {
            assert!(Count::parse(wrong).is_err(), "{wrong}");
        }
    }
}
