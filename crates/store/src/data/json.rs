//! JSON in columns, and fields of a body whose absence and null differ.

use rusqlite::Row;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::answer::Refusal;

/// A field that is there, be it null: `deserialize_with` for fields whose absence and null differ.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Refuses null for a field that may be absent, but not null.
///
/// # Errors
/// When it is null.
pub fn mandatory<T>(name: &str, field: Option<Option<T>>) -> Result<Option<T>, Refusal> {
    match field {
        Some(None) => Err(Refusal::Bad(format!("{name} is invalid; it cannot be a null value."))),
        Some(value) => Ok(value),
        None => Ok(None),
    }
}

/// The column as JSON text, unparsed.
pub fn raw(row: &Row<'_>, index: usize) -> rusqlite::Result<Box<RawValue>> {
    RawValue::from_string(row.get(index)?).map_err(|error| corrupt(index, error))
}

/// JSON for a column. What is given here always is JSON; if not, the column says null.
pub fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// The column as a value.
pub fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(index)?.as_str()?).map_err(|error| corrupt(index, error))
}

fn corrupt(index: usize, error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error))
}
