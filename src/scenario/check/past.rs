//! What the steps of a scenario have made true up to one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::file::Spanned;

use super::toxics;
use crate::file::{Diagnostic, known_names};
use crate::scenario::model::Asking;

/// What the steps so far have made true.
#[derive(Default)]
pub(super) struct Past {
    /// Calls that were begun: place of the name, process, operation, whether finished or cancelled.
    pub(super) begun: BTreeMap<String, (Range<usize>, bool)>,
    pub(super) saved: BTreeSet<String>,
    /// Kept gates: place of the name, whether released.
    pub(super) kept: BTreeMap<String, (Range<usize>, bool)>,
    /// Connections that were opened, and whether they were closed.
    pub(super) connections: BTreeMap<String, bool>,
    /// What drives traffic: (process, operation), and whether it leaves the timeline free.
    pub(super) driven: Vec<(String, String, bool)>,
    pub(super) down: BTreeSet<String>,
    pub(super) toxics: toxics::Toxics,
}

impl Past {
    /// A call is under way; `free` when the timeline does not wait for it.
    pub(super) fn drives(&mut self, asking: Asking<'_>, free: bool) {
        if let Some(who) = asking.who() {
            self.driven.push((who.as_ref().clone(), asking.op.as_ref().clone(), free));
        }
    }

    pub(super) fn end_call(&mut self, call: &Spanned<String>, what: &str, found: &mut Vec<Diagnostic>) {
        match self.begun.get_mut(call.as_ref()) {
            Some((_, ended)) => *ended = true,
            None => {
                let known = self.begun.keys().map(String::as_str);
                found.push(
                    Diagnostic::new(
                        call.span(),
                        format!("no call `{}` was begun", call.as_ref()),
                        format!("nothing to {what}"),
                    )
                    .help(known_names(call.as_ref(), "call that was begun", known)),
                );
            }
        }
    }
}
