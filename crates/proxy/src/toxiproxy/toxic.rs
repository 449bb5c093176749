//! Toxics as JSON.

use serde_json::{Map, Value, json};

use super::ApiError;
use super::fields::{Fields, whole};
pub(super) use crate::toxic::stream;
use crate::{Only, Side, Toxic, ToxicKind};

/// The side that a stream goes to.
pub(super) fn toward(stream: &str) -> Result<Side, ApiError> {
    match stream.to_ascii_lowercase().as_str() {
        "upstream" => Ok(Side::Server),
        "downstream" => Ok(Side::Client),
        _ => Err(ApiError::InvalidStream),
    }
}

/// Reads a toxic that is to be created.
pub(super) fn read(mut fields: Fields) -> Result<Toxic, ApiError> {
    let name = fields.text("name")?.filter(|name| !name.is_empty());
    let kind = fields.text("type")?.unwrap_or_default();
    let given = fields.text("stream")?.unwrap_or_else(|| "downstream".to_owned());
    let toxicity = fields.number("toxicity")?.unwrap_or(1.0);
    let toward = toward(&given)?;
    if !ToxicKind::NAMES.contains(&kind.as_str()) {
        return Err(ApiError::InvalidToxicType);
    }
    let name = name.unwrap_or_else(|| format!("{kind}_{given}"));
    let kind = attributes(&kind, Map::new(), fields.take("attributes"))?;
    let toxic = Toxic { name, kind, toward, toxicity, only: only(fields.take("only"))? };
    toxic.check()?;
    Ok(toxic)
}

/// Reads the toxics of a proxy that is to be created. Their names are unique.
pub(super) fn read_all(list: Vec<Value>) -> Result<Vec<Toxic>, ApiError> {
    let mut toxics: Vec<Toxic> = Vec::new();
    for value in list {
        let toxic = read(Fields::of(value, "a toxic")?)?;
        if toxics.iter().any(|other| other.name == toxic.name) {
            return Err(ApiError::bad(format!("toxics: two of them are called `{}`", toxic.name)));
        }
        toxics.push(toxic);
    }
    Ok(toxics)
}

/// What a request changes of a toxic.
#[derive(Debug)]
pub(super) struct Change {
    kind: ToxicKind,
    toxicity: f64,
    only: Option<Only>,
}

impl Change {
    /// Reads it; what is not named stays as it is in `old`.
    pub fn read(old: &Toxic, mut fields: Fields) -> Result<Self, ApiError> {
        let before = match attributes_of(&old.kind) {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let kind = attributes(old.kind.name(), before, fields.take("attributes"))?;
        let toxicity = fields.number("toxicity")?.unwrap_or(old.toxicity);
        let only = match fields.take("only") {
            None => old.only.clone(),
            only => self::only(only)?,
        };
        Ok(Self { kind, toxicity, only })
    }

    pub fn apply(self, toxic: &mut Toxic) {
        (toxic.kind, toxic.toxicity, toxic.only) = (self.kind, self.toxicity, self.only);
    }
}

/// A toxic as it is answered.
pub(super) fn view(toxic: &Toxic) -> Value {
    json!(toxic)
}

/// The toxics of a proxy as they are answered: those towards the server first.
pub(super) fn view_all(toxics: &[Toxic]) -> Value {
    let of = |side: Side| toxics.iter().filter(move |toxic| toxic.toward == side).map(view);
    of(Side::Server).chain(of(Side::Client)).collect()
}

fn attributes_of(kind: &ToxicKind) -> Value {
    // Numbers and names only: it cannot fail, and the kind is its only key.
    serde_json::to_value(kind)
        .ok()
        .and_then(|mut value| value.get_mut(kind.name()).map(Value::take))
        .unwrap_or_default()
}

/// Reads the attributes of a kind, over those that it has.
fn attributes(kind: &str, mut all: Map<String, Value>, given: Option<Value>) -> Result<ToxicKind, ApiError> {
    let given = Fields::of(given.unwrap_or_default(), "attributes")?.rest();
    for (name, value) in given {
        let number = whole(&name, &value)?;
        if name == "mask" && number > u8::MAX.into() {
            return Err(ApiError::bad(format!("mask: {number} is more than a byte; write 1 to 255")));
        }
        all.insert(name, value);
    }
    let attributes = json!({ kind: all });
    serde_json::from_value(attributes).map_err(|error| ApiError::bad(format!("attributes of {kind}: {error}")))
}

fn only(given: Option<Value>) -> Result<Option<Only>, ApiError> {
    let read = |value| serde_json::from_value(value).map_err(|error| ApiError::bad(format!("only: {error}")));
    given.map(read).transpose()
}
