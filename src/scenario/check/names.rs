//! Names that must be known.

use crate::file::Spanned;

use super::Scope;
use crate::file::{Diagnostic, NeedKind, known_names};
use crate::scenario::Instance;
use crate::system::RoleKind;

impl<'a> Scope<'a> {
    /// The instances that a name means: those of a process, or a single one.
    pub(super) fn instances(&self, name: &str) -> Vec<&Instance> {
        self.instances.iter().filter(|one| one.process == name || one.name == name).collect()
    }

    pub(super) fn unknown_process(&self, name: &Spanned<String>) -> Option<Diagnostic> {
        if !self.instances(name.as_ref()).is_empty() || self.scenario.processes.contains_key(name) {
            return None;
        }
        let known = self.instances.iter().map(|one| one.process.as_str());
        Some(
            Diagnostic::new(name.span(), format!("unknown process `{}`", name.as_ref()), "not in this scenario")
                .help(known_names(name.as_ref(), "process", known)),
        )
    }

    /// A name that must mean exactly one process instance.
    pub(super) fn single(&self, name: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<&Instance> {
        if let Some(wrong) = self.unknown_process(name) {
            found.push(wrong);
            return None;
        }
        let all = self.instances(name.as_ref());
        if all.len() > 1 {
            let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
            found.push(
                Diagnostic::new(
                    name.span(),
                    format!("`{}` is {} processes", name.as_ref(), all.len()),
                    "one is needed here",
                )
                .help(format!("write one of {}", names.join(", "))),
            );
            return None;
        }
        all.first().copied()
    }

    /// A name that must mean exactly one instance which is a process.
    pub(super) fn process(&self, name: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<&Instance> {
        let one = self.single(name, found)?;
        if one.kind != RoleKind::Http {
            return Some(one);
        }
        found.push(
            Diagnostic::new(name.span(), format!("`{}` is no process", name.as_ref()), "the harness's own HTTP client")
                .help("it does not boot, log or end; its calls and its link are what can be meant"),
        );
        None
    }

    /// A name that must mean processes with a link of their own.
    pub(super) fn linked(&self, name: &Spanned<String>, found: &mut Vec<Diagnostic>) {
        if let Some(wrong) = self.unknown_process(name) {
            found.push(wrong);
            return;
        }
        for one in self.instances(name.as_ref()) {
            if one.kind == RoleKind::Server {
                found.push(
                    Diagnostic::new(name.span(), "the server has no link", "a link belongs to a client process")
                        .help("name the client whose traffic is meant"),
                );
            } else if !one.linked {
                found.push(
                    Diagnostic::new(name.span(), format!("`{}` has no link", one.name), "its traffic passes no proxy")
                        .help("remove via = \"direct\" from this process"),
                );
            }
        }
    }

    pub(super) fn unknown_exit(&self, name: &Spanned<String>) -> Option<Diagnostic> {
        (!self.system.exits.contains_key(name.as_ref())).then(|| {
            Diagnostic::new(
                name.span(),
                format!("unknown exit `{}`", name.as_ref()),
                "the system declares no such exit",
            )
            .help(known_names(name.as_ref(), "exit", self.system.exits.keys().map(String::as_str)))
            .need(NeedKind::Exit, name.as_ref())
        })
    }

    /// A line by name or by literals, the one or the other.
    pub(super) fn check_line(
        &self,
        at: &Spanned<String>,
        name: Option<&Spanned<String>>,
        literal: bool,
        found: &mut Vec<Diagnostic>,
    ) {
        match (name, literal) {
            (Some(name), false) if !self.system.lines.contains_key(name.as_ref()) => found.push(
                Diagnostic::new(
                    name.span(),
                    format!("unknown line `{}`", name.as_ref()),
                    "the system declares no such line",
                )
                .help(known_names(name.as_ref(), "line", self.system.lines.keys().map(String::as_str)))
                .need(NeedKind::Line, name.as_ref()),
            ),
            (Some(name), true) => found.push(
                Diagnostic::new(
                    name.span(),
                    "a line is meant by its name or by level, target and message, not by both",
                    "by name here",
                )
                .help("keep the name, or the literals"),
            ),
            (None, false) => found.push(
                Diagnostic::new(at.span(), "which line?", "of this process")
                    .help("write line = \"NAME\" (declared by the system), or level, target, message"),
            ),
            (None, true) if self.scenario.system.is_none() => found.push(
                Diagnostic::new(
                    at.span(),
                    "a literal line belongs to one system",
                    "level, target, message are literals",
                )
                .help(format!("write system = \"{}\" at the top of the file, or use a line name", self.system.name)),
            ),
            _ => {}
        }
    }
}
