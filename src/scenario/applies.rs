//! Whether a scenario means anything on a system.

use super::Scenario;
use super::check::check;
use crate::file::{Diagnostic, Diagnostics, Need, NeedKind};
use crate::system::System;

/// Why a scenario is left out on a system: it never counts as passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApplicable {
    /// Why, in a few words.
    pub reason: String,
    /// Somebody wrote it down: the system file, under `[not-applicable]`, or the scenario, with the name of another system.
    pub declared: bool,
}

impl Scenario {
    /// Whether it can be run on this system. Nothing means that it can.
    ///
    /// What the system lacks and one of `known` has makes it not applicable; a name that nobody has is a mistake. The defect of
    /// its control is needed only where the `control` is what runs.
    ///
    /// # Errors
    /// Everything in it that does not agree with itself, or with any system.
    pub fn fit(&self, system: &System, known: &[System], control: bool) -> Result<Option<NotApplicable>, Diagnostics> {
        if let Some(reason) = system.file.not_applicable.get(&self.name) {
            return Ok(Some(NotApplicable { reason: reason.clone(), declared: true }));
        }
        let mut lacking: Vec<String> = Vec::new();
        let mut wrong: Vec<Diagnostic> = Vec::new();
        for diagnostic in check(&self.file, &system.file) {
            match &diagnostic.need {
                Some(need) if is_known(need, known) => {
                    let needed = need.kind != NeedKind::Defect || control;
                    if needed && !lacking.contains(&need.to_string()) {
                        lacking.push(need.to_string());
                    }
                }
                _ => wrong.push(diagnostic),
            }
        }
        // What is said of another system's words cannot be judged here.
        let elsewhere = self.system().filter(|name| *name != system.file.name);
        if elsewhere.is_none() {
            Diagnostics::unless_empty(&self.path, &self.source, wrong)?;
        }
        Ok(match (elsewhere, lacking.is_empty()) {
            (Some(name), _) => Some(NotApplicable {
                reason: format!("it is for the system `{name}`"),
                // The scenario's own word, where such a system exists; a misspelt name declares nothing.
                declared: known.iter().any(|system| system.file.name == name),
            }),
            (None, true) => None,
            (None, false) => Some(NotApplicable {
                reason: format!("the system `{}` has {}", system.file.name, lacking.join(", ")),
                declared: false,
            }),
        })
    }
}

/// A scenario for another system is for that one, whether it is here or not.
fn is_known(need: &Need, known: &[System]) -> bool {
    need.kind == NeedKind::System || known.iter().any(|system| system.file.has(need))
}
