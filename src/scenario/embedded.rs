//! What only the embedded proxy can do.

use super::{Action, ScenarioFile, Via, is_gate};

/// Why a scenario needs the embedded proxy; nothing where a Toxiproxy server is enough for it.
pub fn needs_embedded_proxy(scenario: &ScenarioFile) -> Option<String> {
    if !scenario.processes.values().any(|process| process.via == Via::Proxy) {
        return Some("no process has a link".to_owned());
    }
    scenario.steps.iter().zip(1..).find_map(|(step, number)| {
        let step = step.as_ref();
        let what = match step.action.as_ref().map(crate::file::Spanned::as_ref) {
            _ if step.on.as_ref().is_some_and(|event| is_gate(event.as_ref())) => "is a gate",
            Some(Action::Cut(_)) => "cuts a connection",
            Some(Action::Hold(_)) => "holds a link",
            Some(Action::Release(_)) => "releases what is held",
            Some(Action::Refuse(_) | Action::Accept(_)) => "refuses connections or accepts them again",
            Some(Action::Toxic(toxic)) if toxic.only.is_some() => "has a toxic that chooses requests",
            Some(Action::Toxic(toxic)) if toxic.corrupt.is_some() => "corrupts bytes",
            _ => return None,
        };
        Some(format!("step {number} {what}"))
    })
}
