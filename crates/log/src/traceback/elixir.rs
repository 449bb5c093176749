//! What Elixir and Erlang write: `** (Error) message` with frames, and the reports of OTP with their terms.

use crate::search::Cut;
use std::sync::LazyLock;

use regex::Regex;

use super::super::{Language, Traceback};
use super::{Begun, application, begun, pattern, said, say};

/// `** (RuntimeError) message`
pub(super) fn begin(line: &str) -> Option<Begun> {
    let (name, message) = exception(line)?;
    let mut begun =
        begun(super::Machine::Elixir(ElixirTraceback { phase: ElixirPhase::Message }), Language::Elixir, false);
    said(&mut begun.traceback, name, message);
    if message.starts_with('{') {
        places(message, &mut begun.traceback);
    }
    Some(begun)
}

/// `Error in process <0.84.0> with exit value:`, `    exception error: message`, `** Reason for termination ==`
pub(super) fn begin_report(line: &str) -> Option<Begun> {
    let text = line.trim();
    let mut message = "";
    let named = if text.starts_with("Error in process <") && text.holds(" with exit value:") {
        text.cut(" with exit value:").map(|(_, rest)| rest.trim())
    } else if let Some(rest) = text.strip_prefix("exception ").filter(|_| line.starts_with(' ')) {
        let (kind, said) = rest.cut(": ").filter(|(kind, _)| matches!(*kind, "error" | "exit" | "throw"))?;
        message = said;
        Some(kind)
    } else if text.contains("[{file,\"") && text.contains("},{line,") {
        // A stack within a term, wherever it was printed.
        message = text;
        Some("")
    } else if text.starts_with("** Reason for termination") || text.starts_with("** When handler state") {
        Some("")
    } else {
        None
    }?;
    let mut begun =
        begun(super::Machine::Elixir(ElixirTraceback { phase: ElixirPhase::Term }), Language::Elixir, false);
    said(&mut begun.traceback, if named.starts_with('{') { "" } else { named }, message);
    match message.is_empty() {
        true => term(text, &mut begun.traceback),
        false => places(message, &mut begun.traceback),
    }
    Some(begun)
}

/// `CRASH REPORT Process <0.5.0> with 0 neighbours exited with reason: … in cup:pour/1 line 5`, as lager says it in one line.
pub(super) fn crashed(text: &str) -> Option<Begun> {
    let (_, reason) = text.split_once(" with reason: ")?;
    let mut begun = begun(super::Machine::Ended, Language::Elixir, false);
    said(&mut begun.traceback, "crash", reason);
    let place = reason.rsplit_once(" in ").and_then(|(_, place)| place.split_once(" line "));
    if let Some((function, line)) = place.filter(|(function, _)| !function.contains(' ')) {
        let line: String = line.chars().take_while(char::is_ascii_digit).collect();
        begun.traceback.frame = Some(format!("{function}:{line}"));
    }
    Some(begun)
}

/// The name and the message of `** (A.B) message`.
fn exception(line: &str) -> Option<(&str, &str)> {
    let (name, message) = line
        .trim_start()
        .strip_prefix("** (")?
        .cut(") ")
        .or_else(|| line.trim().strip_prefix("** (")?.strip_suffix(')').map(|name| (name, "")))?;
    let module = name.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_uppercase()) && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    let exit = matches!(name, "exit" | "throw" | "EXIT" | "stop") || name.starts_with("EXIT from #PID<");
    (module || exit).then_some((name, message.trim_end()))
}

/// `lib/cup.ex:5` and `cup 0.1.0` of `    (cup 0.1.0) lib/cup.ex:5: Cup.pour/1`
pub(super) fn frame(line: &str) -> Option<(String, &str)> {
    let text = line.trim_start();
    if text.len() == line.len() {
        return None;
    }
    let (application, rest) = match text.strip_prefix('(') {
        Some(rest) => rest.cut(") ")?,
        None => ("", text),
    };
    let (place, function) = rest.cut(": ").unwrap_or((rest, ""));
    let (file, number) = place.rsplit_once(':').unwrap_or((place, ""));
    let source =
        [".ex", ".exs", ".erl", ".eex", ".heex", ".leex", ".xrl", ".yrl"].iter().any(|end| file.ends_with(end));
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if source && numbered && !file.contains(' ') {
        return Some((place.to_owned(), application));
    }
    // Without a place: `(stdlib 4.0) :gen_server.call/3`
    let arity = |text: &str| {
        text.rsplit_once('/')
            .is_some_and(|(_, number)| number.len() < 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let known =
        !application.is_empty() && function.is_empty() && (arity(rest) || rest.ends_with(')')) && !rest.holds("  ");
    known.then(|| (rest.to_owned(), application))
}

/// Takes from a term of Erlang what it says: the first atom is the error, the first place the frame.
fn term(text: &str, traceback: &mut Traceback) {
    static ATOM: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{?\s*([a-z]\w*)[,}]"));
    if traceback.exception.is_none()
        && let Some(found) = ATOM.captures(text).and_then(|found| found.get(1))
    {
        said(traceback, found.as_str(), text.trim_start_matches("** "));
    }
    places(text, traceback);
}

/// Takes the places from a term, as Erlang or Elixir writes it.
fn places(text: &str, traceback: &mut Traceback) {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r#"\{file,\s*"([^"]+)"\},\s*\{line,\s*(\d+)\}|\(([\w/.-]+\.erl), line (\d+)\)|\(([\w/.-]+\.erl):(\d+)\)"#,
            r#"|\[file: (?:~c)?['"]([^'"]+)['"], line: (\d+)"#,
        ))
    });
    for found in PLACE.captures_iter(text) {
        let parts: Vec<&str> = found.iter().skip(1).flatten().map(|part| part.as_str()).collect();
        if let [file, line] = parts.as_slice() {
            let place = format!("{file}:{line}");
            let library = [
                "gen_",
                "gen.erl",
                "proc_lib",
                "erl_",
                "lists.erl",
                "timer.erl",
                "supervisor.erl",
                "maps.erl",
                "application_",
            ];
            if !library.iter().any(|name| file.rsplit('/').next().unwrap_or(file).starts_with(name)) {
                application::note(traceback, &place, "");
            }
            traceback.frame.get_or_insert(place);
        }
    }
}

/// Walks along the lines.
#[derive(Debug)]
pub(super) struct ElixirTraceback {
    phase: ElixirPhase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ElixirPhase {
    /// More of what the exception says, up to its first frame.
    Message,
    Frames,
    /// A term of Erlang, or a report.
    Term,
}

impl ElixirTraceback {
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim();
        if self.phase == ElixirPhase::Term {
            let belongs = line.starts_with([' ', '\t', '{', '[', '*']) && !text.is_empty();
            if belongs {
                if traceback.exception.is_some() && traceback.message.is_empty() {
                    say(traceback, text);
                }
                term(text, traceback);
            }
            return belongs;
        }
        if let Some((place, of)) = frame(line) {
            let library = application::is_library(Language::Elixir, &place, &[of, " "].concat());
            if !library {
                application::note(traceback, &place, "");
            }
            traceback.frame.get_or_insert(place);
            self.phase = ElixirPhase::Frames;
            return true;
        }
        // What really happened stands under the exit that came of it.
        if let Some((name, message)) = exception(line).filter(|_| traceback.frame.is_none()) {
            said(traceback, name, message);
            self.phase = ElixirPhase::Message;
            return true;
        }
        let more = self.phase == ElixirPhase::Message && line.starts_with(' ') && !text.is_empty();
        if more && text != "..." {
            say(traceback, text);
        }
        more
    }
}
