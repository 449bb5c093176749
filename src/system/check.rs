//! What must agree within a system file.

use std::ops::Range;

use crate::file::Spanned;

use super::invariant::{Does, Invariant};
use super::model::*;
use crate::file::{Diagnostic, known_names};
use crate::log::{Format, Reader, Stream};

/// What stands before the name of a program in a variable: `${program.shop}`.
pub(crate) const PROGRAM_VARIABLE: &str = "program.";

/// What a command can use, beside `${program.NAME}`.
const VARIABLES: [&str; 6] = ["quietdown", "port", "server", "run", "name", "system"];

/// Everything in `file` that refers to something that is not there.
pub(super) fn check(file: &SystemFile) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, role) in &file.roles {
        check_role(file, name, role, &mut found);
    }
    for (name, zygote) in &file.zygotes {
        check_zygote(name, zygote, &mut found);
    }
    for word in file.setup.iter().flat_map(|setup| setup.command.iter().chain(&setup.check)) {
        for variable in variables(word.as_ref()).into_iter().filter(|name| !["quietdown", "system"].contains(name)) {
            found.push(
                Diagnostic::new(word.span(), format!("`${{{variable}}}` is not known here"), "in this argument")
                    .help("a setup is of no run: it can use ${quietdown} and ${system}"),
            );
        }
    }
    for (name, variant) in &file.variants {
        check_variant(file, name, variant, &mut found);
    }
    for expected in &file.expected_failures {
        check_expected(file, expected, &mut found);
    }
    check_expressions(file, &mut found);
    if let Some(policy) = file.policy.as_ref().filter(|name| file.policy_named(name.as_ref()).is_none()) {
        let known = file.policies.keys().map(String::as_str).chain(Policy::BUILT_IN);
        found.push(unknown("policy", policy, known.collect::<Vec<_>>()));
    }
    for line in &file.log.transcript_omits {
        found.extend(unknown_line(file, line));
    }
    for line in file.policies.values().flat_map(|policy| &policy.allow) {
        found.extend(unknown_line(file, line));
    }
    for role in file.policies.values().flat_map(|policy| &policy.tracebacks_of) {
        if file.role(role.as_ref()).is_none() {
            found.push(unknown("role", role, file.roles.keys().map(|key| key.as_ref().as_str())));
        }
    }
    for (name, shape) in &file.log.ids {
        if let Err(error) = regex::Regex::new(shape) {
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default().trim().to_owned();
            found.push(Diagnostic::new(
                0..0,
                format!("log.ids.{name} is no regular expression: {why}"),
                "in this file",
            ));
        }
    }
    for (name, exit) in &file.exits {
        let usable = |status: &toml::Value| match status {
            toml::Value::Integer(_) => true,
            toml::Value::String(name) => name.starts_with("SIG") || name == super::ANY_STATUS,
            _ => false,
        };
        if exit.as_ref().status.is_empty() || !exit.as_ref().status.iter().all(usable) {
            found.push(
                Diagnostic::new(exit.span(), format!("exits.{name} must list exit codes and signals"), "not usable")
                    .help("write numbers and signal names, such as status = [0, \"SIGTERM\"], or [\"any\"]"),
            );
        }
    }
    for rule in file.operations.values() {
        found.extend(crate::file::wrong_requests(rule.method.as_ref(), rule.path.as_ref()));
    }
    for invariant in &file.invariants {
        check_invariant(file, invariant.as_ref(), &mut found);
    }
    found
}

/// The regular expressions of `[log]` and of each role's `log`.
fn check_expressions(file: &SystemFile, found: &mut Vec<Diagnostic>) {
    let roles = || file.roles.values().filter_map(|role| role.log.as_ref());
    let continuations = roles().map(|log| &log.continuation).chain([&file.log.continuation]).flatten();
    let prefixes = roles().map(|log| &log.prefix).chain([&file.log.prefix]).flatten();
    let continuations = continuations.map(|expression| {
        let help = r"write what the lines begin with that belong to the record before them, such as '^(\||\})'";
        ("continuation", help, expression)
    });
    let prefixes = prefixes.map(|expression| {
        ("prefix", r"write what stands before each line, such as '(?<source>[\w-]+) !! '", expression)
    });
    let applications = roles().map(|log| &log.application).chain([&file.log.application]).flatten();
    for prefix in applications.filter(|prefix| prefix.as_ref().trim().is_empty()) {
        let message = "an empty text is in every frame, whoever wrote it".to_owned();
        let help = "write the package or folder of the application, such as 'site-packages/ours/', or leave it out";
        found.push(Diagnostic::new(prefix.span(), message, "says nothing").help(help));
    }
    let secrets = file.log.secrets.iter().map(|expression| {
        ("secrets", r"write what the secrets look like, such as 'tok_[a-z0-9]+', or 'card=(\d+)'", expression)
    });
    for (key, help, expression) in continuations.chain(prefixes).chain(secrets) {
        if let Err(why) = regex::Regex::new(expression.as_ref()) {
            let message = format!("{key} is no regular expression: {}", last_line(&why));
            found.push(Diagnostic::new(expression.span(), message, "not usable").help(help));
        }
    }
}

