//! What toxics are: their kinds, with Toxiproxy's names and units, and which traffic they apply to.

mod builders;
#[cfg(feature = "serde")]
mod in_files;
mod kinds;
mod only;

use std::time::Duration;

use super::{Side, matcher};
#[cfg(feature = "toxiproxy")]
pub(crate) use in_files::stream;
pub use kinds::*;
pub use only::Only;

/// A fault that stays: it changes how one direction of a link's connections moves, until it is removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Toxic {
    /// Its name, unique on its link.
    pub name: String,
    /// What it does.
    pub kind: ToxicKind,
    /// The direction: the end that the bytes go to. Towards the server is Toxiproxy's `upstream`.
    pub toward: Side,
    /// The share of the connections that it applies to, 0 to 1. Each connection draws once.
    pub toxicity: f64,
    /// The requests that it applies to; all traffic when absent.
    pub only: Option<Only>,
}

/// What a toxic does. Names, units and defaults are those of Toxiproxy; `corrupt` is an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum ToxicKind {
    /// Delays every byte.
    Latency(Latency),
    /// Limits the rate.
    Bandwidth(Bandwidth),
    /// Delays the end of the stream.
    SlowClose(SlowClose),
    /// Drops everything, and closes the connection after a time. Its removal closes the connection too.
    Timeout(Timeout),
    /// Resets the connection after a time, both ends of it; meanwhile everything is dropped.
    ResetPeer(ResetPeer),
    /// Cuts the stream into small pieces.
    Slicer(Slicer),
    /// Closes the connection after so many bytes.
    LimitData(LimitData),
    /// Does nothing.
    Noop(Noop),
    /// Changes bytes (an extension).
    Corrupt(Corrupt),
}

/// A value that a toxic cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct WrongToxic {
    /// Where: the attribute or field.
    pub field: &'static str,
    /// What is wrong, and what to write instead.
    pub problem: String,
}

impl ToxicKind {
    /// The names of all kinds.
    pub const NAMES: [&'static str; 9] =
        ["latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data", "noop", "corrupt"];

    /// Its name, as Toxiproxy's `type`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Bandwidth(_) => "bandwidth",
            Self::SlowClose(_) => "slow_close",
            Self::Timeout(_) => "timeout",
            Self::ResetPeer(_) => "reset_peer",
            Self::Slicer(_) => "slicer",
            Self::LimitData(_) => "limit_data",
            Self::Noop(_) => "noop",
            Self::Corrupt(_) => "corrupt",
        }
    }
}

impl Toxic {
    /// A toxic for all traffic, with the name that Toxiproxy gives: its kind and its direction.
    pub fn new(kind: ToxicKind, toward: Side) -> Self {
        let stream = match toward {
            Side::Server => "upstream",
            Side::Client => "downstream",
        };
        Self { name: format!("{}_{stream}", kind.name()), kind, toward, toxicity: 1.0, only: None }
    }

