//! Which events are gates, which actions are faults.

use super::{Action, Event};

/// Whether an event stops the stream: a gate.
pub fn is_gate(event: &Event) -> bool {
    matches!(event, Event::Request(_) | Event::Bytes(_) | Event::Connect(_) | Event::Idle(_))
}

/// Whether an action breaks something, planned or not.
pub fn is_fault(action: &Action) -> bool {
    matches!(
        action,
        Action::Stop(_)
            | Action::Kill(_)
            | Action::Signal(_)
            | Action::Pause(_)
            | Action::Restart(_)
            | Action::Cancel(_)
            | Action::Cut(_)
            | Action::Hold(_)
            | Action::Refuse(_)
    ) || matches!(action, Action::Toxic(toxic) if toxic.noop.is_none())
}

impl Event {
    /// The process that it is about, with the place of its name.
    pub fn process(&self) -> Option<&crate::file::Spanned<String>> {
        match self {
            Self::Request(gate) => Some(&gate.process),
            Self::Bytes(gate) => Some(&gate.process),
            Self::Connect(gate) | Self::Idle(gate) => Some(&gate.process),
            Self::Line(line) => Some(&line.process),
            Self::Exit(exit) => Some(&exit.process),
            Self::Ready(ready) => Some(&ready.process),
            Self::Quiet(_) | Self::After(_) => None,
        }
    }

    /// The name under which a gate is kept.
    pub fn keep(&self) -> Option<&crate::file::Spanned<String>> {
        match self {
            Self::Request(gate) => gate.keep.as_ref(),
            Self::Bytes(gate) => gate.keep.as_ref(),
            Self::Connect(gate) | Self::Idle(gate) => gate.keep.as_ref(),
            _ => None,
        }
    }
}
