//! How files write these values.

use std::fmt;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{At, Span, Times};

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
