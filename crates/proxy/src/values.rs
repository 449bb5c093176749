//! The small values of a fault: durations, repetitions, places in a message.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A span of time, written as a number with its unit: `"300ms"`, `"1.5s"`, `"2m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// The longest span.
const LONGEST: Duration = Duration::from_secs(1000 * 3600);

impl Span {
    /// Reads `300ms`, `1.5s`, `2m`, `1h`, `250us`.
    ///
    /// # Errors
    /// What is wrong with the text, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no duration; write a number and a unit (us, ms, s, m, h), such as \"300ms\"");
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(unit_at);
        let seconds = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong()),
        };
        let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let number: f64 = number.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
        let span = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
        // Nothing in a run lasts longer, and a clock can still be moved by it.
        if span > LONGEST { Err(format!("`{text}` is too long; at most 1000h")) } else { Ok(Self(span)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            _ if micros.is_multiple_of(1_000_000) => write!(f, "{}s", micros / 1_000_000),
            _ if micros.is_multiple_of(1000) => write!(f, "{}ms", micros / 1000),
            _ => write!(f, "{micros}us"),
        }
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"300ms\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        Span::parse(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(SpanVisitor)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?(us|ms|s|m|h)$",
            "description": "A number with its unit, such as \"300ms\", \"1.5s\", \"2m\"."
        })
    }
}

/// How often the proxy repeats an action: a total number of times, or at every match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// This many times in all.
    Total(u32),
    /// At every match until the run ends.
    Every,
}

struct TimesVisitor;

impl Visitor<'_> for TimesVisitor {
    type Value = Times;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a total number of at least 1, or \"every\"")
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Times, E> {
        match u32::try_from(n) {
            Ok(n) if n > 0 => Ok(Times::Total(n)),
            _ => Err(E::custom(format!("`{n}` is not possible; write a total number of at least 1, or \"every\""))),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Times, E> {
        match text {
            "every" => Ok(Times::Every),
            _ => Err(E::custom(format!("`{text}` is not possible; write a number or \"every\""))),
        }
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimesVisitor)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Times {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Times".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [{ "type": "integer", "minimum": 1 }, { "const": "every" }],
            "description": "A total number of times, or \"every\"."
        })
    }
}

/// How many bytes of a part of a message may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// So many; from its end where negative: -1 is all but the last.
    Byte(i64),
    /// Half of them.
    Middle,
}

impl Default for At {
    fn default() -> Self {
        Self::Byte(0)
    }
}

struct AtVisitor;

impl Visitor<'_> for AtVisitor {
    type Value = At;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of bytes, negative from the end, or \"middle\"")
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<At, E> {
        Ok(At::Byte(n))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<At, E> {
        match text {
            "middle" => Ok(At::Middle),
            _ => Err(E::custom(format!("`{text}` is no place; write a number of bytes, or \"middle\""))),
        }
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AtVisitor)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for At {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "At".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [{ "type": "integer" }, { "const": "middle" }],
            "description": "A number of bytes, negative from the end, or \"middle\"."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_a_plain_number() {
        assert_eq!(Span::parse("300ms"), Ok(Span(Duration::from_millis(300))));
        assert_eq!(Span::parse("1.5s"), Ok(Span(Duration::from_millis(1500))));
        for wrong in ["", "3", "ms", "-1s", "1e3s", "1 s", "3days", "99999999999999999999h", "1001h", "."] {
            assert!(Span::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Span::parse("1500ms").map(|span| span.to_string()), Ok("1500ms".into()));
    }
}
