//! A toxic as Toxiproxy writes it.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Toxic, ToxicKind};
use crate::Side;

impl Serialize for Toxic {
    /// Toxiproxy's fields in its order, and `only` where it has one.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Toxic", 5 + usize::from(self.only.is_some()))?;
        const ATTRIBUTES: &str = "attributes";
        match &self.kind {
            ToxicKind::Latency(it) => fields.serialize_field(ATTRIBUTES, it)?,
            ToxicKind::Bandwidth(it) => fields.serialize_field(ATTRIBUTES, it)?,
            ToxicKind::SlowClose(it) => fields.serialize_field(ATTRIBUTES, it)?,
            ToxicKind::Timeout(it) => fields.serialize_field(ATTRIBUTES, it)?,
            ToxicKind::ResetPeer(it) => fields.serialize_field(ATTRIBUTES, it)?,
            ToxicKind::Slicer(it) => fields.serialize_field(ATTRIBUTES, it)?,
            ToxicKind::LimitData(it) => fields.serialize_field(ATTRIBUTES, it)?,
            ToxicKind::Noop(it) => fields.serialize_field(ATTRIBUTES, it)?,
            ToxicKind::Corrupt(it) => fields.serialize_field(ATTRIBUTES, it)?,
        }
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("type", self.kind.name())?;
        fields.serialize_field("stream", stream(self.toward))?;
        // Without a needless fraction, as Go writes it.
        match self.toxicity.fract() == 0.0 {
            true => fields.serialize_field("toxicity", &(self.toxicity as i64))?,
            false => fields.serialize_field("toxicity", &self.toxicity)?,
        }
        if let Some(only) = &self.only {
            fields.serialize_field("only", only)?;
        }
        fields.end()
    }
}

/// The stream that goes to a side, in Toxiproxy's words.
pub(crate) fn stream(toward: Side) -> &'static str {
    match toward {
        Side::Server => "upstream",
        Side::Client => "downstream",
    }
}
