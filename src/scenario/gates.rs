//! Which events are gates, which actions are faults.

use super::{Action, Event};

/// Whether an event stops the stream: a gate.
pub fn is_gate(event: &Event) -> bool {
    matches!(event, Event::Request(_) | Event::Bytes(_) | Event::Connect(_) | Event::Connected(_) | Event::Idle(_))
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
            Self::Connect(gate) | Self::Connected(gate) | Self::Idle(gate) => Some(&gate.process),
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
            Self::Connect(gate) | Self::Connected(gate) | Self::Idle(gate) => gate.keep.as_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// An action as a step writes it.
    fn action(text: &str) -> Action {
        let mut table: BTreeMap<String, Action> = toml::from_str(&format!("do = {text}")).expect(text);
        table.remove("do").expect("an action")
    }

    #[test]
    fn every_action_that_breaks_something_is_a_fault_and_no_other() {
        for fault in [
            r#"{ stop = { process = "a" } }"#,
            r#"{ kill = { process = "a" } }"#,
            r#"{ pause = { process = "a" } }"#,
            r#"{ restart = { process = "a" } }"#,
            r#"{ signal = { process = "a", signal = "SIGTERM", planned = true } }"#,
            r#"{ cancel = { call = "a" } }"#,
            r#"{ cut = { mode = "rst" } }"#,
            r#"{ hold = { link = "a" } }"#,
            r#"{ refuse = { link = "a" } }"#,
            r#"{ toxic = { link = "a", latency = { latency = 1 } } }"#,
        ] {
            assert!(is_fault(&action(fault)), "{fault}");
        }
        for harmless in [
            r#"{ start = { process = "a" } }"#,
            r#"{ resume = { process = "a" } }"#,
            r#"{ accept = { link = "a" } }"#,
            r#"{ connect = { client = "http", as = "a" } }"#,
            r#"{ close = { connection = "a" } }"#,
            r#"{ toxic = { link = "a", noop = {} } }"#,
            r#"{ untoxic = { link = "a" } }"#,
        ] {
            assert!(!is_fault(&action(harmless)), "{harmless}");
        }
    }
}
