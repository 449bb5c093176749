//! What Go writes: panics, fatal errors, dumps of goroutines, reports of data races.

use super::super::{Language, Traceback};
use super::{Before, Begun, LOOK_BACK, application, begun, said, say};
use crate::search::Cut;

/// What the runtime itself says: certain without any goroutine after it.
const CERTAIN: [&str; 5] = [
    "panic: runtime error: ",
    "fatal error: all goroutines are asleep - deadlock!",
    "fatal error: concurrent map ",
    "fatal error: stack overflow",
    "runtime: goroutine stack exceeds ",
];
const RACE: &str = "WARNING: DATA RACE";
/// What stands around the report of a race.
const RULER: &str = "==================";

/// A heading that is certain by itself.
pub(super) fn begin(line: &str) -> Option<Begun> {
    if line == RACE {
        let mut begun = begun(super::Machine::Go(GoTraceback::new(GoPhase::Race)), Language::Go, true);
        begun.traceback.exception = Some("data race".into());
        return Some(begun);
    }
    CERTAIN.iter().any(|certain| line.starts_with(certain)).then(|| {
        let mut begun = begun(super::Machine::Go(GoTraceback::new(GoPhase::Heading)), Language::Go, true);
        speak(line, &mut begun.traceback);
        begun
    })
}

/// The first goroutine: what happened is in the lines before it.
pub(super) fn begin_after(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    if !is_goroutine(line) && line != "runtime stack:" {
        return None;
    }
    let at = (0..LOOK_BACK).take_while(|at| before(*at).is_some_and(|line| !is_goroutine(line)));
    let heading = at.filter(|at| before(*at).is_some_and(is_heading)).last();
    let mut begun = begun(super::Machine::Go(GoTraceback::new(GoPhase::Frames)), Language::Go, heading.is_some());
    match heading {
        Some(at) => {
            for line in (0..=at).rev().filter_map(before) {
                speak(line, &mut begun.traceback);
            }
            begun.before = at + 1;
        }
        // Somebody has written the stack into a message.
        None => {
            let text = before(0).unwrap_or_default();
            let panicked = text.holds("panic") || text.holds("recover");
            let what = if panicked { "panic" } else { "goroutine" };
            let served = text.cut("panic serving ").and_then(|(_, rest)| rest.cut(": "));
            said(&mut begun.traceback, what, served.map_or(text, |(_, message)| message));
            if let super::Machine::Go(machine) = &mut begun.open.0 {
                machine.recovered = true;
            }
        }
    }
    Some(begun)
}

/// The place of the first function of a stack that was logged without any heading, as `zap` does.
pub(super) fn begin_stack(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let place = location(line).filter(|place| place.holds(".go:"))?;
    let function = before(0)?;
    if function.is_empty() || function.contains([' ', '\t', '"']) || !function.contains('.') {
        return None;
    }
    let mut begun = begun(super::Machine::Go(GoTraceback::new(GoPhase::Stack)), Language::Go, false);
    said(&mut begun.traceback, "stack", before(1).unwrap_or_default());
    application::note(&mut begun.traceback, &place, function);
    begun.traceback.frame = Some(place);
    begun.before = 1;
    Some(begun)
}

/// The place of a function in a dump whose beginning is not there, or the second of places that stand without functions.
pub(super) fn begin_headless(before: Before<'_, '_>, line: &str) -> Option<Begun> {
    let above = before(0)?;
    if !line.holds(".go:") {
        return None;
    }
    let place = location(line)?;
    let mut begun = begun(super::Machine::Go(GoTraceback::new(GoPhase::Frames)), Language::Go, false);
    said(&mut begun.traceback, "stack", "");
    if let Some(name) = function(above).filter(|_| line.contains(" +0x")) {
        application::note(&mut begun.traceback, &place, name);
        begun.traceback.frame = Some(place);
        begun.before = 1;
        return Some(begun);
    }
    // Who logs a panic may show the places alone.
    let first = location(above).filter(|_| is_bare_place(above) && is_bare_place(line))?;
    let heading = before(1).filter(|heading| heading.contains("panic"));
    if let Some(heading) = heading {
        said(&mut begun.traceback, "panic", heading.split_once("panic: ").map_or(heading, |(_, said)| said));
    }
    application::note(&mut begun.traceback, &first, "");
    application::note(&mut begun.traceback, &place, "");
    begun.open = super::Open(super::Machine::Go(GoTraceback::new(GoPhase::Places)));
    begun.traceback.frame = Some(first);
    begun.before = 1;
    Some(begun)
}

fn is_heading(line: &str) -> bool {
    ["panic: ", "fatal error: ", "runtime: "].iter().any(|heading| line.starts_with(heading)) || is_signal(line)
}

/// `SIGQUIT: quit`
fn is_signal(line: &str) -> bool {
    line.strip_prefix("SIG").and_then(|rest| rest.cut(": ")).is_some_and(|(name, rest)| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && !rest.is_empty()
    })
}

/// `goroutine 12 [chan receive, 5 minutes]:`
fn is_goroutine(line: &str) -> bool {
    let rest = line.strip_prefix("goroutine ").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    line.ends_with("]:") && rest.is_some_and(|rest| rest.starts_with(" ["))
}

/// Takes from a line of the heading what it says; of several panics the last counts.
fn speak(line: &str, traceback: &mut Traceback) {
    let text = line.trim_start_matches('\t');
    if text.is_empty() {
        return;
    }
    let (what, message) = if let Some(message) = text.strip_prefix("panic: ") {
        ("panic", message)
    } else if let Some(message) = text.strip_prefix("fatal error: ") {
        ("fatal error", message)
    } else if is_signal(line) {
        text.cut(": ").unwrap_or((text, ""))
    } else if line.starts_with("runtime: ") || line.starts_with("[signal ") || line.starts_with("PC=") {
        return;
    } else {
        say(traceback, text);
        return;
    };
    if what == "panic" && line.starts_with('\t') && traceback.cause.is_none() {
        let first = traceback.message.trim_end_matches(" [recovered]");
        traceback.cause = Some(["panic: ", first].concat());
    }
    said(traceback, what, message);
}