fn check_invariant(file: &SystemFile, invariant: &Invariant, found: &mut Vec<Diagnostic>) {
    for operation in invariant.operations() {
        if !file.operations.contains_key(operation.as_ref()) {
            found.push(unknown("operation", operation, file.operations.keys().map(String::as_str)));
        }
    }
    for line in invariant.lines() {
        found.extend(unknown_line(file, line));
    }
    let (item, adds) = match invariant {
        Invariant::Set(set) => (Some(&set.item), set.add.iter().collect()),
        Invariant::Queue(queue) => (Some(&queue.item), queue.put.iter().chain(&queue.add).collect()),
        Invariant::Register(_) | Invariant::Log(_) | Invariant::Once(_) => (None, Vec::new()),
    };
    let without_content = |does: &&&Does| does.content.is_none() && item.is_some_and(|item| item.content.is_some());
    for does in adds.iter().filter(without_content) {
        let message =
            format!("an item is known by its content, and `{0}` does not say what it puts in", does.op.as_ref());
        found.push(Diagnostic::new(does.op.span(), message, "this operation adds items").help(
            "write content = \"args.NAME\" beside its id, or leave `content` out of `item`: then the id is what it is known by",
        ));
    }
    let Some(path) = invariant.read().map(|read| &read.path) else { return };
    for variable in variables(path.as_ref()) {
        let wrong = if variable != "key" {
            Some("a read can use ${key}")
        } else if invariant.keys().is_empty() {
            Some("only a register or a log has keys; read all items with one path")
        } else {
            None
        };
        if let Some(help) = wrong {
            let message = format!("`${{{variable}}}` is not known here");
            found.push(Diagnostic::new(path.span(), message, "in this path").help(help));
        }
    }
}

fn check_variant(file: &SystemFile, name: &Spanned<String>, variant: &Variant, found: &mut Vec<Diagnostic>) {
    let usable = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.as_ref() == PLAIN
        || name.as_ref() == "all"
        || name.as_ref().is_empty()
        || !name.as_ref().chars().all(usable)
    {
        found.push(Diagnostic::new(name.span(), "a variant cannot be called so", "not a name").help(
            "names are letters, digits, `-`, `_` and `.`; `plain` is the system without a variant, `all` are all",
        ));
    }
    for role in variant.roles.iter().flatten().filter(|role| file.role(role.as_ref()).is_none()) {
        found.push(unknown("role", role, file.roles.keys().map(|key| key.as_ref().as_str())));
    }
}

fn check_expected(file: &SystemFile, expected: &Spanned<ExpectedFailure>, found: &mut Vec<Diagnostic>) {
    let rule = expected.as_ref();
    if rule.findings.is_empty() {
        found.push(
            Diagnostic::new(expected.span(), "with which finding does it fail?", "`findings` is empty")
                .help("write the kinds that the report shows, such as findings = [\"traceback\"]"),
        );
    }
    let known = || file.variants.keys().map(|key| key.as_ref().as_str()).chain([PLAIN]);
    for variant in rule.variants.iter().flatten().filter(|name| !known().any(|known| known == name.as_ref())) {
        found.push(unknown("variant", variant, known().collect::<Vec<_>>()));
    }
    let same = |other: &&Spanned<ExpectedFailure>| {
        other.span() != expected.span() && other.as_ref().scenario == rule.scenario && other.as_ref().shares_with(rule)
    };
    if file.expected_failures.iter().take_while(|other| other.span() != expected.span()).any(|other| same(&other)) {
        found.push(Diagnostic::new(
            expected.span(),
            format!("the failure of `{}` is declared twice for one variant", rule.scenario),
            "the second time",
        ));
    }
    if file.not_applicable.contains_key(&rule.scenario) {
        found.push(Diagnostic::new(
            expected.span(),
            format!("`{}` is not applicable, so it cannot fail", rule.scenario),
            "in [not-applicable], too",
        ));
    }
}

/// What the command of a zygote can use: it is nobody's, and of no run.
const ZYGOTE_VARIABLES: [&str; 3] = ["quietdown", "system", "zygote"];

