//! Connections that the harness opens and leaves silent.

use super::Scope;
use super::past::Past;
use crate::file::{Diagnostic, Spanned, known_names};
use crate::scenario::model::ConnectAction;
use crate::system::RoleKind;

pub(super) fn open(scope: &Scope<'_>, past: &mut Past, it: &ConnectAction, found: &mut Vec<Diagnostic>) {
    if let Some(one) = scope.client(it.process.as_ref(), it.client.as_ref(), it.name.span(), found)
        && one.kind != RoleKind::Http
    {
        let who = it.who().unwrap_or(&it.name);
        let message = format!("`{}` is not the harness's own client", who.as_ref());
        found.push(
            Diagnostic::new(who.span(), message, "it opens its connections by itself")
                .help("write client = \"http\", or name a process with the role `http`"),
        );
    }
    let name = it.name.as_ref();
    if past.connections.insert(name.clone(), false).is_some() {
        let message = format!("a connection `{name}` was opened before");
        found.push(Diagnostic::new(it.name.span(), message, "names are used once"));
    }
}

impl Past {
    pub(super) fn close_connection(&mut self, name: &Spanned<String>, found: &mut Vec<Diagnostic>) {
        match self.connections.get_mut(name.as_ref()) {
            Some(closed) if !*closed => *closed = true,
            Some(_) => found.push(Diagnostic::new(
                name.span(),
                format!("the connection `{}` was closed before", name.as_ref()),
                "nothing to close",
            )),
            None => {
                let message = format!("no connection `{}` was opened", name.as_ref());
                let help = known_names(name.as_ref(), "open connection", self.connections.keys().map(String::as_str));
                found.push(Diagnostic::new(name.span(), message, "nothing to close").help(help));
            }
        }
    }
}
