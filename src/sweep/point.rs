//! What a sweep breaks: a request, a phase of it, a byte of that, a fault, and how often.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::proxy::Phase;
use crate::scenario::SweepFault;

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persistence {
    /// Once; what was taken away comes back.
    Once,
    /// At every attempt; what was taken away stays away until the call has ended, a server or a client for good.
    Every,
}

/// Which byte of a head or a body is the first that does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spot {
    /// Its first byte.
    First,
    /// The one in the middle.
    Middle,
    /// Its last byte.
    Last,
    /// The one with this number, from 0; in the second half from the end: the last one is -1.
    Byte(i64),
}

/// A place in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
pub struct SweepPlace {
    /// The phase.
    pub phase: Phase,
    /// The byte, in a head or a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot: Option<Spot>,
}

/// How long the parts of a request and of its response were, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Sizes {
    /// The request's head.
    pub request_head: u64,
    /// The request's body.
    pub request_body: u64,
    /// The response's head.
    pub response_head: u64,
    /// The response's body.
    pub response_body: u64,
}

/// A fault at a place of a request: by the request's index among those that were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub struct Strike {
    /// Which of the recorded requests.
    pub request: usize,
    /// Where in it.
    pub place: SweepPlace,
    /// What happens there.
    pub fault: SweepFault,
    /// How often.
    pub persistence: Persistence,
}

/// A point of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct SweepPoint {
    /// Its number, from 1: the same in every sweep of the same scenario.
    pub number: usize,
    /// What strikes, in order: one fault, or two in the second generation.
    pub strikes: Vec<Strike>,
}

impl SweepPoint {
    /// What strikes and where, in one line.
    pub fn describe(&self, requests: &[super::Recorded]) -> String {
        let strikes: Vec<String> = self.strikes.iter().map(|strike| strike.describe(requests)).collect();
        strikes.join(", then ")
    }
}

impl SweepPlace {
    /// The places of a request whose parts are so long, in order.
    pub fn all(sizes: Sizes, every_byte: bool) -> Vec<Self> {
        let at = |phase, spot| Self { phase, spot: Some(spot) };
        let part = |phase, length: u64| -> Vec<Self> {
            match (every_byte, length) {
                (_, 0) => Vec::new(),
                (true, length) => {
                    let length = i64::try_from(length).unwrap_or(i64::MAX);
                    let from = |byte: i64| if byte < length / 2 { byte } else { byte - length };
                    (0..length).map(|byte| at(phase, Spot::Byte(from(byte)))).collect()
                }
                (false, 1) => vec![at(phase, Spot::First)],
                (false, 2) => vec![at(phase, Spot::First), at(phase, Spot::Last)],
                (false, _) => vec![at(phase, Spot::First), at(phase, Spot::Middle), at(phase, Spot::Last)],
            }
        };
        let sent = |phase| vec![Self { phase, spot: None }];
        [
            part(Phase::RequestHead, sizes.request_head),
            part(Phase::RequestBody, sizes.request_body),
            sent(Phase::RequestSent),
            part(Phase::ResponseHead, sizes.response_head),
            part(Phase::ResponseBody, sizes.response_body),
            sent(Phase::ResponseSent),
        ]
        .concat()
    }

    /// How many bytes of the part pass, as a gate says it. It does not depend on the length, which may be another in every run.
    pub fn at(self) -> Option<toml::Value> {
        Some(match self.spot? {
            Spot::First => return None,
            Spot::Middle => "middle".into(),
            Spot::Last => (-1).into(),
            Spot::Byte(byte) => byte.into(),
        })
    }
}

impl fmt::Display for SweepPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(phase_name(self.phase))?;
        match self.spot {
            None => Ok(()),
            Some(Spot::First) => f.write_str(" first byte"),
            Some(Spot::Middle) => f.write_str(" middle byte"),
            Some(Spot::Last) => f.write_str(" last byte"),
            Some(Spot::Byte(byte)) => write!(f, " byte {byte}"),
        }
    }
}

/// A phase as it is written in scenario files.
pub fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::RequestHead => "request-head",
        Phase::RequestBody => "request-body",
        Phase::RequestSent => "request-sent",
        Phase::ResponseHead => "response-head",
        Phase::ResponseBody => "response-body",
        Phase::ResponseSent => "response-sent",
    }
}
