//! What `[expect]` says must be possible.

use crate::file::Spanned;

use super::Scope;
use crate::file::{Diagnostic, NeedKind, known_names};
use crate::scenario::ExpectLine;
use crate::system::Policy;

pub(super) fn check(scope: &Scope<'_>, found: &mut Vec<Diagnostic>) {
    let expect = &scope.scenario.expect;
    let mut known: Vec<String> = Vec::new();
    for line in &expect.line {
        let expected = line.as_ref();
        if expected.process.is_none() && expected.role.is_none() {
            found.push(
                Diagnostic::new(line.span(), "who logs this line?", "neither a process nor a role")
                    .help("write process = \"NAME\" or role = \"NAME\""),
            );
        }
        check_line(scope, line, expected, &known, found);
        known.extend(expected.name().map(str::to_owned));
    }
    for absent in &expect.absent {
        check_line(scope, absent, &ExpectLine::from(absent.as_ref()), &known, found);
    }
    if let Some(policy) = expect.policy.as_ref().filter(|name| scope.system.policy_named(name.as_ref()).is_none()) {
        let known = scope.system.policies.keys().map(String::as_str).chain(Policy::BUILT_IN);
        found.push(
            Diagnostic::new(policy.span(), format!("unknown policy `{}`", policy.as_ref()), "no such policy")
                .help(known_names(policy.as_ref(), "policy", known.collect::<Vec<_>>()))
                .need(NeedKind::Policy, policy.as_ref()),
        );
    }
    let rules = &expect.transcript;
    for name in rules.unordered.iter().chain(&rules.optional).chain(&rules.fold) {
        scope.check_line(name, Some(name), false, found);
    }
    for (name, shape) in &rules.ids {
        if let Err(why) = regex::Regex::new(shape) {
            let why = why.to_string();
            let why = why.lines().last().unwrap_or_default().trim().to_owned();
            let at = expect.policy.as_ref().map_or(0..0, Spanned::span);
            let what = format!("expect.transcript.ids.{name} is no regular expression: {why}");
            found.push(Diagnostic::new(at, what, "in this file"));
        }
    }
}

fn check_line<T>(
    scope: &Scope<'_>,
    at: &Spanned<T>,
    expected: &ExpectLine,
    known: &[String],
    found: &mut Vec<Diagnostic>,
) {
    if let (Some(process), Some(_)) = (&expected.process, &expected.role) {
        found.push(
            Diagnostic::new(process.span(), "a line is of a process or of a role, not of both", "the process")
                .help("keep process, or role"),
        );
    }
    found.extend(expected.process.as_ref().and_then(|process| scope.unknown_process(process)));
    if let Some(role) = expected.role.as_ref().filter(|role| scope.system.role(role.as_ref()).is_none()) {
        let known = scope.system.roles.keys().map(|key| key.as_ref().as_str());
        found.push(
            Diagnostic::new(role.span(), format!("unknown role `{}`", role.as_ref()), "the system has no such role")
                .help(known_names(role.as_ref(), "role", known))
                .need(NeedKind::Role, role.as_ref()),
        );
    }
    let literal = expected.level.is_some() || expected.target.is_some() || expected.message.is_some();
    let anchor = Spanned::new(expected.process.as_ref().map_or(at.span(), Spanned::span), String::new());
    scope.check_line(&anchor, expected.line.as_ref(), literal, found);
    if let Some(after) = expected.after.as_ref().filter(|after| !known.contains(after.as_ref())) {
        let names = known.iter().map(String::as_str);
        found.push(
            Diagnostic::new(
                after.span(),
                format!("no expectation before this one is called `{}`", after.as_ref()),
                "after which line?",
            )
            .help(known_names(after.as_ref(), "expectation", names)),
        );
    }
}