fn check_zygote(name: &str, zygote: &Zygote, found: &mut Vec<Diagnostic>) {
    if zygote.command.is_empty() {
        found.push(
            Diagnostic::new(0..0, format!("zygotes.{name} needs a command"), "its command is empty")
                .help("write command = [\"python3\", \"${zygote}\", \"--import\", \"MODULE\"]"),
        );
    }
    for word in &zygote.command {
        for variable in variables(word.as_ref()).into_iter().filter(|name| !ZYGOTE_VARIABLES.contains(name)) {
            found.push(
                Diagnostic::new(word.span(), format!("`${{{variable}}}` is not known here"), "in this argument").help(
                    "a zygote is started once, for all runs and processes: it can use ${quietdown}, ${system} and ${zygote}",
                ),
            );
        }
    }
}

fn check_role(file: &SystemFile, name: &Spanned<String>, role: &Role, found: &mut Vec<Diagnostic>) {
    if role.command.is_empty() {
        found.push(Diagnostic::new(name.span(), "a role needs a command", "its command is empty"));
    }
    if let Some(zygote) = &role.zygote {
        if !file.zygotes.contains_key(zygote.as_ref()) {
            found.push(unknown("zygote", zygote, file.zygotes.keys().map(String::as_str)));
        }
        if role.command.len() == 1 {
            found.push(
                Diagnostic::new(role.command[0].span(), "a zygote has nothing to run here", "the interpreter alone")
                    .help("a command that a zygote forks is an interpreter, a script (or -m and a module), and its arguments"),
            );
        }
    }
    check_log(file, name, role, found);
    if !file.exits.contains_key(role.exit.as_ref()) {
        found.push(unknown("exit", &role.exit, file.exits.keys().map(String::as_str)));
    }
    let begun = match &role.stop.begun {
        Some(Begun::Line(line)) => Some(line),
        _ => None,
    };
    let ready = role.ready.as_ref().and_then(|ready| ready.line.as_ref());
    for line in role.lifecycle.iter().chain(begun).chain(ready) {
        found.extend(unknown_line(file, line));
    }
    for part in role.parts.values() {
        if file.role(part.role.as_ref()).is_none() {
            found.push(unknown("role", &part.role, file.roles.keys().map(|key| key.as_ref().as_str())));
        }
    }
    for word in role.command.iter().chain(&role.folder) {
        for variable in variables(word.as_ref()) {
            if !VARIABLES.contains(&variable) && !variable.starts_with(PROGRAM_VARIABLE) {
                found.push(
                    Diagnostic::new(word.span(), format!("`${{{variable}}}` is not known here"), "in this argument")
                        .help("a command can use ${quietdown}, ${program.NAME}, ${port}, ${server}, ${run}, ${name} and ${system}"),
                );
            }
        }
    }
}

/// Its format must be usable, and carry what the records of a driven client must say.
fn check_log(file: &SystemFile, name: &Spanned<String>, role: &Role, found: &mut Vec<Diagnostic>) {
    let dialect = file.dialect(name.as_ref());
    let whole = |format: &Format| Reader::new(format, Stream::Stdout);
    if let Err(why) = whole(dialect.format) {
        let message = format!("the format of this role is no regular expression: {}", last_line(&why));
        found.push(Diagnostic::new(name.span(), message, "in [log], or in the log of this role"));
    }
    let reports = file.policy_named(file.default_policy()).is_none_or(|policy| policy.reports);
    let field = &file.log.call_field;
    if role.kind == RoleKind::Driven && reports && !dialect.carries(field) {
        let message = format!(
            "the records of a driven client must say which call they are about, and the format `{}` carries no field `{field}`",
            dialect.format_name()
        );
        found.push(Diagnostic::new(name.span(), message, "this role is driven").help(format!(
            "let it log with fields and write [roles.{name}.log] format = \"json\" (or logfmt, tracing); or write format = {{ regex = '… {field}=(?<{field}>\\d+) …' }} with a group `{field}`; or a policy with reports = false, which the system names with `policy`",
            name = name.as_ref()
        )));
    }
}

/// Of what is wrong with an expression, the line that says it.
fn last_line(why: &impl ToString) -> String {
    let why = why.to_string();
    why.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
}

fn unknown_line(file: &SystemFile, line: &Spanned<String>) -> Option<Diagnostic> {
    let known = file.lines.contains_key(line.as_ref());
    (!known).then(|| unknown("line", line, file.lines.keys().map(String::as_str)))
}

fn unknown<'a>(what: &str, name: &Spanned<String>, known: impl IntoIterator<Item = &'a str> + Clone) -> Diagnostic {
    let span: Range<usize> = name.span();
    Diagnostic::new(span, format!("unknown {what} `{}`", name.as_ref()), format!("no such {what} in this system"))
        .help(known_names(name.as_ref(), what, known))
}

/// The names in `${…}` of a text.
pub(crate) fn variables(text: &str) -> Vec<&str> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}
