//! Defects that can be planted into the harness itself, so that its own tests and scenarios can show that they would notice.
//!
//! They exist in builds with debug assertions only. Any other build that is asked for one refuses to run.

use crate::finding::FindingKind;

/// The environment variable that plants one.
pub const VARIABLE: &str = "QUIETDOWN_HARNESS_DEFECT";

/// The beginning of the names of those by which the verdict overlooks one kind of finding: `blind-to-traceback`.
const BLIND: &str = "blind-to-";

/// A defect of the harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// A gate tells that it has stopped a stream, and lets it go on.
    GateDoesNotPark,
    /// A cut is counted, and breaks nothing.
    CutBreaksNothing,
    /// The transcript is compared with no snapshot.
    SnapshotsUnread,
    /// The verdict overlooks findings of this kind.
    BlindTo(FindingKind),
}

impl Mutation {
    /// The mutation of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "gate-does-not-park" => Some(Self::GateDoesNotPark),
            "cut-breaks-nothing" => Some(Self::CutBreaksNothing),
            "snapshots-unread" => Some(Self::SnapshotsUnread),
            _ => {
                let kind = serde_json::Value::String(name.strip_prefix(BLIND)?.to_owned());
                serde_json::from_value(kind).ok().map(Self::BlindTo)
            }
        }
    }
}

/// Whether this defect was planted into this process.
pub(crate) fn planted(mutation: Mutation) -> bool {
    #[cfg(debug_assertions)]
    {
        static PLANTED: std::sync::OnceLock<Option<Mutation>> = std::sync::OnceLock::new();
        *PLANTED.get_or_init(|| std::env::var(VARIABLE).ok().and_then(|name| Mutation::named(&name))) == Some(mutation)
    }
    #[cfg(not(debug_assertions))]
    {
        let _ = mutation;
        false
    }
}

/// A defect of the harness that the environment asks for and that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MutationError {
    /// The build leaves defects out.
    #[error("{VARIABLE}={0} is set, but this build has no defects: use one with debug assertions")]
    NotInThisBuild(String),
    /// There is none of this name.
    #[error(
        "{VARIABLE}={0}: there is no such defect; known: gate-does-not-park, cut-breaks-nothing, snapshots-unread, and {BLIND} with a kind of finding"
    )]
    Unknown(String),
}

/// Checks what the environment asks for, before anything is started.
///
/// # Errors
/// When it asks for a defect that does not exist, or for any in a build without debug assertions.
pub fn check() -> Result<(), MutationError> {
    let Ok(name) = std::env::var(VARIABLE) else { return Ok(()) };
    if !cfg!(debug_assertions) {
        return Err(MutationError::NotInThisBuild(name));
    }
    match Mutation::named(&name) {
        Some(_) => Ok(()),
        None => Err(MutationError::Unknown(name)),
    }
}
