use std::fmt;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{SeqAccessDeserializer, StrDeserializer};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::CallResult;

/// The results that a call may have: one, or a list where it depends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResults(Vec<CallResult>);

impl CallResults {
    /// These results, in their order.
    pub fn of(results: impl IntoIterator<Item = CallResult>) -> Self {
        let mut all: Vec<CallResult> = results.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        Self(all)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = CallResult> {
        self.0.iter().copied()
    }

    /// Whether it is one of them.
    pub fn allow(&self, result: CallResult) -> bool {
        self.0.contains(&result)
    }

    /// Whether the call may succeed and may fail.
    pub fn may_fail(&self) -> bool {
        self.0.len() > 1 && self.allow(CallResult::Ok)
    }
}

impl Default for CallResults {
    fn default() -> Self {
        Self(vec![CallResult::Ok])
    }
}

impl From<CallResult> for CallResults {
    fn from(result: CallResult) -> Self {
        Self(vec![result])
    }
}

impl fmt::Display for CallResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(CallResult::name).collect();
        f.write_str(&names.join(" or "))
    }
}

struct ResultsVisitor;

impl<'de> Visitor<'de> for ResultsVisitor {
    type Value = CallResults;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result such as \"ok\", or a list of those that are allowed")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<CallResults, E> {
        CallResult::deserialize(StrDeserializer::new(word)).map(CallResults::from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<CallResults, A::Error> {
        let all = Vec::<CallResult>::deserialize(SeqAccessDeserializer::new(list))?;
        match all.is_empty() {
            true => {
                Err(A::Error::custom("no result is allowed; write at least one, such as [\"ok\", \"unreachable\"]"))
            }
            false => Ok(CallResults::of(all)),
        }
    }
}

impl<'de> Deserialize<'de> for CallResults {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ResultsVisitor)
    }
}

impl Serialize for CallResults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            all => all.serialize(serializer),
        }
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for CallResults {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Results".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<CallResult>();
        json_schema!({
            "oneOf": [one, { "type": "array", "items": one, "minItems": 1 }],
            "description": "The result that it must have, or a list of those that it may have."
        })
    }
}
