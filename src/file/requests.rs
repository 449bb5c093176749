//! Requests as files name them: what no client can send is refused, by the rules of the proxy.

use super::{Diagnostic, Spanned};
use crate::proxy::check_matcher;

/// What is wrong with a method and a path, each at its place.
pub(crate) fn wrong_requests(method: Option<&Spanned<String>>, path: Option<&Spanned<String>>) -> Vec<Diagnostic> {
    let text = |it: Option<&Spanned<String>>| it.map(|it| it.as_ref().clone());
    let wrong =
        [(method, check_matcher(text(method).as_deref(), None)), (path, check_matcher(None, text(path).as_deref()))];
    let found = wrong.into_iter().filter_map(|(at, wrong)| Some((at?, wrong.err()?)));
    found.map(|(at, wrong)| Diagnostic::new(at.span(), wrong.to_string(), "no request is met by it")).collect()
}
