use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::{Deserialize, Serialize};

use crate::file::Span;
use crate::proxy::Phase;

/// How the scenario is swept by `quietdown sweep`; the command line can say otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SweepRules {
    /// The faults; all of them when absent.
    pub faults: Option<Vec<Spanned<SweepFault>>>,
    /// The calls whose requests are broken, by the names that they have in the scenario; all of them when absent.
    pub calls: Option<Vec<Spanned<String>>>,
    /// The phases of requests that are struck; all of them when absent.
    pub phases: Option<Vec<Spanned<Phase>>>,
    /// The faults from which every call must recover when they happen once: it must end as `ok`.
    #[serde(default)]
    pub recovers: Vec<Spanned<SweepFault>>,
    /// The clients that cannot know of a planned stop that was not announced to them (they have no flag): a call of theirs that
    /// it meets, or that begins after it, may end as `unreachable`, with a report.
    #[serde(default)]
    pub uninformed: Vec<Spanned<String>>,
    /// Whether the server, when it is told to stop, ends the answers that it has begun: a call whose response a planned stop
    /// strikes must end as in the scenario.
    #[serde(default)]
    pub drains: bool,
    /// Options of processes while they are swept, added to their own or instead of them: by process, then by option. Short
    /// timeouts belong here, so that the scenario by itself does not depend on them.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>"))]
    pub options: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, toml::Value>>,
    /// How long a fault lasts that is over by itself (`refuse` and `pause`, once); default 20 ms.
    pub outage: Option<Span>,
}

/// A fault that a sweep injects at every point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SweepFault {
    /// The connection ends in order.
    Fin,
    /// The connection is reset.
    Rst,
    /// The connection is a black hole.
    Hold,
    /// The connection is reset, and new ones are refused.
    Refuse,
    /// The server is told to stop.
    ServerStop,
    /// The server is killed.
    ServerKill,
    /// The call is cancelled.
    ClientCancel,
    /// The client is killed.
    ClientKill,
    /// A client that runs freely, such as a runner, is told to stop: the one that made the request, or at a request of a call each
    /// of them.
    ClientStop,
    /// The server stands still.
    Pause,
}

impl SweepFault {
    /// Each of them.
    pub const ALL: [Self; 10] = [
        Self::Fin,
        Self::Rst,
        Self::Hold,
        Self::Refuse,
        Self::ServerStop,
        Self::ServerKill,
        Self::ClientCancel,
        Self::ClientKill,
        Self::ClientStop,
        Self::Pause,
    ];

    /// The word as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Rst => "rst",
            Self::Hold => "hold",
            Self::Refuse => "refuse",
            Self::ServerStop => "server-stop",
            Self::ServerKill => "server-kill",
            Self::ClientCancel => "client-cancel",
            Self::ClientKill => "client-kill",
            Self::ClientStop => "client-stop",
            Self::Pause => "pause",
        }
    }

    /// Whether it shows by itself, without that somebody's patience must end.
    pub fn needs_no_timeout(self) -> bool {
        !matches!(self, Self::Hold | Self::Pause)
    }
}

impl std::fmt::Display for SweepFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A text that is no fault of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no fault of a sweep; write one of {known}", known = SweepFault::ALL.map(SweepFault::name).join(", "))]
pub struct SweepFaultError {
    word: String,
}

impl std::str::FromStr for SweepFault {
    type Err = SweepFaultError;

    fn from_str(word: &str) -> Result<Self, SweepFaultError> {
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == word)
            .ok_or_else(|| SweepFaultError { word: word.to_owned() })
    }
}
