//! What a call asks for: its client, its operation, its arguments.

use toml::Spanned;

use super::Scope;
use super::steps::Past;
use crate::file::{Diagnostic, NeedKind, known_names};
use crate::system::RoleKind;

pub(super) fn check_call(
    scope: &Scope<'_>,
    past: &Past,
    (process, op): (&Spanned<String>, &Spanned<String>),
    args: &toml::Table,
    json: Option<&Spanned<String>>,
    found: &mut Vec<Diagnostic>,
) {
    if let Some(one) = scope.single(process, found)
        && one.kind != RoleKind::Driven
    {
        found.push(Diagnostic::new(
            process.span(),
            format!("`{}` is not a driven client", process.as_ref()),
            "it cannot be asked for a call",
        ));
    }
    if !scope.system.operations.contains_key(op.as_ref()) {
        found.push(scope.unknown_op(op));
    }
    let mut texts = Vec::new();
    if let Some(json) = json {
        match serde_json::from_str::<serde_json::Value>(json.as_ref()) {
            Ok(value) if value.is_object() => texts.push(json.as_ref().clone()),
            Ok(_) => found.push(Diagnostic::new(json.span(), "args-json must be a JSON object", "is none")),
            Err(wrong) => found.push(Diagnostic::new(json.span(), format!("args-json is no JSON: {wrong}"), "here")),
        }
        if !args.is_empty() {
            found.push(Diagnostic::new(json.span(), "args and args-json together", "keep one of them"));
        }
    }
    collect_texts(&toml::Value::Table(args.clone()), &mut texts);
    for text in texts {
        for variable in crate::system::variables(&text) {
            let wrong = match variable.split_once(['.', ':']) {
                Some(("fill", size)) if variable.starts_with("fill:") => crate::scenario::fill_size(size).err(),
                _ => {
                    let call = variable.split('.').next().unwrap_or_default();
                    (!past.saved.contains(call)).then(|| format!("no step before saves `{call}`"))
                }
            };
            if let Some(wrong) = wrong {
                found.push(
                    Diagnostic::new(op.span(), format!("`${{{variable}}}`: {wrong}"), "in the arguments of this call")
                        .help("write ${SAVED.field} for a call with save = \"SAVED\", or ${fill:16MiB}"),
                );
            }
        }
    }
}

fn collect_texts(value: &toml::Value, texts: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => texts.push(text.clone()),
        toml::Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        toml::Value::Table(fields) => fields.iter().for_each(|(_, item)| collect_texts(item, texts)),
        _ => {}
    }
}

impl Scope<'_> {
    /// Whether an operation is known, and the request that it makes.
    pub(super) fn operation_with_path(&self, op: &Spanned<String>, found: &mut Vec<Diagnostic>) -> bool {
        match self.system.operations.get(op.as_ref()) {
            None => found.push(self.unknown_op(op)),
            Some(rule) if rule.path.is_none() => found.push(
                Diagnostic::new(
                    op.span(),
                    format!("the system does not say which request `{}` makes", op.as_ref()),
                    "use method and path",
                )
                .need(NeedKind::Request, op.as_ref()),
            ),
            Some(_) => return true,
        }
        false
    }

    pub(super) fn unknown_op(&self, op: &Spanned<String>) -> Diagnostic {
        Diagnostic::new(
            op.span(),
            format!("unknown operation `{}`", op.as_ref()),
            "the system declares no such operation",
        )
        .help(known_names(op.as_ref(), "operation", self.system.operations.keys().map(String::as_str)))
        .need(NeedKind::Operation, op.as_ref())
    }
}
