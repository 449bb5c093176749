//! What a call asks for: its client, its operation, its arguments.

use crate::file::Spanned;

use super::Scope;
use super::past::Past;
use crate::file::{Diagnostic, NeedKind, known_names};
use crate::scenario::Instance;
use crate::scenario::model::Asking;
use crate::system::{HTTP, RoleKind};

pub(super) fn check_call(scope: &Scope<'_>, past: &Past, asking: Asking<'_>, found: &mut Vec<Diagnostic>) {
    let Asking { op, args, args_json: json, .. } = asking;
    let mut texts = Vec::new();
    match kind(scope, asking, found) {
        Some(RoleKind::Http) => super::http::check(scope, asking, &mut texts, found),
        _ => {
            if !scope.system.operations.contains_key(op.as_ref()) {
                found.push(scope.unknown_op(op));
            }
            for key in asking.body.map(Spanned::span).into_iter().chain(asking.headers.keys().map(Spanned::span)) {
                found.push(
                    Diagnostic::new(
                        key,
                        "only the HTTP client of the harness has a body and headers",
                        "not for this client",
                    )
                    .help("a driven client takes args; client = \"http\" is the harness's own"),
                );
            }
        }
    }
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
                Some(("fill", size)) if variable.starts_with("fill:") => {
                    crate::scenario::fill_size(size).err().map(|wrong| wrong.to_string())
                }
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

/// What the client is to the harness, if it is there and can be asked.
fn kind(scope: &Scope<'_>, asking: Asking<'_>, found: &mut Vec<Diagnostic>) -> Option<RoleKind> {
    let one = scope.client(asking.process, asking.client, asking.op.span(), found)?;
    if !matches!(one.kind, RoleKind::Driven | RoleKind::Http) {
        let who = asking.who().unwrap_or(asking.op);
        found.push(Diagnostic::new(
            who.span(),
            format!("`{}` is not a driven client", who.as_ref()),
            "it cannot be asked for a call",
        ));
        return None;
    }
    Some(one.kind)
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
    /// The one client that is meant by `process` or by `client`; `at` is where neither is missed.
    pub(super) fn client(
        &self,
        process: Option<&Spanned<String>>,
        client: Option<&Spanned<String>>,
        at: std::ops::Range<usize>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<&Instance> {
        let who = match (process, client) {
            (Some(process), None) => process,
            (None, Some(client)) if client.as_ref() == HTTP => client,
            (None, Some(client)) => {
                found.push(
                    Diagnostic::new(client.span(), format!("unknown client `{}`", client.as_ref()), "there is one")
                        .help("write client = \"http\", or process = \"NAME\" for a process that is a driven client"),
                );
                return None;
            }
            (Some(_), Some(client)) => {
                found.push(
                    Diagnostic::new(
                        client.span(),
                        "a call has a process or a client, not both",
                        "the harness's own client",
                    )
                    .help("remove one of the two"),
                );
                return None;
            }
            (None, None) => {
                found.push(
                    Diagnostic::new(at, "who is asked for this call?", "neither a process nor a client")
                        .help("write process = \"NAME\", or client = \"http\" for the harness's own HTTP client"),
                );
                return None;
            }
        };
        let one = self.single(who, found)?;
        if client.is_some() && one.kind != RoleKind::Http {
            found.push(Diagnostic::new(
                who.span(),
                "`http` is something else here",
                format!("a process with the role `{}`", one.role),
            ));
            return None;
        }
        Some(one)
    }

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

    /// Whether a request as it is written may be one that an operation makes.
    pub(super) fn is_request_of(&self, written: &str, op: &str) -> bool {
        let Some((method, path)) = crate::scenario::request_pattern(written) else { return false };
        self.system.operations.get(op).is_some_and(|rule| {
            let fits = |known: &str| crate::file::fits(known, &path) || path.contains('*');
            rule.method().is_none_or(|known| known == method) && rule.path().is_none_or(fits)
        })
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
