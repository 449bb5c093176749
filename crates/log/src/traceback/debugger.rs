//! Backtraces of native programs that others show: a debugger, and servers that log each frame of their end.

use super::super::{Language, Traceback};
use super::{Before, Begun, application, begun, said};
use crate::search::Cut;

/// How far above the first frame a debugger says what has happened.
const NEAR: usize = 8;

/// `#0  pour (cup=0x0) at src/pour.c:12`, as gdb and lldb's `bt` of core files show it.
pub(super) fn begin(line: &str, before: Before<'_, '_>) -> Option<Begun> {
    let first = line.strip_prefix("#0  ").filter(|rest| !rest.starts_with(' '))?;
    frame(first)?;
    let mut begun =
        begun(super::Machine::Debugger(DebuggerTraceback { shown: Shown::Numbered }), Language::Native, true);
    let signalled = |line: &'_ str| {
        let rest = line.cut("received signal ").or_else(|| line.cut("terminated with signal "));
        rest.map(|(_, signal)| signal.trim_end_matches('.').to_owned())
    };
    let heading = (0..NEAR).find_map(|at| signalled(before(at)?).map(|signal| (at, signal)));
    match heading {
        Some((at, signal)) => {
            said(&mut begun.traceback, signal.split(',').next().unwrap_or_default(), &signal);
            begun.before = at + 1;
        }
        None => said(&mut begun.traceback, "backtrace", ""),
    }
    note(&mut begun.traceback, first);
    Some(begun)
}

/// `Received signal Aborted (6)` behind `(version …) (from thread 7)`: ClickHouse logs the frames as records of their own.
pub(super) fn logged(before: &str, text: &str) -> Option<Begun> {
    let signal = text.strip_prefix("Received signal ").filter(|signal| signal.ends_with(')'))?;
    if !before.holds("(from thread ") {
        return None;
    }
    let mut begun =
        begun(super::Machine::Debugger(DebuggerTraceback { shown: Shown::Logged }), Language::Native, false);
    said(&mut begun.traceback, &["signal ", signal].concat(), text);
    Some(begun)
}

/// The stack that redis shows between its records when it crashes.
pub(super) fn of_redis() -> Begun {
    begun(super::Machine::Debugger(DebuggerTraceback { shown: Shown::Loaded }), Language::Native, false)
}

/// The function and the place of `0x55 in pour (cup=0x0) at src/pour.c:12`.
fn frame(text: &str) -> Option<(&str, Option<&str>)> {
    let text = match text.cut(" in ") {
        Some((address, rest)) if address.starts_with("0x") => rest,
        _ => text,
    };
    let (function, rest) = text.cut(" (")?;
    let at = rest.rsplit_once(") at ").map(|(_, place)| place).filter(|place| place.contains(':'));
    let known = at.is_some() || rest.holds(") from /") || rest.ends_with(')');
    (known && !function.is_empty() && !function.starts_with(' ')).then_some((function, at))
}

fn note(traceback: &mut Traceback, text: &str) {
    let Some((function, place)) = frame(text) else { return };
    let place = place.unwrap_or(function);
    application::note(traceback, place, function);
    traceback.frame.get_or_insert_with(|| super::clip(place, 512).to_owned());
}

/// Walks along the frames.
#[derive(Debug)]
pub(super) struct DebuggerTraceback {
    shown: Shown,
}

/// How the frames are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// By a debugger.
    Numbered,
    /// Each in a record.
    Logged,
    /// As `file(function+offset)[address]`.
    Loaded,
}

impl DebuggerTraceback {
    /// Whether parts of it are logged as records of their own.
    pub(super) fn takes_records(&self) -> bool {
        self.shown == Shown::Loaded
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        match self.shown {
            Shown::Logged => return in_log(line, traceback),
            Shown::Loaded => return loaded(line, traceback),
            Shown::Numbered => {}
        }
        let numbered = line.strip_prefix('#').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        if let Some(rest) = numbered.filter(|rest| rest.starts_with(' ')) {
            note(traceback, rest.trim_start());
            return true;
        }
        // Variables of the frame above it, and its source.
        let shown = line.starts_with([' ', '\t']) || line.split_once('\t').is_some_and(|(number, _)| is_number(number));
        shown && !line.trim().is_empty()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// `5. ./base/daemon/BaseDaemon.cpp:12: terminate_handler() @ 0xb01fcbc in /usr/bin/server`
fn in_log(line: &str, traceback: &mut Traceback) -> bool {
    // The name of the logger may stand before what it says.
    let text = line.trim_start().trim_start_matches("BaseDaemon:").trim_start();
    let known = [
        "Stack trace:",
        "Address: ",
        "Access: ",
        "Integrity check",
        "Report this error",
        "Changed settings",
        "Signal ",
    ];
    if text.is_empty() || text.starts_with('#') || known.iter().any(|known| text.starts_with(known)) {
        return true;
    }
    let Some((_, rest)) = text.cut(". ").filter(|(number, _)| is_number(number)) else { return false };
    let Some((shown, _)) = rest.rsplit_once(" @ 0x") else { return true };
    let (place, function) = shown.cut(": ").unwrap_or((shown, shown));
    let place = if shown == function { function } else { place };
    if function != "?" && !is_of_ending(function) {
        application::note(traceback, place, function);
        traceback.frame.get_or_insert_with(|| super::clip(place, 512).to_owned());
    }
    true
}

/// `/usr/bin/redis-server *:6379(pour+0x170)[0x450240]`
fn loaded(line: &str, traceback: &mut Traceback) -> bool {
    const LINES: [&str; 10] = [
        "Crashed running",
        "Accessing address",
        "Failed assertion",
        "Killed by PID",
        "EIP:",
        "Backtrace:",
        "---",
        "(forcing SIGSEGV",
        "=== ",
        "Redis ",
    ];
    let text = line.trim();
    // What a whole report is of, and what an assertion said.
    if let Some((_, signal)) = text.split_once(" crashed by signal: ") {
        if traceback.exception.as_deref() == Some("crash") {
            said(traceback, &["signal ", signal.split(',').next().unwrap_or_default()].concat(), text);
        }
        return true;
    }
    if let Some(failed) = text.strip_prefix("==> ") {
        let place = failed.split(' ').next().filter(|place| place.contains(".c:"));
        if let Some(place) = place.filter(|_| traceback.message.is_empty()) {
            said(traceback, "assertion", failed);
            traceback.frame = Some(place.to_owned());
            traceback.application = Some(place.to_owned());
        }
        return true;
    }
    if text.is_empty() || LINES.iter().any(|known| text.starts_with(known)) {
        return true;
    }
    let Some((frame, _)) = text.strip_suffix(']').and_then(|text| text.rsplit_once("[0x")) else { return false };
    let Some((_, name)) = frame.strip_suffix(')').and_then(|frame| frame.rsplit_once('(')) else { return true };
    let name = name.split("+0x").next().unwrap_or_default();
    let own = ["logStackTrace", "sigsegvHandler"].contains(&name);
    if !name.is_empty() && !own && !is_of_ending(name) {
        application::note(traceback, name, name);
        traceback.frame.get_or_insert_with(|| name.to_owned());
    }
    true
}

/// Whether the function is one that every end goes through.
fn is_of_ending(function: &str) -> bool {
    const ENDING: [&str; 9] = [
        "gsignal",
        "raise",
        "abort",
        "__pthread_kill",
        "pthread_kill",
        "signalHandler",
        "StackTrace::",
        "__assert_fail",
        "abort_message",
    ];
    ENDING.iter().any(|name| function.starts_with(name))
}
