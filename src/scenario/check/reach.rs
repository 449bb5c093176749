//! Gates that no call before them can reach.

use crate::file::Spanned;

use super::Scope;
use super::past::Past;
use crate::file::Diagnostic;
use crate::scenario::model::RequestGate;
use crate::system::RoleKind;

/// A gate on a driven client can only be reached by a call that leaves the timeline free to come to its step.
pub(super) fn reachable(
    scope: &Scope<'_>,
    past: &Past,
    gate: &RequestGate,
    op: &Spanned<String>,
    found: &mut Vec<Diagnostic>,
) {
    let driven = |one: &&crate::scenario::Instance| matches!(one.kind, RoleKind::Driven | RoleKind::Http);
    let instances = scope.instances(gate.process.as_ref());
    if instances.is_empty() || !instances.iter().all(driven) {
        return;
    }
    let is_it = |name: &str| name == op.as_ref() || scope.is_request_of(name, op.as_ref());
    let mine = |(process, name, free): &&(String, String, bool)| {
        instances.iter().any(|one| one.name == *process || one.process == *process) && is_it(name) && *free
    };
    if past.driven.iter().any(|entry| mine(&entry)) {
        return;
    }
    let blocking = past.driven.iter().any(|(_, name, free)| is_it(name) && !free);
    let help = if blocking {
        "the call before is a do.call, which waits for its own end: use do.begin"
    } else {
        "add a do.begin with this op before this step"
    };
    found.push(
        Diagnostic::new(
            op.span(),
            format!("no step can reach this gate: `{}` has no `{}` in flight", gate.process.as_ref(), op.as_ref()),
            "waits for ever",
        )
        .help(help),
    );
}