/// Walks along a dump.
#[derive(Debug)]
pub(super) struct GoTraceback {
    phase: GoPhase,
    /// The last function, whose place comes next.
    function: Option<String>,
    /// The last function without its place, in a stack that a logger has written.
    above: Option<String>,
    /// Whether the stack was written by somebody who has recovered: then the panic is further down.
    recovered: bool,
    /// Whether the frame is found for good.
    settled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GoPhase {
    Heading,
    Frames,
    /// Functions and places in turn, without arguments.
    Stack,
    /// Places alone.
    Places,
    Race,
    Ended,
}

impl GoTraceback {
    fn new(phase: GoPhase) -> Self {
        Self { phase, function: None, above: None, recovered: false, settled: false }
    }

    /// Whether no goroutine has come yet.
    pub(super) fn at_heading(&self) -> bool {
        self.phase == GoPhase::Heading
    }

    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        match self.phase {
            _ if line.is_empty() => true,
            GoPhase::Ended => line.starts_with("exit status ") || line.starts_with("Found "),
            GoPhase::Race if line == RULER => {
                self.phase = GoPhase::Ended;
                true
            }
            GoPhase::Race => self.race(line, traceback),
            GoPhase::Stack => {
                let place = location(line).filter(|_| is_place(line));
                if let Some(place) = &place {
                    application::note(traceback, place, self.above.as_deref().unwrap_or_default());
                } else {
                    self.above = Some(super::clip(line, 256).to_owned());
                }
                place.is_some() || (line.contains('.') && !line.contains([' ', '\t', '"']))
            }
            GoPhase::Places => {
                let place = location(line).filter(|_| is_bare_place(line));
                place.iter().for_each(|place| application::note(traceback, place, ""));
                place.is_some()
            }
            GoPhase::Heading | GoPhase::Frames => self.stack(line, traceback),
        }
    }

    fn race(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        if let Some(place) = line.strip_prefix("      ").filter(|_| traceback.frame.is_none()) {
            traceback.frame = location(place);
        } else if traceback.message.is_empty() && !line.starts_with(' ') {
            say(traceback, line.trim_end_matches(':'));
        }
        true
    }

    fn stack(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        if is_goroutine(line) || line == "runtime stack:" {
            self.phase = GoPhase::Frames;
            self.settled = traceback.frame.is_some();
            return true;
        }
        if self.phase == GoPhase::Frames && (line.starts_with('\t') || is_place(line) || is_bare_place(line)) {
            if let Some(function) = self.function.take()
                && !self.settled
                && !is_runtime(&function)
            {
                let place = location(line).unwrap_or_else(|| function.clone());
                application::note(traceback, &place, &function);
                traceback.frame.get_or_insert(place);
            }
            return true;
        }
        if self.phase == GoPhase::Heading && (line.starts_with('\t') || is_heading(line)) {
            speak(line, traceback);
            return true;
        }
        if let Some(function) = function(line) {
            if function == "panic" && self.recovered && !self.settled {
                (traceback.frame, traceback.application, self.recovered) = (None, None, false);
            }
            self.function = Some(function.to_owned());
            return true;
        }
        let known = ["[signal ", "PC=", "created by ", "exit status ", "[originating from ", "...", "runtime: "];
        let taken = known.iter().any(|known| line.starts_with(known)) || is_register(line);
        if line.starts_with("exit status ") {
            self.phase = GoPhase::Ended;
        }
        taken
    }
}

/// `main.f` of `main.f(...)` or `main.(*store).find({0x1, 0x2})`
fn function(line: &str) -> Option<&str> {
    let arguments = line.strip_suffix(')')?.rfind('(')?;
    let name = &line[..arguments];
    let word = !name.is_empty() && !name.contains([' ', ':', '"', '=']);
    (word && (name.contains('.') || name == "panic")).then_some(name)
}

/// Whether this is the line with the place of a function: indented by a tabulator, or by spaces where one was lost.
fn is_place(line: &str) -> bool {
    let indented = line.starts_with('\t') || super::indent(line) >= 4;
    indented && line.holds(".go:") && location(line).is_some()
}

/// Whether this is such a line that has lost its indentation altogether.
fn is_bare_place(line: &str) -> bool {
    let line = line.trim_start();
    let rooted = line.starts_with('/') || line.as_bytes().get(1) == Some(&b':');
    let counted = line.cut(".go:").is_some_and(|(_, rest)| {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.is_empty() || rest.starts_with(" +0x")
    });
    let trimmed = line.contains(" +0x") && line.contains('/');
    (rooted || trimmed) && counted && location(line).is_some()
}

fn is_runtime(function: &str) -> bool {
    function == "panic" || function.starts_with("runtime.") || function.starts_with("runtime/")
}

/// `/x.go:12` of `/x.go:12 +0x1d fp=0xc0`
pub(super) fn location(text: &str) -> Option<String> {
    let place = text.trim_start().split(' ').next()?;
    let (file, number) = place.rsplit_once(':')?;
    let placed = !file.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    placed.then(|| place.to_owned())
}

/// `rax    0x0`
fn is_register(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some(name), Some(value), None) = (words.next(), words.next(), words.next()) else { return false };
    (2..=6).contains(&name.len()) && value.starts_with("0x")
}
