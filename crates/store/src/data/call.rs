use serde::de::DeserializeOwned;

use super::answer::{Answer, Refusal};
use super::store::Store;

/// What an operation is given of its request.
#[derive(Debug, Default)]
pub struct DataCall {
    /// What the route's `{…}` segments matched, in order.
    pub segments: Vec<String>,
    /// The query's pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The body; empty when there is none.
    pub body: Vec<u8>,
}

impl DataCall {
    /// The `index`-th `{…}` segment of the route. The route table guarantees that it is there.
    pub fn segment(&self, index: usize) -> &str {
        &self.segments[index]
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON, or not of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let kind = if error.is_data() { "value_error" } else { "json_invalid" };
            Refusal::Unprocessable { place: "body", field: None, kind, message: error.to_string() }
        })
    }

    /// The body as JSON; an absent body and `null` stand for the default.
    ///
    /// # Errors
    /// When it is not JSON, or not of this shape.
    pub fn optional_json<T: DeserializeOwned + Default>(&self) -> Result<T, Refusal> {
        if self.body.is_empty() { Ok(T::default()) } else { Ok(self.json::<Option<T>>()?.unwrap_or_default()) }
    }
}

/// Whether an operation changes anything, and so may be made safe to repeat by an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It changes something.
    Write,
}

/// An operation of the store.
#[derive(Debug, Clone, Copy)]
pub struct DataOperation {
    /// Its name, as in logs.
    pub name: &'static str,
    /// Whether it changes anything.
    pub access: Access,
    /// What it does.
    pub apply: fn(&mut Store<'_>, &DataCall) -> Result<Answer, Refusal>,
}
