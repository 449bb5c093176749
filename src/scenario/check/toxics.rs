//! Toxics: one kind each, with values that make sense, and taken away only where they are.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Scope;
use crate::file::{Diagnostic, known_names};
use crate::proxy::{Only, ToxicKind};
use crate::scenario::model::{ToxicAction, UntoxicAction};

/// The toxics of each link so far.
pub(super) type Toxics = BTreeMap<String, Vec<String>>;

pub(super) fn add(
    scope: &Scope<'_>,
    toxics: &mut Toxics,
    it: &ToxicAction,
    at: Range<usize>,
    found: &mut Vec<Diagnostic>,
) {
    scope.linked(&it.link, found);
    if let Some(only) = &it.only
        && let Some(op) = &only.op
    {
        scope.operation_with_path(op, found);
        if only.method.is_some() || only.path.is_some() {
            found.push(
                Diagnostic::new(op.span(), "`op` stands for method and path", "one of the two is too much")
                    .help("remove op, or method and path"),
            );
        }
    }
    if let Some(only) = &it.only {
        found.extend(crate::file::wrong_requests(only.method.as_ref(), only.path.as_ref()));
    }
    let Some(toxic) = it.toxic(|_| (None, None)) else {
        let named: Vec<&str> = it.kinds().iter().map(ToxicKind::name).collect();
        let said = if named.is_empty() { "none is named".to_owned() } else { format!("named: {}", named.join(", ")) };
        found.push(
            Diagnostic::new(at, "a toxic is of exactly one kind", said)
                .help(format!("name one of {}", ToxicKind::NAMES.join(", "))),
        );
        return;
    };
    // What is wrong with its requests was said above, at their places.
    let named = crate::proxy::Toxic {
        only: toxic.only.clone().map(|only| Only { method: None, path: None, ..only }),
        ..toxic.clone()
    };
    if let Err(wrong) = named.check() {
        found.push(Diagnostic::new(at.clone(), format!("`{}` cannot be so", wrong.field), wrong.problem));
    }
    let here = toxics.entry(it.link.as_ref().clone()).or_default();
    if here.contains(&toxic.name) {
        let place = it.name.as_ref().map_or(at, crate::file::Spanned::span);
        found.push(
            Diagnostic::new(
                place,
                format!("the link of `{}` has a toxic `{}` already", it.link.as_ref(), toxic.name),
                "names are unique on a link",
            )
            .help("give it a `name`, or take the other one away with do.untoxic first"),
        );
    } else {
        here.push(toxic.name);
    }
}

pub(super) fn remove(scope: &Scope<'_>, toxics: &mut Toxics, it: &UntoxicAction, found: &mut Vec<Diagnostic>) {
    scope.linked(&it.link, found);
    let here = toxics.entry(it.link.as_ref().clone()).or_default();
    match &it.name {
        None if here.is_empty() => found.push(Diagnostic::new(
            it.link.span(),
            format!("the link of `{}` has no toxic", it.link.as_ref()),
            "by no step before this one",
        )),
        None => here.clear(),
        Some(name) => match here.iter().position(|known| known == name.as_ref()) {
            Some(at) => drop(here.remove(at)),
            None => found.push(
                Diagnostic::new(
                    name.span(),
                    format!("the link of `{}` has no toxic `{}`", it.link.as_ref(), name.as_ref()),
                    "by no step before this one",
                )
                .help(known_names(name.as_ref(), "toxic", here.iter().map(String::as_str))),
            ),
        },
    }
}