    /// Whether its values make sense.
    ///
    /// # Errors
    /// The first one that does not.
    pub fn check(&self) -> Result<(), WrongToxic> {
        let wrong = |field, problem: String| Err(WrongToxic { field, problem });
        if !(0.0..=1.0).contains(&self.toxicity) {
            return wrong("toxicity", format!("{} is no share of the connections; write 0 to 1", self.toxicity));
        }
        let time = |field, time: Duration| {
            if time <= LONGEST {
                return Ok(());
            }
            let (given, longest) = (time.as_millis(), LONGEST.as_millis());
            Err(WrongToxic { field, problem: format!("{given} ms is too long; at most {longest} (1000 hours)") })
        };
        match &self.kind {
            ToxicKind::Latency(it) => time("latency", it.latency).and_then(|()| time("jitter", it.jitter))?,
            ToxicKind::SlowClose(it) => time("delay", it.delay)?,
            ToxicKind::Timeout(it) => time("timeout", it.timeout)?,
            ToxicKind::ResetPeer(it) => time("timeout", it.timeout)?,
            ToxicKind::Slicer(it) => {
                if it.average_size == 0 {
                    return wrong("average_size", "0 bytes are no piece; write at least 1".to_owned());
                }
                if it.size_variation >= it.average_size {
                    let problem = format!(
                        "{} leaves pieces of no bytes; write less than average_size, which is {}",
                        it.size_variation, it.average_size
                    );
                    return wrong("size_variation", problem);
                }
                time("delay", it.delay)?;
            }
            ToxicKind::Corrupt(it) if it.mask == 0 => {
                return wrong("mask", "0 flips no bit; write 1 to 255".to_owned());
            }
            ToxicKind::Bandwidth(_) | ToxicKind::LimitData(_) | ToxicKind::Noop(_) | ToxicKind::Corrupt(_) => {}
        }
        if self.only.is_some() && matches!(self.kind, ToxicKind::SlowClose(_)) {
            return wrong(
                "only",
                "slow_close is about the end of a stream, not about requests; leave it out".to_owned(),
            );
        }
        if let Some(Only { method, path, .. }) = &self.only
            && let Err(why) = matcher::check(method.as_deref(), path.as_deref())
        {
            return wrong("only", why.to_string());
        }
        match &self.only {
            Some(Only { nth: Some(0), .. }) => wrong("nth", "requests are counted from 1".to_owned()),
            Some(Only { first: Some(0), .. }) => {
                wrong("first", "0 requests are none; write at least 1, or remove the toxic".to_owned())
            }
            Some(Only { nth: Some(_), first: Some(_), .. }) => {
                wrong("first", "it contradicts `nth`; write one of the two".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The longest time: a clock can still be moved by it.
const LONGEST: Duration = Duration::from_secs(1000 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(kind: &str) -> WrongToxic {
        let kind: ToxicKind = serde_json::from_str(kind).expect("well-formed");
        Toxic::new(kind, Side::Client).check().expect_err("wrong values")
    }

    #[test]
    fn values_that_make_no_sense_are_named() {
        assert_eq!(wrong(r#"{"slicer":{"average_size":0}}"#).field, "average_size");
        assert_eq!(wrong(r#"{"slicer":{"average_size":5,"size_variation":5}}"#).field, "size_variation");
        assert_eq!(wrong(r#"{"latency":{"latency":18446744073709551615}}"#).field, "latency");
        assert_eq!(wrong(r#"{"corrupt":{"mask":0}}"#).field, "mask");
        for toxicity in [7.0, -0.1, f64::NAN] {
            let toxic = Toxic { toxicity, ..Toxic::new(ToxicKind::Noop(Noop {}), Side::Client) };
            assert_eq!(toxic.check().expect_err("no share").field, "toxicity");
        }
    }

    #[test]
    fn every_kind_has_its_name_and_reads_what_it_writes() {
        for name in ToxicKind::NAMES {
            let attributes = if name == "slicer" { r#"{"average_size":3}"# } else { "{}" };
            let kind: ToxicKind = serde_json::from_str(&format!(r#"{{"{name}":{attributes}}}"#)).expect("defaults");
            assert_eq!(kind.name(), name);
            let written = serde_json::to_string(&kind).expect("writes");
            assert_eq!(serde_json::from_str::<ToxicKind>(&written).expect("reads"), kind);
            assert_eq!(Toxic::new(kind, Side::Server).name, format!("{name}_upstream"));
        }
    }

    #[test]
    fn requests_are_chosen_by_head_client_and_number() {
        let only = Only { method: Some("POST".into()), path: Some("/a/*".into()), ..Only::default() };
        assert!(only.names("POST", "/a/b", "127.0.0.1:4"));
        assert!(!only.names("GET", "/a/b", "127.0.0.1:4") && !only.names("POST", "/b", "127.0.0.1:4"));
        let only = Only { client: Some("127.0.0.1:*".into()), nth: Some(2), ..Only::default() };
        assert!(only.names("GET", "/", "127.0.0.1:4") && !only.names("GET", "/", "127.0.0.2:4"));
        assert!(only.counts(2) && !only.counts(1) && !only.counts(3));
        let only = Only { first: Some(2), ..Only::default() };
        assert!(only.counts(1) && only.counts(2) && !only.counts(3));
    }
}
