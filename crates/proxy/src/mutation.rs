//! Defects that can be planted into the proxy, so that the harness's own tests can show that they would notice.
//!
//! They exist in builds with debug assertions only.

/// The environment variable that plants one.
const VARIABLE: &str = "QUIETDOWN_HARNESS_DEFECT";

/// A defect of the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyMutation {
    /// A gate tells that it has stopped a stream, and lets it go on.
    GateDoesNotPark,
    /// A cut is counted, and breaks nothing.
    CutBreaksNothing,
}

impl ProxyMutation {
    fn name(self) -> &'static str {
        match self {
            Self::GateDoesNotPark => "gate-does-not-park",
            Self::CutBreaksNothing => "cut-breaks-nothing",
        }
    }
}

/// Whether this defect was planted into this process.
pub(crate) fn planted(mutation: ProxyMutation) -> bool {
    #[cfg(debug_assertions)]
    {
        static PLANTED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
        PLANTED.get_or_init(|| std::env::var(VARIABLE).ok()).as_deref() == Some(mutation.name())
    }
    #[cfg(not(debug_assertions))]
    {
        let _ = (mutation.name(), VARIABLE);
        false
    }
}
