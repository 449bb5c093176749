//! What the HTTP client of the harness is asked for.

use hyper::header::HeaderName;

use super::Scope;
use crate::file::Diagnostic;
use crate::scenario::model::Asking;
use crate::scenario::request;

/// Checks a call of it; `texts` gets all that may have variables in it.
pub(super) fn check(scope: &Scope<'_>, asking: Asking<'_>, texts: &mut Vec<String>, found: &mut Vec<Diagnostic>) {
    let op = asking.op;
    texts.push(op.as_ref().clone());
    texts.extend(asking.body.map(|body| body.as_ref().clone()));
    texts.extend(asking.headers.values().cloned());
    if request::request(op.as_ref()).is_some() {
        if let Some(mistake) = request::mistake(op.as_ref()) {
            found.push(
                Diagnostic::new(op.span(), format!("`{}` is no request", op.as_ref()), "not a method and a path")
                    .help(format!("write op = \"POST /items\": {mistake}")),
            );
        }
    } else if scope.operation_with_path(op, found) {
        let rule = scope.system.operations.get(op.as_ref());
        let whole =
            rule.is_some_and(|rule| rule.method.is_some() && rule.path().is_some_and(|path| !path.contains('*')));
        if !whole {
            found.push(
                Diagnostic::new(op.span(), format!("`{}` is not one request", op.as_ref()), "its path has a `*`")
                    .help("write the request itself, such as op = \"GET /items/7\" or op = \"GET /items/${item.id}\""),
            );
        }
    }
    if let Some(body) = asking.body
        && (!asking.args.is_empty() || asking.args_json.is_some())
    {
        found.push(
            Diagnostic::new(body.span(), "a request has one body", "and args are one, too")
                .help("keep args (a JSON object), or body (any text)"),
        );
    }
    for name in asking.headers.keys().filter(|name| HeaderName::from_bytes(name.as_ref().as_bytes()).is_err()) {
        let message = format!("`{}` is no name of a header", name.as_ref());
        found.push(Diagnostic::new(name.span(), message, "cannot be sent"));
    }
}
