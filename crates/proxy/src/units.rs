//! Times as files and Toxiproxy write them: whole numbers of a unit.

macro_rules! unit {
    ($name:ident, $from:ident, $to:ident, $doc:literal) => {
        #[doc = $doc]
        pub(crate) mod $name {
            use std::time::Duration;

            use serde::{Deserialize, Deserializer, Serializer};

            pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(u64::try_from(time.$to()).unwrap_or(u64::MAX))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
                u64::deserialize(deserializer).map(Duration::$from)
            }
        }
    };
}

unit!(millis, from_millis, as_millis, "Milliseconds.");
unit!(micros, from_micros, as_micros, "Microseconds.");
