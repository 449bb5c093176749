//! The fields of a JSON object, read as Toxiproxy reads them: names in whatever case, `null` as absent, what is not known
//! left alone.

use serde_json::{Map, Value};

use super::ApiError;

/// What is left to be read of an object. Names are in lower case.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

/// Reads a body of JSON.
pub(super) fn json(body: &[u8]) -> Result<Value, ApiError> {
    if body.trim_ascii().is_empty() {
        // Toxiproxy's word for it.
        return Err(ApiError::bad("EOF"));
    }
    serde_json::from_slice(body).map_err(|error| ApiError::bad(error.to_string()))
}

impl Fields {
    /// The fields of an object; none for `null`.
    pub fn of(value: Value, what: &str) -> Result<Self, ApiError> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::Object(map) => {
                let fields = map.into_iter().filter(|(_, value)| !value.is_null());
                Ok(Self(fields.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()))
            }
            other => Err(ApiError::bad(format!("expected {what} as an object, got {}", kind(&other)))),
        }
    }

    /// The fields of a body that is an object.
    pub fn read(body: &[u8], what: &str) -> Result<Self, ApiError> {
        Self::of(json(body)?, what)
    }

    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(ApiError::bad(format!("{name}: expected a string, got {}", kind(&other)))),
        }
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(ApiError::bad(format!("{name}: expected true or false, got {}", kind(&other)))),
        }
    }

    pub fn number(&mut self, name: &str) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let wrong = || ApiError::bad(format!("{name}: expected a number, got {}", kind(&value)));
        value.as_f64().map(Some).ok_or_else(wrong)
    }

    /// A whole number of 0 or more.
    pub fn count(&mut self, name: &str) -> Result<Option<u64>, ApiError> {
        self.take(name).map(|value| whole(name, &value)).transpose()
    }

    pub fn list(&mut self, name: &str) -> Result<Option<Vec<Value>>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(other) => Err(ApiError::bad(format!("{name}: expected an array, got {}", kind(&other)))),
        }
    }

    /// What was not read.
    pub fn rest(self) -> Map<String, Value> {
        self.0
    }

    /// Refuses what was not read; for objects that only this server knows.
    pub fn end(self, known: &str) -> Result<(), ApiError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(ApiError::bad(format!("unknown field `{name}`; known are {known}"))),
        }
    }
}

/// A whole number of 0 or more.
pub(super) fn whole(name: &str, value: &Value) -> Result<u64, ApiError> {
    let wrong = || ApiError::bad(format!("{name}: expected a whole number of 0 or more, got {}", kind(value)));
    value.as_u64().ok_or_else(wrong)
}

/// A value as an error names it.
pub(super) fn kind(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        // It may be as long as a body.
        Value::String(text) if text.len() > 40 => "a long string".to_owned(),
        other => other.to_string(),
    }
}
